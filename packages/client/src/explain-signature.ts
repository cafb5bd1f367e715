// Says whether a signed request verifies and, if not, which part of it is wrong. Beyond the plain check it tries the mistakes that people
// and frameworks make, until one of them gives the signature: a body that was parsed and written again, a secret without its prefix, another
// header's value, a signature that was cut, a timestamp in milliseconds, a request looked at later.
import { createHmac } from 'node:crypto';
import { bodyReadings } from './body-readings.js';
import {
  findHeader,
  type Reading,
  readId,
  readSecrets,
  readSignatures,
  readTimestamp,
  type SecretReading,
  type SignatureReading,
  secretFault,
  signatureFault,
} from './header-readings.js';
import { isSame, type ReceivedHeaders, signatureOf, toleranceDefaultS } from './signature-parts.js';

export type SignedPart = 'webhook-id' | 'webhook-timestamp' | 'webhook-signature' | 'secret' | 'body';

export type SignatureFault = { readonly part: SignedPart; readonly message: string };

export type SignatureExplanation =
  /** Which of the secrets and of the header's signatures agree, from 0; `signatures` is how many the header has. */
  | { readonly ok: true; readonly secretIndex: number; readonly signatureIndex: number; readonly signatures: number }
  /** At least one fault; the first is the one to begin with. */
  | { readonly ok: false; readonly faults: readonly SignatureFault[] };

export type ExplainableRequest = {
  readonly secrets: readonly string[];
  readonly headers: ReceivedHeaders;
  readonly body: Uint8Array;
  /** The receiver's clock in Unix seconds. */
  readonly nowS: number;
  readonly toleranceS?: number;
};

/** Beyond this the search ends: it is some tenths of a second. */
const hashedBytesMax = 64 * 1024 * 1024;

type Parts = { readonly id: Reading; readonly timestamp: Reading; readonly signature: Reading };

/** Pure: reads no clock. Costs some hundred HMACs over the body for each secret if nothing fits, bounded in bytes. */
export function explainSignature(request: ExplainableRequest): SignatureExplanation {
  const parts = readParts(request);
  if ('faults' in parts) return parts;
  const named = headerFaults(parts);
  const timed = timeFaults(parts.timestamp.value, request);
  const fit = findFit(request, parts);
  if (fit === null) return { ok: false, faults: [...timed, ...named, ...noFit(request, parts)] };
  const faults = [...named, ...fit.faults];
  const isRight = faults.length === 0;
  // Milliseconds are told once: the time is right then.
  if (timed.length > 0 && !fit.faults.some(({ part }) => part === 'webhook-timestamp'))
    faults.unshift(...timed.map((fault) => (isRight ? { ...fault, message: `${fault.message}; the signature itself is right` } : fault)));
  if (faults.length > 0) return { ok: false, faults };
  return {
    ok: true,
    secretIndex: fit.secretIndex,
    signatureIndex: fit.signatureIndex,
    signatures: parts.signature.value.split(' ').length,
  };
}

/** The three headers, under whatever name; what is missing or unreadable is a fault that ends it. */
function readParts({ headers, secrets }: ExplainableRequest): Parts | (SignatureExplanation & { ok: false }) {
  const faults: SignatureFault[] = [];
  const need = (part: 'webhook-id' | 'webhook-timestamp' | 'webhook-signature'): Reading => {
    const found = findHeader(headers, part);
    if (found === null) faults.push({ part, message: 'it is missing' });
    return found ?? { value: '', fault: null };
  };
  const parts = { id: need('webhook-id'), timestamp: need('webhook-timestamp'), signature: need('webhook-signature') };
  if (parts.timestamp.value !== '' && !/^\d{1,15}$/.test(parts.timestamp.value.trim()))
    faults.push({ part: 'webhook-timestamp', message: 'it must be Unix seconds, digits only' });
  if (secrets.length === 0) faults.push({ part: 'secret', message: 'none is given' });
  if (readSecrets(secrets).length === 0) faults.push(...secretFaults(secrets));
  return faults.length > 0 ? { ok: false, faults } : parts;
}

function secretFaults(secrets: readonly string[]): readonly SignatureFault[] {
  return secrets.flatMap((secret) => {
    const message = secretFault(secret);
    return message === null ? [] : [{ part: 'secret' as const, message }];
  });
}

function headerFaults({ id, timestamp, signature }: Parts): readonly SignatureFault[] {
  return [
    ...faultOf('webhook-id', id.fault),
    ...faultOf('webhook-timestamp', timestamp.fault),
    ...faultOf('webhook-signature', signature.fault),
  ];
}

function faultOf(part: SignedPart, message: string | null): readonly SignatureFault[] {
  return message === null ? [] : [{ part, message }];
}

function timeFaults(timestamp: string, { nowS, toleranceS = toleranceDefaultS }: ExplainableRequest): readonly SignatureFault[] {
  const apartS = Math.round(nowS - Number(timestamp));
  if (Math.abs(apartS) <= toleranceS) return [];
  const looksLikeMs = Math.abs(nowS - Number(timestamp) / 1_000) <= toleranceS;
  const where = apartS > 0 ? 'in the past' : 'in the future';
  const why = looksLikeMs ? 'it looks like milliseconds' : apartS > 0 ? 'an old request, or a clock that is fast' : 'a clock that is slow';
  return [{ part: 'webhook-timestamp', message: `${Math.abs(apartS)} s ${where}, and ${toleranceS} s are allowed (${why})` }];
}

type Fit = { readonly secretIndex: number; readonly signatureIndex: number; readonly faults: readonly SignatureFault[] };

/** The first reading that gives the signature: of each part the one as it is comes first, and the body is what varies last. */
function findFit({ secrets, body }: ExplainableRequest, parts: Parts): Fit | null {
  const signatures = readSignatures(parts.signature.value);
  const keys = readSecrets(secrets);
  let hashedBytes = 0;
  for (const reading of bodyReadings(body)) {
    // The body as it is is tried by every secret.
    if (hashedBytes > hashedBytesMax) return null;
    for (const id of readId(parts.id.value)) {
      for (const timestamp of readTimestamp(parts.timestamp.value.trim())) {
        for (const key of keys) {
          hashedBytes += reading.bytes.length;
          const expected = signatureOf(key.value, id.value, timestamp.value, reading.bytes);
          const signature = signatures.find((each) => (each.isCut ? expected.startsWith(each.value) : isSame(each.value, expected)));
          if (signature !== undefined) return fitOf(reading.fault, id, timestamp, key, signature);
        }
      }
    }
  }
  return null;
}

function fitOf(body: string | null, id: Reading, timestamp: Reading, key: SecretReading, signature: SignatureReading): Fit {
  const faults = [
    ...faultOf('body', body),
    ...faultOf('webhook-id', id.fault),
    ...faultOf('webhook-timestamp', timestamp.fault),
    ...faultOf('secret', key.fault),
    ...faultOf('webhook-signature', signature.fault),
  ];
  return { secretIndex: key.secretIndex, signatureIndex: signature.signatureIndex, faults };
}

/** Nothing fits: what of it is no signature or no secret at all, else that any part may be another one. */
function noFit(request: ExplainableRequest, parts: Parts): readonly SignatureFault[] {
  if (signsBodyAlone(request, parts.signature.value))
    return faultOf('webhook-signature', 'it signs the body alone, as signature_header does: take the value of webhook-signature');
  const wrong = [...secretFaults(request.secrets), ...faultOf('webhook-signature', signatureFault(parts.signature.value))];
  if (wrong.length > 0) return wrong;
  const which = request.secrets.length === 1 ? 'the secret does not make it' : `none of the ${request.secrets.length} secrets makes it`;
  const message = `another secret, id, timestamp or body was signed: ${which}, nor does it with any usual change of the body`;
  return faultOf('webhook-signature', message);
}

function signsBodyAlone({ secrets, body }: ExplainableRequest, signature: string): boolean {
  return secrets.some((secret) => {
    const mac = createHmac('sha256', secret).update(body).digest();
    return [mac.toString('hex'), mac.toString('base64'), mac.toString('base64url')].some((each) => signature.includes(each));
  });
}
