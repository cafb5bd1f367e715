// The compiled webhooks of each tenant, kept by least recent use. Every dispatch brings the version of its tenants' webhooks, read in the
// statement that loaded its events: an older index is loaded again first. So a webhook made before an event was accepted is never missed,
// and a change acts on everything that begins after it.
import { type CompiledTenant, compileWebhooks } from '@posthorn/core';
import type { DeliverableWebhook, TenantWebhooks } from '@posthorn/db';
import { LRUCache } from 'lru-cache';

/** A webhook as the worker delivers to it. */
export type WorkerWebhook = DeliverableWebhook;

export type TenantIndex = {
  readonly version: number;
  readonly compiled: CompiledTenant<WorkerWebhook>;
  readonly byId: ReadonlyMap<string, WorkerWebhook>;
};

export type TenantIndexes = {
  /** The tenant's webhooks at `version` or newer, if they are at hand. */
  readonly peek: (tenantId: string, version: number) => TenantIndex | undefined;
  /** The same, loading them if need be. */
  readonly get: (tenantId: string, version: number) => Promise<TenantIndex>;
};

export type TenantIndexDependencies = {
  readonly load: (tenantId: string) => Promise<TenantWebhooks>;
  /** Called with the webhooks of an index before anything is matched against it. */
  readonly onLoaded: (webhookIds: readonly string[]) => Promise<void>;
  /** Webhooks that are kept compiled, over all tenants; one tenant is kept however many it has. */
  readonly webhooksMax: number;
  /** Called with the webhooks kept, of which each tenant counts one more, after each load. */
  readonly onKept: (webhooks: number) => void;
};

/** Makes the cache; loads are shared by those who wait for the same tenant. */
export const createTenantIndexes = (dependencies: TenantIndexDependencies): TenantIndexes => {
  const kept = new LRUCache<string, TenantIndex>({
    maxSize: dependencies.webhooksMax,
    // A tenant without webhooks takes room too; one with more than all of it takes all of it.
    sizeCalculation: (index) => Math.min(1 + index.byId.size, dependencies.webhooksMax),
  });
  const loading = new Map<string, Promise<TenantIndex>>();

  const load = async (tenantId: string): Promise<TenantIndex> => {
    const { version, webhooks } = await dependencies.load(tenantId);
    await dependencies.onLoaded(webhooks.map((webhook) => webhook.id));
    const index = { version, compiled: compileWebhooks(webhooks), byId: new Map(webhooks.map((webhook) => [webhook.id, webhook])) };
    kept.set(tenantId, index);
    dependencies.onKept(kept.calculatedSize);
    return index;
  };

  const loadOnce = (tenantId: string): Promise<TenantIndex> => {
    let running = loading.get(tenantId);
    if (running === undefined) {
      running = load(tenantId).finally(() => loading.delete(tenantId));
      loading.set(tenantId, running);
    }
    return running;
  };

  return {
    peek: (tenantId, version) => {
      const index = kept.get(tenantId);
      return index !== undefined && index.version >= version ? index : undefined;
    },
    get: async (tenantId, version) => {
      const known = kept.get(tenantId);
      if (known !== undefined && known.version >= version) return known;
      const loaded = await loadOnce(tenantId);
      // A load that was already running may have read before the change, so one more follows it; that one is what there is.
      return loaded.version >= version ? loaded : loadOnce(tenantId);
    },
  };
};
