// API keys: `ph_(test|live)_<id>_<secret><checksum>`, all base62. Prefix and checksum let a scanner recognise a leaked key and us refuse a
// typo without a look into the database. A bootstrap key, chosen by the operator, has the prefix alone.
import { createHash } from 'node:crypto';

export type KeyMode = 'live' | 'test';
export type ReadKey =
  | { readonly form: 'made'; readonly mode: KeyMode; readonly publicId: string }
  | { readonly form: 'bootstrap'; readonly mode: KeyMode };

/** Random bytes that a key takes at least: 64 bits name it, 160 bits guard it. */
export const keyIdBytesMin = 8;
export const keySecretBytesMin = 20;
/** Characters of a bootstrap key after its prefix. */
export const bootstrapCharsMin = 24;
export const bootstrapCharsMax = 120;

const checksumChars = 6;
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const made = /^ph_(test|live)_([0-9A-Za-z]{1,64})_[0-9A-Za-z]{7,120}$/;
const bootstrap = new RegExp(`^ph_(test|live)_[A-Za-z0-9_]{${bootstrapCharsMin},${bootstrapCharsMax}}$`);

/** A new key, shown once, and the id under which it is found. The random bytes are the caller's; a RangeError if they are too few. */
export function newApiKey(
  mode: KeyMode,
  randomId: Uint8Array,
  randomSecret: Uint8Array,
): { readonly key: string; readonly publicId: string } {
  if (randomId.length < keyIdBytesMin || randomSecret.length < keySecretBytesMin) throw new RangeError('too few random bytes for a key');
  const publicId = base62(randomId);
  const unchecked = `ph_${mode}_${publicId}_${base62(randomSecret)}`;
  return { key: unchecked + checksum(unchecked), publicId };
}

/** What a text says about itself as a key, or null if it cannot be one. Whether it is valid is for the stored hash to say. */
export function readApiKey(text: string): ReadKey | null {
  const madeMatch = made.exec(text);
  if (madeMatch !== null && checksum(text.slice(0, -checksumChars)) === text.slice(-checksumChars))
    return { form: 'made', mode: madeMatch[1] as KeyMode, publicId: madeMatch[2]! };
  const bootstrapMatch = bootstrap.exec(text);
  return bootstrapMatch === null ? null : { form: 'bootstrap', mode: bootstrapMatch[1] as KeyMode };
}

/** SHA-256 of the whole key: what is stored. Keys are long and random, so a slow hash would only help attackers of our CPU. */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Bytes as one big number in base62, as long as the longest of that many bytes. */
function base62(bytes: Uint8Array): string {
  const chars = Math.ceil((bytes.length * 8) / Math.log2(62));
  return number62(BigInt(`0x${Buffer.from(bytes).toString('hex')}`), chars);
}

function checksum(text: string): string {
  return number62(BigInt(crc32(text)), checksumChars);
}

function number62(value: bigint, chars: number): string {
  let rest = value;
  let text = '';
  while (text.length < chars) {
    text = digits[Number(rest % 62n)]! + text;
    rest /= 62n;
  }
  return text;
}

/** CRC-32 (ISO-HDLC, as in zip) of ASCII text. */
function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let at = 0; at < text.length; at++) {
    crc ^= text.charCodeAt(at);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
