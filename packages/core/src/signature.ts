// Standard Webhooks 1.0.0, scheme v1: base64 of HMAC-SHA256 over `id.timestamp.body`, the timestamp in Unix seconds of the attempt.
// The id must not contain a dot; ours are UUIDs.
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { secretKeyBytes } from './secret.js';

/** How far the timestamp may lie from the receiver's clock, both ways. The standard names no number; its libraries take this. */
export const signatureToleranceS = 300;

/**
 * The value of `webhook-signature`: one `v1,<base64>` per key, joined by spaces; two keys while a rotation overlaps.
 * Key objects (`createSecretKey`) sign a little faster than buffers.
 */
export function sign(keys: readonly (Buffer | KeyObject)[], id: string, timestampS: number, body: string): string {
  const content = `${id}.${timestampS}.${body}`;
  let signatures = '';
  for (const key of keys) {
    if (signatures !== '') signatures += ' ';
    signatures += `v1,${hmac(key, content)}`;
  }
  return signatures;
}

/** Headers as Node gives them; names in any case. */
export type SignedHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export type Verification =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: 'missing_header' | 'bad_timestamp' | 'too_old' | 'too_new' | 'no_match' };

/**
 * What a receiver does: checks the three headers, the time and the signature, in constant time.
 * `nowS` is the receiver's clock in Unix seconds. A RangeError if the secret is empty or not base64.
 */
export function verifySignature(request: {
  readonly secret: string;
  readonly headers: SignedHeaders;
  readonly body: string | Uint8Array;
  readonly nowS: number;
}): Verification {
  const key = secretKeyBytes(request.secret);
  const id = header(request.headers, 'webhook-id');
  const timestamp = header(request.headers, 'webhook-timestamp');
  const signatures = header(request.headers, 'webhook-signature');
  if (!id || !timestamp || !signatures) return { ok: false, why: 'missing_header' };
  if (!/^\d{1,15}$/.test(timestamp)) return { ok: false, why: 'bad_timestamp' };
  const ageS = request.nowS - Number(timestamp);
  if (ageS > signatureToleranceS) return { ok: false, why: 'too_old' };
  if (ageS < -signatureToleranceS) return { ok: false, why: 'too_new' };
  const expected = Buffer.from(createHmac('sha256', key).update(`${id}.${timestamp}.`).update(request.body).digest('base64'));
  return signatures.split(' ').some((signature) => matches(signature, expected)) ? { ok: true } : { ok: false, why: 'no_match' };
}

function hmac(key: Buffer | KeyObject, content: string): string {
  return createHmac('sha256', key).update(content).digest('base64');
}

function header(headers: SignedHeaders, name: string): string | undefined {
  const value = headers[name] ?? Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof value === 'string' ? value : value?.[0];
}

function matches(signature: string, expected: Buffer): boolean {
  if (!signature.startsWith('v1,')) return false;
  const given = Buffer.from(signature.slice(3));
  // timingSafeEqual throws on unequal lengths; the length of a right signature is no secret.
  return given.length === expected.length && timingSafeEqual(given, expected);
}
