import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bytesWithoutSecrets, secretsOfRequests, withoutSecrets } from './echoed-secrets.js';

const signing = { secret: `whsec_${Buffer.alloc(32, 3).toString('base64')}` };
const webhook = { authentication: { type: 'none' }, headers: {}, secrets: [signing] } as const;

describe('the secrets of requests', () => {
  it.each([
    [{ type: 'api_key', header: 'x-api-key', value: 'key-of-the-receiver' }, ['key-of-the-receiver']],
    [{ type: 'bearer', token: 'token-of-the-receiver' }, ['token-of-the-receiver']],
    [
      { type: 'basic', username: 'user-name', password: 'pass-word-of-it' },
      ['dXNlci1uYW1lOnBhc3Mtd29yZC1vZi1pdA==', 'pass-word-of-it', 'user-name'],
    ],
    // Too short to be found without harm.
    [{ type: 'basic', username: 'me', password: '' }, []],
  ] as const)('are those of %j', (authentication, values) => {
    expect(secretsOfRequests({ ...webhook, authentication, secrets: [] })).toEqual(values);
  });

  it('are own headers that may be secrets, and all signing secrets', () => {
    const headers = {
      'x-token': 'a-token-of-the-receiver',
      'x-topic': 'the type is {event_type}',
      accept: 'application/vnd.api+json',
      'x-env': 'test',
    };
    expect(secretsOfRequests({ ...webhook, headers })).toEqual([signing.secret, 'a-token-of-the-receiver']);
  });
});

const secrets = ['0123456789abcdefghij', '0123456789'];

describe('an answer', () => {
  it('is kept without them, however often it has them', () => {
    expect(withoutSecrets('a 0123456789abcdefghij, 0123456789 $&', secrets)).toBe('a <hidden>, <hidden> $&');
    const bytes = Buffer.from([0xff, ...Buffer.from('0123456789'), 0x00, 0xc3]);
    expect(bytesWithoutSecrets(bytes, secrets, false)).toEqual(Buffer.from([0xff, ...Buffer.from('<hidden>'), 0x00, 0xc3]));
  });

  it('is the same bytes if it has none', () => {
    const bytes = Buffer.from([0, 1, 2, 255]);
    expect(bytesWithoutSecrets(bytes, secrets, true)).toBe(bytes);
  });

  it('that was cut does not end with the beginning of one', () => {
    expect(bytesWithoutSecrets(Buffer.from('it is 0123456789abc'), secrets, true).toString()).toBe('it is <hidden>');
    expect(bytesWithoutSecrets(Buffer.from('it is 0123456'), secrets, true).toString()).toBe('it is <hidden>');
    expect(bytesWithoutSecrets(Buffer.from('it is 0123456'), secrets, false).toString()).toBe('it is 0123456');
  });

  it('never has one left, whatever stands around it', () => {
    const secret = 'Zq8w-secret-of-it';
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constant(Buffer.from(secret))), { maxLength: 8 }), (parts) => {
        const kept = bytesWithoutSecrets(Buffer.concat(parts), [secret], false);
        expect(kept.includes(secret)).toBe(false);
      }),
    );
  });
});
