// The looks at what processes print and at where secrets lie see what they are meant to see.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { expectNoPrintedSecrets, findPrintedSecrets } from './support/printed-secrets.js';
import { createFinder } from './support/secret-forms.js';

const key = randomBytes(32);
const env = {
  DATABASE_URL: 'postgresql://user:pass%40word@127.0.0.1/db',
  REDIS_URL: 'redis://127.0.0.1:6379',
  POSTHORN_ENCRYPTION_KEY: key.toString('base64'),
  POSTHORN_BOOTSTRAP_KEY: 'ph_test_0123456789abcdef01234567',
};
const look = (output: string, allowed?: RegExp) => findPrintedSecrets({ name: 'api', output, env }, allowed);

describe('what a process prints', () => {
  it.each([
    env.POSTHORN_ENCRYPTION_KEY,
    key.toString('hex'),
    key.toString('base64url'),
    'pass@word',
    'ph_live_0123456789abcdef_0123456789',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  ])('is found to have %s', (secret) => {
    expect(look(`{"a":"${secret}"}\n`)).not.toEqual([]);
    expect(() => expectNoPrintedSecrets([{ name: 'api', output: secret, env }])).toThrow(/secrets were printed:\napi printed/);
  });

  it('may speak of them, and print what the contract has it print', () => {
    expect(
      look('POSTHORN_BOOTSTRAP_KEY must be ph_test_ or ph_live_ and 24–120 of [A-Za-z0-9_]; ph_live_<hidden>, whsec_<hidden>'),
    ).toEqual([]);
    expect(look(`The admin key is ${env.POSTHORN_BOOTSTRAP_KEY} (kept in x)`, /The admin key is ph_test_\w+ \(/)).toEqual([]);
  });
});

describe('a secret is found in its forms', () => {
  it('with anything around it', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 40 }),
        fc.uint8Array({ maxLength: 9 }),
        fc.uint8Array({ maxLength: 9 }),
        (bytes, before, after) => {
          const secret = `x/+"${Buffer.from(bytes).toString('hex')}`;
          const find = createFinder({ secret });
          const all = Buffer.concat([before, Buffer.from(secret), after]);
          const texts = [
            all.toString('base64'),
            all.toString('base64url'),
            all.toString('hex').toUpperCase(),
            JSON.stringify(`a${secret}b`),
            `?a=${encodeURIComponent(secret)}`,
          ];
          expect(texts.map(find)).toEqual(texts.map(() => ['secret']));
        },
      ),
    );
  });

  it('as the bytes that it stands for', () => {
    const secrets = { webhook: `whsec_${key.toString('base64')}`, installation: randomBytes(32).toString('base64') };
    const find = createFinder(secrets);
    expect(find(`\\x00${key.toString('hex')}00`)).toEqual(['webhook']);
    expect(
      find(Buffer.concat([Buffer.from('ab'), Buffer.from(secrets.installation, 'base64'), Buffer.from('c')]).toString('base64')),
    ).toEqual(['installation']);
    expect(find(randomBytes(10_000).toString('base64'))).toEqual([]);
  });
});
