// The ids of tenants by their keys, known for a few seconds: a tenant may be erased, and another made under its name, in any process.
import { LRUCache } from 'lru-cache';
import { limits } from './limits.js';

export type TenantIds = {
  /** The id of the tenant, which is made if it is new. */
  readonly idOf: (environmentId: string, key: string) => Promise<string>;
  /** Looks it up anew the next time. */
  readonly forget: (environmentId: string, key: string) => void;
};

/** @param ensure finds the tenant or makes it; asked once for those who come while it looks: a batch may name one new tenant a thousand times */
export const createTenantIds = (ensure: (environmentId: string, key: string) => Promise<string>): TenantIds => {
  const known = new LRUCache<string, Promise<string>>({ max: limits.tenantsMax, ttl: limits.tenantCacheMs });
  const nameOf = (environmentId: string, key: string): string => `${environmentId} ${key}`;
  return {
    idOf: (environmentId, key) => {
      const name = nameOf(environmentId, key);
      const before = known.get(name);
      if (before !== undefined) return before;
      const found = ensure(environmentId, key);
      known.set(name, found);
      found.catch(() => known.delete(name));
      return found;
    },
    forget: (environmentId, key) => {
      known.delete(nameOf(environmentId, key));
    },
  };
};
