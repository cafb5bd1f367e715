// Secrets of webhooks: `whsec_` + base64 (Standard Webhooks 1.0.0), or plain visible ASCII as other systems have them.
// Buffer's own base64 decoder takes anything, so ours checks the alphabet, the padding and the unused bits.

export const secretPrefix = 'whsec_';
/** Key bytes of a `whsec_` secret (Standard Webhooks: 24 to 64). */
export const secretBytesMin = 24;
export const secretBytesMax = 64;
/** Characters of a plain secret. */
export const secretCharsMin = 16;
export const secretCharsMax = 128;
/** Key bytes of a secret that we make. */
export const newSecretBytes = 32;

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;
const visibleAscii = /^[\x21-\x7e]+$/;
/** A key pair's halves, of which one is public, and a slip: as plain text they would sign, and not what people think. */
const otherPrefix = /^(?:whsk_|whpk_|hwsec_)/;

/**
 * Whether `text` may be given as a secret. What begins with `whsec_` must go on with base64 of 24 to 64 bytes; its padding may lack. A key of the
 * asymmetric scheme (`whsk_`, `whpk_`) is none.
 */
export function isSecret(text: string): boolean {
  if (text.startsWith(secretPrefix)) {
    const bytes = decodeBase64(text.slice(secretPrefix.length));
    return bytes !== null && bytes.length >= secretBytesMin && bytes.length <= secretBytesMax;
  }
  return text.length >= secretCharsMin && text.length <= secretCharsMax && visibleAscii.test(text) && !otherPrefix.test(text);
}

/**
 * The HMAC key of a secret: the decoded rest if it begins with `whsec_`, else its UTF-8 bytes.
 * Of any length, so that other systems' short secrets verify; a RangeError if it is empty or not base64.
 */
export function secretKeyBytes(secret: string): Buffer {
  const bytes = secret.startsWith(secretPrefix) ? decodeBase64(secret.slice(secretPrefix.length)) : Buffer.from(secret);
  if (bytes === null || bytes.length === 0) throw new RangeError('the secret is empty or not base64');
  return bytes;
}

/** A new secret of 32 random bytes, which the caller draws. */
export function newSecret(random32: Uint8Array): string {
  if (random32.length !== newSecretBytes) throw new RangeError(`a new secret takes ${newSecretBytes} random bytes, not ${random32.length}`);
  return secretPrefix + Buffer.from(random32).toString('base64');
}

function decodeBase64(text: string): Buffer | null {
  if (!base64.test(text)) return null;
  const digits = text.replace(/=+$/, '');
  const padding = text.length - digits.length;
  const bytes = Buffer.from(digits, 'base64');
  const canonical = bytes.toString('base64');
  const canonicalDigits = canonical.replace(/=+$/, '');
  return canonicalDigits === digits && padding <= canonical.length - digits.length ? bytes : null;
}
