import { describe, expect, it } from '@jest/globals';
import { matchEvent } from '@posthorn/core';
import type { TenantWebhooks } from '@posthorn/db';
import { type Deferred, defer, newEvent, storedWebhook } from '../tests/fixtures.js';
import { createTenantIndexes } from './tenant-index.js';

const open = (webhooksMax = 100) => {
  const loads: (Deferred<TenantWebhooks> & { readonly tenantId: string })[] = [];
  const told: (readonly string[])[] = [];
  const kept: number[] = [];
  const indexes = createTenantIndexes({
    load: (tenantId) => {
      const load = defer<TenantWebhooks>();
      loads.push({ ...load, tenantId });
      return load.promise;
    },
    onLoaded: async (ids) => {
      told.push(ids);
    },
    webhooksMax,
    onKept: (webhooks) => kept.push(webhooks),
  });
  return { indexes, loads, told, kept };
};
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("a tenant's webhooks", () => {
  it('are loaded once, made known to the gates, and then at hand', async () => {
    const { indexes, loads, told } = open();
    const webhook = storedWebhook({ eventTypes: ['order.*'] });
    const got = indexes.get('t', 1);
    expect(indexes.peek('t', 1)).toBeUndefined();
    loads[0]?.resolve({ version: 1, webhooks: [webhook] });
    const index = await got;
    expect(told).toEqual([[webhook.id]]);
    expect(matchEvent(index.compiled, newEvent({ eventType: 'order.placed' })).map((each) => each.id)).toEqual([webhook.id]);
    expect(indexes.peek('t', 1)).toBe(index);
    expect(await indexes.get('t', 1)).toBe(index);
    expect(loads).toHaveLength(1);
  });

  it('are loaded again for an event that saw a newer version, and not for an older one', async () => {
    const { indexes, loads } = open();
    const first = indexes.get('t', 4);
    loads[0]?.resolve({ version: 4, webhooks: [] });
    const old = await first;
    expect(indexes.peek('t', 5)).toBeUndefined();
    const second = indexes.get('t', 5);
    loads[1]?.resolve({ version: 6, webhooks: [storedWebhook()] });
    expect((await second).byId.size).toBe(1);
    expect(await indexes.get('t', 3)).not.toBe(old);
    expect([loads.length, indexes.peek('t', 4)?.version]).toEqual([2, 6]);
  });

  it('are loaded once for all who wait for the same tenant, and apart for others', async () => {
    const { indexes, loads } = open();
    const all = Promise.all([indexes.get('a', 1), indexes.get('a', 1), indexes.get('b', 1)]);
    await settle();
    expect(loads.map((load) => load.tenantId)).toEqual(['a', 'b']);
    for (const load of loads) load.resolve({ version: 1, webhooks: [] });
    const [one, other] = await all;
    expect(one).toBe(other);
  });

  it('are loaded once more when a load was already running as the change came', async () => {
    const { indexes, loads } = open();
    const before = indexes.get('t', 1);
    const after = indexes.get('t', 2);
    loads[0]?.resolve({ version: 1, webhooks: [] });
    expect((await before).version).toBe(1);
    await settle();
    expect(loads).toHaveLength(2);
    loads[1]?.resolve({ version: 2, webhooks: [storedWebhook()] });
    expect((await after).byId.size).toBe(1);
  });

  it('are asked for again after a load that failed', async () => {
    const { indexes, loads } = open();
    const failed = expect(indexes.get('t', 1)).rejects.toThrow('gone');
    loads[0]?.reject(new Error('gone'));
    await failed;
    const again = indexes.get('t', 1);
    loads[1]?.resolve({ version: 1, webhooks: [] });
    expect((await again).version).toBe(1);
  });

  it('are matched against by nobody before the gates know them', async () => {
    let tell: () => void = () => undefined;
    const known = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const indexes = createTenantIndexes({
      load: async () => ({ version: 1, webhooks: [storedWebhook()] }),
      onLoaded: () => known,
      webhooksMax: 10,
      onKept: () => undefined,
    });
    let got = false;
    const loading = indexes.get('t', 1).then(() => {
      got = true;
    });
    await settle();
    expect([got, indexes.peek('t', 1)]).toEqual([false, undefined]);
    tell();
    await loading;
    expect(indexes.peek('t', 1)).toBeDefined();
  });

  /** Loads tenants with so many webhooks each, using `a` after each of them. */
  const fill = async ({ indexes, loads }: ReturnType<typeof open>, sizes: Readonly<Record<string, number>>) => {
    for (const [tenant, size] of Object.entries(sizes)) {
      const got = indexes.get(tenant, 1);
      loads.at(-1)?.resolve({ version: 1, webhooks: Array.from({ length: size }, () => storedWebhook()) });
      expect((await got).byId.size).toBe(size);
      indexes.peek('a', 1);
    }
    return Object.keys(sizes).filter((tenant) => indexes.peek(tenant, 1) !== undefined);
  };

  it('are forgotten by least recent use, as many as make room for the webhooks of the others', async () => {
    // A tenant counts one more than its webhooks.
    expect(await fill(open(12), { a: 3, b: 3, c: 3 })).toEqual(['a', 'b', 'c']);
    expect(await fill(open(11), { a: 3, b: 3, c: 3 })).toEqual(['a', 'c']);
    expect(await fill(open(12), { a: 1, b: 1, c: 1, d: 1, e: 1, f: 6 })).toEqual(['a', 'e', 'f']);
    expect(await fill(open(2), { a: 0, b: 0, c: 0 })).toEqual(['a', 'c']);
  });

  it('are kept though they are more than there is room for, alone', async () => {
    const one = open(5);
    expect(await fill(one, { a: 2, b: 20 })).toEqual(['b']);
    await one.indexes.get('b', 1);
    expect(one.loads).toHaveLength(2);
    expect(await fill(one, { c: 1 })).toEqual(['c']);
    expect(one.kept).toEqual([3, 5, 2]);
    expect(one.indexes.peek('b', 1)).toBeUndefined();
  });
});
