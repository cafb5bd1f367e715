import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { withoutSecretShapes } from './secret-shapes.js';

describe('a text with the shape of a secret', () => {
  it.each([
    ['ph_live_0123456789abcdef_ABCDEFGH', 'ph_live_<hidden>'],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_<hidden>'],
    ['Basic dXNlcjpwYXNz, Bearer abc', 'Basic <hidden>, Bearer abc'],
    ['amqp+tls://u:p@host/x?y#z', 'amqp+tls://<hidden>@host/x?<hidden>'],
    ['https://a/?back=https://b/?c=d', 'https://a/?<hidden>'],
    ['redis://a,redis://:p@b', 'redis://a,redis://<hidden>@b'],
    ['POSTHORN_BOOTSTRAP_KEY must be ph_test_ or ph_live_', 'POSTHORN_BOOTSTRAP_KEY must be ph_test_ or ph_live_'],
    ['see https://example.com/a/b, or mail@example.com', 'see https://example.com/a/b, or mail@example.com'],
  ])('%s reads %s', (text, shown) => {
    expect(withoutSecretShapes(text)).toBe(shown);
  });

  it('stays JSON inside of JSON', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('a://', '?', '@', '"', '\\', 'Bearer 12345678', 'whsec_0123456789abcdef'))),
        (parts) => {
          expect(typeof JSON.parse(withoutSecretShapes(JSON.stringify({ text: parts.join('') }))).text).toBe('string');
        },
      ),
    );
  });
});
