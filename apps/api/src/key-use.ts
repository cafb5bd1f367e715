// When a key was last used, to about a minute. Written beside the requests, never before their answers; what fails is told and left.
import { LRUCache } from 'lru-cache';
import { limits } from './limits.js';

export type KeyUse = { readonly seen: (keyId: string) => void };

/** @param write notes that a key was used now; asked at most once a minute for each key */
export const createKeyUse = (write: (keyId: string) => Promise<void>, onError: (error: unknown) => void): KeyUse => {
  const lately = new LRUCache<string, true>({ max: limits.keysMax, ttl: limits.keyUseMs });
  return {
    seen: (keyId) => {
      if (lately.get(keyId)) return;
      lately.set(keyId, true);
      write(keyId).catch(onError);
    },
  };
};
