// Judges a request by the secrets that are known: one that verifies is enough.
import { explainSignature, type ReceivedHeaders } from '@posthorn/client';

/** A secret and what to call its webhook; null: it was given by hand. */
export type KnownSecret = { readonly webhook: string | null; readonly secret: string };

export type SignatureVerdict =
  | { readonly kind: 'ok'; readonly webhook: string | null }
  | { readonly kind: 'wrong'; readonly why: string }
  | { readonly kind: 'unchecked' };

/** `nowS` is the receiver's clock in Unix seconds. A secret that is no key at all verifies nothing. */
export function judgeSignature(
  request: { readonly headers: ReceivedHeaders; readonly body: Buffer; readonly nowS: number },
  secrets: readonly KnownSecret[],
): SignatureVerdict {
  if (secrets.length === 0) return { kind: 'unchecked' };
  const explanation = explainSignature({ ...request, secrets: secrets.map(({ secret }) => secret) });
  if (explanation.ok) return { kind: 'ok', webhook: secrets[explanation.secretIndex]!.webhook };
  const why = explanation.faults.map(({ part, message }) => `${part}: ${message}`).join('; besides, ');
  const names = [...new Set(secrets.flatMap(({ webhook }) => (webhook === null ? [] : [webhook])))];
  return { kind: 'wrong', why: names.length === 0 ? why : `${why} (tried: the secrets of ${names.join(', ')})` };
}
