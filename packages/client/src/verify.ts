// Whether a request comes from Posthorn and is fresh: what a receiver asks before it believes a body.
import {
  isSame,
  keyOfSecret,
  type ReceivedHeaders,
  readHeader,
  signatureOf,
  signatureVersion,
  toleranceDefaultS,
} from './signature-parts.js';

export type VerifyOptions = {
  /** Of the webhook; several while a rotation is under way. */
  readonly secret: string | readonly string[];
  readonly headers: ReceivedHeaders;
  /** Exactly as it came: bytes, or the text of them. Never what was parsed and written again. */
  readonly body: string | Uint8Array;
  /** How old or new the timestamp may be; 300. */
  readonly toleranceS?: number;
  /** The receiver's clock in Unix seconds; now. */
  readonly nowS?: number;
};

export type VerifyFailure = 'missing_header' | 'bad_timestamp' | 'too_old' | 'too_new' | 'no_match';

export type VerifyResult =
  /** `id` is the event's, the same on every attempt: who knows it already has a duplicate. */
  | { readonly ok: true; readonly id: string; readonly timestampS: number; readonly secretIndex: number }
  | { readonly ok: false; readonly code: VerifyFailure; readonly message: string };

const messages: Readonly<Record<VerifyFailure, string>> = {
  missing_header: 'one of webhook-id, webhook-timestamp and webhook-signature is missing',
  bad_timestamp: 'webhook-timestamp is not Unix seconds',
  too_old: 'webhook-timestamp is too far in the past',
  too_new: 'webhook-timestamp is too far in the future',
  no_match: 'no secret given makes the signature',
};

/**
 * Checks the three headers, the time and the signature, in constant time. A bad request is a result, never an exception; a RangeError if a
 * secret is empty or not base64, a TypeError if the body was parsed.
 */
export function verify(options: VerifyOptions): VerifyResult {
  const { headers, body, toleranceS = toleranceDefaultS, nowS = Date.now() / 1_000 } = options;
  if (typeof body !== 'string' && !(body instanceof Uint8Array))
    throw new TypeError('body must be the raw bytes or text, not what was parsed');
  const keys = [options.secret].flat().map(keyOf);
  if (keys.length === 0) throw new RangeError('no secret is given');
  const id = readHeader(headers, 'webhook-id');
  const timestamp = readHeader(headers, 'webhook-timestamp');
  const signatures = readHeader(headers, 'webhook-signature');
  if (!id || !timestamp || !signatures) return failure('missing_header');
  if (!/^\d{1,15}$/.test(timestamp)) return failure('bad_timestamp');
  const ageS = nowS - Number(timestamp);
  if (ageS > toleranceS) return failure('too_old');
  if (ageS < -toleranceS) return failure('too_new');
  const given = signatures.split(' ');
  const secretIndex = keys.findIndex((key) => {
    const expected = signatureVersion + signatureOf(key, id, timestamp, body);
    return given.some((each) => isSame(each, expected));
  });
  return secretIndex === -1 ? failure('no_match') : { ok: true, id, timestampS: Number(timestamp), secretIndex };
}

function failure(code: VerifyFailure): VerifyResult {
  return { ok: false, code, message: messages[code] };
}

function keyOf(secret: string): Buffer {
  const key = keyOfSecret(secret);
  if (key === null) throw new RangeError('the secret is empty or not base64');
  return key;
}
