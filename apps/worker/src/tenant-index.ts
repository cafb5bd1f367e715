// The compiled webhooks of each tenant, kept by least recent use. Every dispatch brings the version of its tenants' webhooks, read in the
// statement that loaded its events: an older index is loaded again first. So a webhook made before an event was accepted is never missed,
// and a change acts on everything that begins after it.
import { createSecretKey, type KeyObject } from 'node:crypto';
import { type CompiledTenant, compileWebhooks, secretKeyBytes } from '@posthorn/core';
import type { DeliverableWebhook, TenantWebhooks } from '@posthorn/db';
import { LRUCache } from 'lru-cache';

/** A webhook as the worker delivers to it. */
export type WorkerWebhook = Omit<DeliverableWebhook, 'secrets'> & {
  /** Sign always; one, as a list. */
  readonly currentKeys: readonly KeyObject[];
  /** Sign too until they expire: a rotation overlaps. */
  readonly previousKeys: readonly { readonly key: KeyObject; readonly expiresAtMs: number }[];
};

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
  readonly tenantsMax: number;
};

const prepare = ({ secrets, ...webhook }: DeliverableWebhook): WorkerWebhook => {
  const keys = secrets.map(({ secret, expiresAtMs }) => ({ key: createSecretKey(secretKeyBytes(secret)), expiresAtMs }));
  return {
    ...webhook,
    currentKeys: keys.filter((each) => each.expiresAtMs === null).map((each) => each.key),
    previousKeys: keys.flatMap(({ key, expiresAtMs }) => (expiresAtMs === null ? [] : [{ key, expiresAtMs }])),
  };
};

/** Makes the cache; loads are shared by those who wait for the same tenant. */
export const createTenantIndexes = (dependencies: TenantIndexDependencies): TenantIndexes => {
  const kept = new LRUCache<string, TenantIndex>({ max: dependencies.tenantsMax });
  const loading = new Map<string, Promise<TenantIndex>>();

  const load = async (tenantId: string): Promise<TenantIndex> => {
    const { version, webhooks } = await dependencies.load(tenantId);
    await dependencies.onLoaded(webhooks.map((webhook) => webhook.id));
    const prepared = webhooks.map(prepare);
    const index = { version, compiled: compileWebhooks(prepared), byId: new Map(prepared.map((webhook) => [webhook.id, webhook])) };
    kept.set(tenantId, index);
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
