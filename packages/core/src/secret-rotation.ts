// The secret that takes the place of another: of the same form, so that whoever kept the old one somewhere can keep the new one there too.
import { secretBytesMax, secretBytesMin, secretCharsMin, secretKeyBytes, secretPrefix } from './secret.js';

/** Random bytes that a new secret takes: more than the longest has bits, so that no character of it is likelier than another. */
export const rotationRandomBytes = 128;

const hexDigits = /^[0-9a-f]{32}$/i;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * A new secret of the form of `current`: `whsec_` and base64 of as many bytes, 32 hex digits, a UUID, or as many letters and digits.
 * The caller draws the 128 random bytes; else a RangeError.
 */
export function rotatedSecret(current: string, random: Uint8Array): string {
  if (random.length !== rotationRandomBytes)
    throw new RangeError(`a new secret takes ${rotationRandomBytes} random bytes, not ${random.length}`);
  const bytes = Buffer.from(random);
  if (current.startsWith(secretPrefix)) {
    const count = Math.min(Math.max(secretKeyBytes(current).length, secretBytesMin), secretBytesMax);
    return secretPrefix + bytes.subarray(0, count).toString('base64');
  }
  if (hexDigits.test(current)) return inCaseOf(current, bytes.subarray(0, 16).toString('hex'));
  if (uuid.test(current)) return inCaseOf(current, uuidOf(bytes));
  return lettersOf(bytes, Math.max(current.length, secretCharsMin));
}

/** Capitals where the old one has capitals and no small letters. */
function inCaseOf(current: string, text: string): string {
  return /[A-F]/.test(current) && !/[a-f]/.test(current) ? text.toUpperCase() : text;
}

/** A random UUID (RFC 9562, version 4). */
function uuidOf(bytes: Buffer): string {
  const hex = bytes.subarray(0, 16).toString('hex').split('');
  hex[12] = '4';
  hex[16] = '89ab'[bytes[8]! & 3]!;
  return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The digits of one large random number. */
function lettersOf(bytes: Buffer, count: number): string {
  const base = BigInt(letters.length);
  let number = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  while (text.length < count) {
    text += letters[Number(number % base)];
    number /= base;
  }
  return text;
}
