// The secrets that a listener knows. A request names no webhook, so one that no known secret verifies may belong to a webhook that is
// new, or whose secret was rotated: then the book asks again, at most once a second. A look-up begun after a request arrived
// settles it, since the secret was there before the request was signed.
import type { KnownSecret } from './signature-verdict.js';

export const lookUpEveryMs = 1_000;

export type SecretBook = {
  known(): readonly KnownSecret[];
  /** The secrets as of `sinceMs` or later, by the clock of the book; waits and asks if need be. Never rejects. */
  learn(sinceMs: number): Promise<readonly KnownSecret[]>;
};

export type SecretBookOptions = {
  readonly load: () => Promise<readonly KnownSecret[]>;
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** Told when `load` fails; what was known before stays known. */
  readonly failed: (error: unknown) => void;
};

export function createSecretBook(options: SecretBookOptions): SecretBook {
  let secrets: readonly KnownSecret[] = [];
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | null = null;

  const ask = async (): Promise<void> => {
    const pauseMs = askedAtMs + lookUpEveryMs - options.now();
    if (pauseMs > 0) await options.wait(pauseMs);
    askedAtMs = options.now();
    try {
      secrets = await options.load();
    } catch (error) {
      options.failed(error);
    }
  };
  return {
    known: () => secrets,
    learn: async (sinceMs) => {
      // One that is under way may have begun before the request came.
      if (asking !== null) await asking;
      if (askedAtMs < sinceMs) {
        asking ??= ask().finally(() => {
          asking = null;
        });
        await asking;
      }
      return secrets;
    },
  };
}

/** A book that never asks: of a secret given by hand, or of none. */
export function fixedSecrets(secrets: readonly KnownSecret[]): SecretBook {
  return { known: () => secrets, learn: async () => secrets };
}
