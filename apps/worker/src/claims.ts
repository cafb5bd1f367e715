// The dispatches that this worker has claimed: renewed together, and given up by the worker's own monotonic clock when they could not be.
import type { FinishedDispatch } from '@posthorn/db';
import { limits } from './limits.js';

export type Claim = FinishedDispatch & {
  /** True while no other worker can have the dispatch. */
  readonly holds: () => boolean;
};

export type Claims = {
  /** @param claimedAt `performance.now()` before the claim was asked for */
  readonly add: (id: string, claim: number, claimedAt: number) => Claim;
  /** Gives up this claim; a newer one of the same dispatch stays. */
  readonly remove: (claim: FinishedDispatch) => void;
  readonly stop: () => void;
};

export type ClaimsDependencies = {
  readonly renew: (claims: readonly FinishedDispatch[]) => Promise<ReadonlySet<string>>;
  readonly onError: (error: unknown) => void;
};

export const createClaims = (dependencies: ClaimsDependencies): Claims => {
  const held = new Map<string, { readonly id: string; readonly claim: number; holdsUntil: number }>();

  const renew = async (): Promise<void> => {
    const asked = [...held.values()];
    if (asked.length === 0) return;
    const askedAt = performance.now();
    const renewed = await dependencies.renew(asked);
    for (const each of asked) each.holdsUntil = renewed.has(each.id) ? askedAt + limits.claimLeaseMs : 0;
  };
  let renewing = false;
  const timer = setInterval(() => {
    if (renewing) return;
    renewing = true;
    renew()
      .catch(dependencies.onError)
      .finally(() => {
        renewing = false;
      });
  }, limits.claimRenewMs);
  timer.unref();

  return {
    add: (id, claim, claimedAt) => {
      const entry = { id, claim, holdsUntil: claimedAt + limits.claimLeaseMs };
      held.set(id, entry);
      return { id, claim, holds: () => performance.now() < entry.holdsUntil };
    },
    remove: ({ id, claim }) => {
      if (held.get(id)?.claim === claim) held.delete(id);
    },
    stop: () => clearInterval(timer),
  };
};
