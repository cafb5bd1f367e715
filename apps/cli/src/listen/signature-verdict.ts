// Judges a request by the secrets that are known: one that verifies is enough.
import { type SignedHeaders, signatureToleranceS, type Verification, verifySignature } from '@posthorn/core';

/** A secret and what to call its webhook; null: it was given by hand. */
export type KnownSecret = { readonly webhook: string | null; readonly secret: string };

export type SignatureVerdict =
  | { readonly kind: 'ok'; readonly webhook: string | null }
  | { readonly kind: 'wrong'; readonly why: string }
  | { readonly kind: 'unchecked' };

/** `nowS` is the receiver's clock in Unix seconds. A secret that is no key at all verifies nothing. */
export function judgeSignature(
  request: { readonly headers: SignedHeaders; readonly body: Buffer; readonly nowS: number },
  secrets: readonly KnownSecret[],
): SignatureVerdict {
  let why: FailureCode | null = null;
  for (const { webhook, secret } of secrets) {
    const verification = verify({ ...request, secret });
    if (verification.ok) return { kind: 'ok', webhook };
    why = verification.why;
  }
  return why === null ? { kind: 'unchecked' } : { kind: 'wrong', why: explain(why, secrets) };
}

type FailureCode = Extract<Verification, { ok: false }>['why'];

function verify(request: Parameters<typeof verifySignature>[0]): Verification {
  try {
    return verifySignature(request);
  } catch {
    return { ok: false, why: 'no_match' };
  }
}

function explain(why: FailureCode, secrets: readonly KnownSecret[]): string {
  switch (why) {
    case 'missing_header':
      return 'one of webhook-id, webhook-timestamp and webhook-signature is missing';
    case 'bad_timestamp':
      return 'webhook-timestamp is not Unix seconds';
    case 'too_old':
      return `webhook-timestamp is more than ${signatureToleranceS} s in the past`;
    case 'too_new':
      return `webhook-timestamp is more than ${signatureToleranceS} s in the future`;
    case 'no_match': {
      const names = [...new Set(secrets.flatMap(({ webhook }) => (webhook === null ? [] : [webhook])))];
      return names.length === 0
        ? 'the secret does not make it'
        : `no secret of the webhooks that point here makes it (${names.join(', ')})`;
    }
  }
}
