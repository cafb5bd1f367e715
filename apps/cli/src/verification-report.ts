// Says whether a signed request verifies and, if not, which part of it is wrong. Beyond the plain check it tries the mistakes that
// people make: a body saved with one more line break, a secret without its prefix, a timestamp in milliseconds, a request looked at later.
import { secretPrefix, signatureToleranceS, type Verification, verifySignature } from '@posthorn/core';

export type SignedRequest = {
  readonly secret: string;
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
  readonly body: Buffer;
};

export type VerificationReport = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** `nowS` is the receiver's clock in Unix seconds. */
export function reportVerification(request: SignedRequest, nowS: number): VerificationReport {
  const verification = verify(request, nowS);
  if (verification === 'bad_secret') return { ok: false, why: `secret: after ${secretPrefix} it must be base64, and it must not be empty` };
  if (verification.ok) return { ok: true };
  switch (verification.why) {
    case 'missing_header':
      return { ok: false, why: `${missingPart(request)} is empty` };
    case 'bad_timestamp':
      return { ok: false, why: 'timestamp: it must be Unix seconds, digits only' };
    case 'too_old':
    case 'too_new':
      return { ok: false, why: `timestamp: ${wrongTime(request, nowS)}` };
    case 'no_match':
      return { ok: false, why: noMatch(request) };
  }
}

function verify(request: SignedRequest, nowS: number): Verification | 'bad_secret' {
  const headers = { 'webhook-id': request.id, 'webhook-timestamp': request.timestamp, 'webhook-signature': request.signature };
  try {
    return verifySignature({ secret: request.secret, headers, body: request.body, nowS });
  } catch {
    return 'bad_secret';
  }
}

/** Whether the signature itself is right, whatever the time. */
function matches(request: SignedRequest): boolean {
  const verification = verify(request, Number(request.timestamp));
  return verification !== 'bad_secret' && verification.ok;
}

function missingPart(request: SignedRequest): string {
  if (request.id === '') return 'id';
  return request.timestamp === '' ? 'timestamp' : 'signature';
}

function wrongTime(request: SignedRequest, nowS: number): string {
  const timestamp = Number(request.timestamp);
  const apartS = Math.abs(nowS - timestamp);
  const looksLikeMs = Math.abs(nowS - timestamp / 1000) <= signatureToleranceS;
  const time = `${apartS} s ${timestamp < nowS ? 'in the past' : 'in the future'}, and ${signatureToleranceS} s are allowed`;
  const rest = matches(request) ? 'the signature itself is right' : `besides, ${noMatch(request)}`;
  return `${time}${looksLikeMs ? ' (it looks like milliseconds)' : ''}; ${rest}`;
}

function noMatch(request: SignedRequest): string {
  if (!request.signature.split(' ').some((part) => part.startsWith('v1,'))) return 'signature: no part of it begins with "v1,"';
  const last = request.body.length - 1;
  const withoutLineBreak = request.body.subarray(0, request.body[last - 1] === 0x0d ? last - 1 : last);
  if (request.body[last] === 0x0a && matches({ ...request, body: withoutLineBreak })) {
    return 'body: it ends in a line break that was not signed; without it the signature is right';
  }
  if (!request.secret.startsWith(secretPrefix) && matches({ ...request, secret: secretPrefix + request.secret })) {
    return `secret: with ${secretPrefix} before it the signature is right`;
  }
  return 'signature: another secret, id, timestamp or body was signed';
}
