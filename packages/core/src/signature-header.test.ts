import { createHmac, webcrypto } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkSignatureHeader, signatureHeader } from './signature-header.js';

function refusals(value: unknown): string[] {
  return checkSignatureHeader(value).map(({ pointer, code }) => `${pointer} ${code}`);
}

async function digestOf(secret: string, body: string): Promise<Buffer> {
  const key = await webcrypto.subtle.importKey('raw', new TextEncoder().encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return Buffer.from(await webcrypto.subtle.sign('HMAC', key, new TextEncoder().encode(body)));
}

describe('signatureHeader', () => {
  // Signatures of Python's hmac module; the first also of `openssl dgst -sha256 -hmac`.
  it.each([
    [
      'x-commercelayer-signature',
      '{base64}',
      '5d41402abc4b2a76b9719d911017c592',
      '{"data":{"id":"wxyz","type":"orders"},"included":[]}',
      '2GGe7nPWtlCGncFLuOTPja9dXMYfsE+WrDNqA4gLtgA=',
    ],
    [
      'x-truto-signature',
      'format=sha256,v={base64}',
      '0f8fad5b-d9cb-469f-a165-70867728950e',
      '{"id":"e","event":"record:created","payload":{"a":1.0}}',
      'format=sha256,v=5kXE5KmlT3aI8jBiYCId49sbSESwpYZSVzTiNF49TCw=',
    ],
    [
      'X-Hub-Signature-256',
      'sha256={hex}',
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      '{"test": 2432232314}',
      'sha256=80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c',
    ],
    ['x-s', '{base64url}', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', '{"a":"€é"}', '5g3sz4DDqznIMlvBECKke6PEgYecX3y_yT6-hVbv_tQ'],
  ])('signs for %s with %s', (name, value, secret, body, expected) => {
    expect(signatureHeader({ name, value }, secret, body)).toEqual([name, expected]);
  });

  it('agrees with WebCrypto in every encoding', async () => {
    const encoding = fc.constantFrom('hex' as const, 'base64' as const, 'base64url' as const);
    const secret = fc.string({ unit: 'grapheme', minLength: 1 });
    await fc.assert(
      fc.asyncProperty(secret, fc.string({ unit: 'grapheme' }), encoding, async (someSecret, body, enc) => {
        const [, value] = signatureHeader({ name: 'x', value: `a={${enc}};$&` }, someSecret, body);
        expect(value).toBe(`a=${(await digestOf(someSecret, body)).toString(enc)};$&`);
      }),
    );
  });

  it('takes the secret as it is shown, not the key inside', () => {
    const body = '{}';
    const key = Buffer.alloc(24, 7).toString('base64');
    const [, value] = signatureHeader({ name: 'x', value: '{hex}' }, `whsec_${key}`, body);
    expect(value).not.toBe(createHmac('sha256', Buffer.from(key, 'base64')).update(body).digest('hex'));
    expect(value).toBe(createHmac('sha256', `whsec_${key}`).update(body).digest('hex'));
  });
});

describe('checkSignatureHeader', () => {
  it.each([
    null,
    { name: 'x-commercelayer-signature', value: '{base64}' },
    { name: 'x-truto-signature', value: 'format=sha256,v={base64}' },
    { name: 'authorization', value: 'HMAC {hex} {other}' },
    { name: 'x', value: `{base64url}${'x'.repeat(4021)}` },
  ])('takes %j', (value) => {
    expect(checkSignatureHeader(value)).toEqual([]);
  });

  it.each<[unknown, string[]]>([
    [undefined, ['/signature_header invalid_field']],
    ['{hex}', ['/signature_header invalid_field']],
    [[], ['/signature_header invalid_field']],
    [{}, ['/signature_header/name missing_field', '/signature_header/value missing_field']],
    [{ name: 'x', value: '{hex}', secret: 's' }, ['/signature_header/secret unknown_field']],
    [{ name: 'webhook-signature', value: '{hex}' }, ['/signature_header/name invalid_field']],
    [{ name: 'Signature', value: '{hex}' }, ['/signature_header/name invalid_field']],
    [{ name: 'a b', value: '{hex}' }, ['/signature_header/name invalid_field']],
    [{ name: 1, value: '{hex}' }, ['/signature_header/name invalid_field']],
    [{ name: 'x', value: 1 }, ['/signature_header/value invalid_field']],
    [{ name: 'x', value: '' }, ['/signature_header/value invalid_field']],
    [{ name: 'x', value: 'sha256=' }, ['/signature_header/value invalid_field']],
    [{ name: 'x', value: '{HEX}' }, ['/signature_header/value invalid_field']],
    [{ name: 'x', value: '{hex}{hex}' }, ['/signature_header/value invalid_field']],
    [{ name: 'x', value: '{hex},{base64}' }, ['/signature_header/value invalid_field']],
    [{ name: 'x', value: '{hex} ' }, ['/signature_header/value invalid_field']],
    [{ name: 'x', value: 'é{hex}' }, ['/signature_header/value invalid_field']],
    [{ name: 'x', value: '{hex}\r\nhost: a' }, ['/signature_header/value invalid_field']],
    [{ name: 'x', value: `{base64url}${'x'.repeat(4022)}` }, ['/signature_header/value invalid_field']],
  ])('refuses %.80j', (value, expected) => {
    expect(refusals(value)).toEqual(expected);
  });
});
