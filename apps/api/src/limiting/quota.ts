// How much a key may have in a window, exactly and over all processes that count together. A process borrows shares of it ahead, so that hardly any
// request waits for another machine; what it borrowed and did not use by the end of the window is lost.
import { problem } from '@posthorn/core';
import type { WindowCounter } from '@posthorn/queue';
import { LRUCache } from 'lru-cache';
import { limits } from '../limits.js';

export type QuotaOptions = {
  readonly counter: WindowCounter;
  /** As its header names it. */
  readonly name: string;
  /** What a key may have in a window; its length in seconds is the counter's too. */
  readonly max: number;
  readonly windowS: number;
};

export type Quota = {
  readonly max: number;
  /** Takes all of it or nothing; throws `rate_limited`, or rejects with it. Where the share suffices, there is nothing to wait for: undefined. */
  readonly take: (key: string, points: number) => Promise<void> | undefined;
};

type Share = {
  left: number;
  endsAtMs: number;
  /** There is nothing more to borrow in this window. */
  isUsedUp: boolean;
  borrowing: Promise<void> | null;
};

/** The answer to what is too much. RateLimit headers: draft-ietf-httpapi-ratelimit-headers-10. */
export const rateLimited = (
  policy: { readonly name: string; readonly max: number; readonly windowS: number },
  afterMs: number,
  detail: string,
) => {
  const afterS = Math.max(1, Math.ceil(afterMs / 1_000));
  return problem('rate_limited', detail, {
    headers: {
      'retry-after': String(afterS),
      'ratelimit-policy': `"${policy.name}";q=${policy.max};w=${policy.windowS}`,
      ratelimit: `"${policy.name}";r=0;t=${afterS}`,
    },
  });
};

export const createQuota = (options: QuotaOptions): Quota => {
  const { counter, max } = options;
  const shareOfAll = Math.max(1, Math.floor(max / limits.quotaShares));
  const shares = new LRUCache<string, Share>({ max: limits.keysMax });

  /** `taken`, or `none` for the rest of the window, or `borrow` first. */
  const takeNow = (share: Share, points: number): 'taken' | 'none' | 'borrow' => {
    if (performance.now() >= share.endsAtMs) {
      share.left = 0;
      share.isUsedUp = false;
    }
    if (share.left < points) return share.isUsedUp ? 'none' : 'borrow';
    share.left -= points;
    return 'taken';
  };

  const borrow = async (key: string, share: Share, wanted: number): Promise<void> => {
    const { count, resetMs } = await counter.add(key, wanted);
    const nowMs = performance.now();
    // The first of a window: whatever is left is of the last one.
    if (count === wanted || nowMs >= share.endsAtMs) share.left = 0;
    share.left += Math.min(wanted, Math.max(0, max - (count - wanted)));
    share.endsAtMs = nowMs + resetMs;
    share.isUsedUp = count >= max;
  };

  const refuse = (share: Share): never => {
    throw rateLimited(options, share.endsAtMs - performance.now(), `this key has used up its ${max} ${options.name} for now`);
  };

  const borrowAndTake = async (key: string, share: Share, points: number): Promise<void> => {
    for (;;) {
      share.borrowing ??= borrow(key, share, Math.max(shareOfAll, points - share.left)).finally(() => {
        share.borrowing = null;
      });
      await share.borrowing;
      const verdict = takeNow(share, points);
      if (verdict === 'taken') return;
      if (verdict === 'none') refuse(share);
    }
  };

  return {
    max,
    take: (key, points) => {
      let share = shares.get(key);
      if (share === undefined) {
        share = { left: 0, endsAtMs: 0, isUsedUp: false, borrowing: null };
        shares.set(key, share);
      }
      const verdict = takeNow(share, points);
      if (verdict === 'borrow') return borrowAndTake(key, share, points);
      return verdict === 'none' ? refuse(share) : undefined;
    },
  };
};
