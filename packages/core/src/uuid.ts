// UUIDv7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then 74 random bits.
// Ids of one millisecond are in random order. Time and randomness are the caller's.

const timeMsMax = 2 ** 48 - 1;
/** Bytes of randomness that one id takes. */
export const uuidRandomBytesMin = 10;

const hex: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const canonical = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * A UUIDv7 in lower-case canonical form.
 * `atMs` is Unix time in whole milliseconds (0 … 2^48 − 1), `random` at least 10 bytes; else a RangeError.
 */
export function uuidv7(atMs: number, random: Uint8Array): string {
  if (!Number.isInteger(atMs) || atMs < 0 || atMs > timeMsMax) throw new RangeError(`not a time in milliseconds: ${atMs}`);
  if (random.length < uuidRandomBytesMin) throw new RangeError(`a UUIDv7 takes ${uuidRandomBytesMin} random bytes, not ${random.length}`);
  const high = Math.floor(atMs / 0x1_0000_0000);
  const low = atMs % 0x1_0000_0000;
  return (
    hex[high >>> 8]! +
    hex[high & 0xff]! +
    hex[low >>> 24]! +
    hex[(low >>> 16) & 0xff]! +
    '-' +
    hex[(low >>> 8) & 0xff]! +
    hex[low & 0xff]! +
    '-' +
    hex[0x70 | (random[0]! & 0x0f)]! +
    hex[random[1]!]! +
    '-' +
    hex[0x80 | (random[2]! & 0x3f)]! +
    hex[random[3]!]! +
    '-' +
    hex[random[4]!]! +
    hex[random[5]!]! +
    hex[random[6]!]! +
    hex[random[7]!]! +
    hex[random[8]!]! +
    hex[random[9]!]!
  );
}

/** The Unix time in milliseconds that a UUIDv7 carries. The caller knows that it is one (`isUuid`). */
export function uuidv7TimeMs(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16) * 0x1_0000 + Number.parseInt(id.slice(9, 13), 16);
}

/** An id of 24 hex digits for what a UUIDv7 names: 4 bytes of Unix seconds, as such ids have them, and 8 of its random ones. */
export function objectIdOf(id: string): string {
  const seconds = Math.floor(uuidv7TimeMs(id) / 1000) % 2 ** 32;
  return seconds.toString(16).padStart(8, '0') + id.slice(19, 23) + id.slice(24);
}

/** Whether `text` is a UUID (of any version) in lower-case canonical form. */
export function isUuid(text: string): boolean {
  return text.length === 36 && canonical.test(text);
}
