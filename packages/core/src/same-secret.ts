// Comparing what nobody may guess bit by bit: secrets, signatures, tokens.
import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Whether two texts, or two byte strings, are the same; in a time that tells nothing about where they differ, and without throwing, whatever their
 * lengths: their digests are compared. A text and bytes are never the same.
 */
export function isSameSecret<T extends string | Uint8Array>(one: T, other: T): boolean {
  return timingSafeEqual(digestOf(one), digestOf(other));
}

/** UTF-16, as texts are kept: in UTF-8 all lone surrogates would be one character. */
function digestOf(secret: string | Uint8Array): Buffer {
  const hash = createHash('sha256');
  return typeof secret === 'string'
    ? hash.update('text').update(Buffer.from(secret, 'utf16le')).digest()
    : hash.update('data').update(secret).digest();
}
