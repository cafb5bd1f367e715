// What checking a signature is made of (Standard Webhooks 1.0.0, scheme v1): the headers, the key of a secret, the signature of a request.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far `webhook-timestamp` may lie from the receiver's clock, both ways. */
export const toleranceDefaultS = 300;

export const secretPrefix = 'whsec_';
export const signatureVersion = 'v1,';

/** Headers as Node (`request.headers`) or Fetch (`Headers`) gives them; names in any case. */
export type ReceivedHeaders =
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | { readonly get: (name: string) => string | null };

/** The first value of a header; undefined if it is not there. */
export function readHeader(headers: ReceivedHeaders, name: string): string | undefined {
  if (typeof headers.get === 'function') return (headers as { get: (name: string) => string | null }).get(name) ?? undefined;
  const record = headers as Readonly<Record<string, string | readonly string[] | undefined>>;
  const value = record[name] ?? Object.entries(record).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof value === 'string' ? value : value?.[0];
}

/** The HMAC key of a secret: the decoded rest if it begins with `whsec_`, else its UTF-8 bytes. Null if it is empty or not base64. */
export function keyOfSecret(secret: string): Buffer | null {
  if (!secret.startsWith(secretPrefix)) return secret === '' ? null : Buffer.from(secret);
  const text = secret.slice(secretPrefix.length);
  // Node's decoder skips what is no base64 and drops bits that are left over; a mistyped secret would become another key.
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  const key = Buffer.from(text, 'base64');
  // The padding may lack, in part too; more of it than there can be is a slip.
  return key.toString('base64').startsWith(text) ? key : null;
}

/** Base64 of HMAC-SHA256 over `id.timestamp.body`. */
export function signatureOf(key: Uint8Array, id: string, timestamp: string, body: string | Uint8Array): string {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
}

/** Compares in a time that tells nothing about where two texts differ. */
export function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  // timingSafeEqual throws on unequal lengths; the length of a right signature is no secret.
  return a.length === b.length && timingSafeEqual(a, b);
}
