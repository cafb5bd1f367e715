// Keys that nobody has: so many a minute from one address, then 429 for a minute. A key that is valid is never refused for what others send from
// its address, as behind a proxy: it is looked up all the same, unless many others are too and it was not seen here before.
import { isIPv4, isIPv6 } from 'node:net';
import type { WindowCounter } from '@posthorn/queue';
import { LRUCache } from 'lru-cache';
import { limits } from '../limits.js';
import { rateLimited } from './quota.js';

export type SignIns = {
  /** Throws `rate_limited` where a key that is not known here is not even looked up. */
  readonly beforeLookUp: (address: string, isKnownHere: boolean) => void;
  /** Counts; throws `rate_limited` if the address is to be told nothing else. */
  readonly failed: (address: string) => Promise<void>;
};

/** Who does not count. */
export const uncountedSignIns: SignIns = { beforeLookUp: () => undefined, failed: async () => undefined };

const policy = { name: 'failed-sign-ins', max: limits.failedSignInsMax, windowS: limits.failedSignInsWindowS };
const detail = 'too many keys that are not valid came from this address';

/** The first four groups of an IPv6 address, and zeros for what `::` leaves out. */
const prefixOf = (address: string): string => {
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length - (tail.includes('.') ? 1 : 0);
  const groups = [...before, ...Array.from({ length: Math.max(zeros, 0) }, () => '0'), ...after].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
};

/** Under which name an address counts: whoever has one IPv6 address has the 2⁶⁴ of its network. */
export const countedAddress = (address: string): string => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  if (isIPv4(mapped) || !isIPv6(mapped)) return mapped;
  return prefixOf(mapped);
};

export const createSignIns = (counter: WindowCounter): SignIns => {
  const blockedUntilMs = new LRUCache<string, number>({ max: limits.addressesMax });
  let second = 0;
  let strangers = 0;

  /** Whether one more is looked up this second, of all blocked addresses together. */
  const isStrangerLookedUp = (nowMs: number): boolean => {
    const now = Math.floor(nowMs / 1_000);
    if (now !== second) strangers = 0;
    second = now;
    strangers += 1;
    return strangers <= limits.blockedLookUpsPerS;
  };

  return {
    beforeLookUp: (address, isKnownHere) => {
      const untilMs = blockedUntilMs.get(countedAddress(address)) ?? 0;
      const nowMs = performance.now();
      if (isKnownHere || untilMs <= nowMs || isStrangerLookedUp(nowMs)) return;
      throw rateLimited(policy, untilMs - nowMs, detail);
    },
    failed: async (address) => {
      const name = countedAddress(address);
      const knownUntilMs = blockedUntilMs.get(name) ?? 0;
      if (knownUntilMs > performance.now()) throw rateLimited(policy, knownUntilMs - performance.now(), detail);
      const { count, resetMs } = await counter.add(name, 1);
      if (count <= policy.max) return;
      blockedUntilMs.set(name, performance.now() + resetMs);
      throw rateLimited(policy, resetMs, detail);
    },
  };
};
