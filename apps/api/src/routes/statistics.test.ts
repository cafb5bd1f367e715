// Statistics of an environment: what they count, how they are cut, and how things stand.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { settleStatistics } from '@posthorn/db';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { newWebhook, pastDelivery, pastEvent } from '../../tests/past.js';

let world: ApiWorld;
let first: string;
let second: string;
beforeAll(async () => {
  world = await createApiWorld();
  first = await newWebhook(world, 'acme');
  second = await newWebhook(world, 'globex');
  const deliver = async (webhookId: string, tenant: string, eventType: string, states: readonly ('succeeded' | 'failed' | 'waiting')[]) => {
    for (const state of states) await pastDelivery(world, await pastEvent(world, tenant, eventType), webhookId, state, tenant);
  };
  await deliver(first, 'acme', 'order.placed', ['succeeded', 'failed', 'waiting']);
  await deliver(first, 'acme', 'order.paid', ['succeeded']);
  await deliver(second, 'globex', 'order.placed', ['succeeded', 'waiting']);
  await world.pool.query('update webhook_state set circuit = 1 where webhook_id = $1', [second]);
});
afterAll(() => world.close());

const get = async (query = '', key = world.admin) => (await world.call('GET', `/v1/stats${query}`, { key })).body;

describe.each([
  ['that are not settled', 0],
  ['that are', 1],
])('statistics %s', (_, settled) => {
  beforeAll(async () => {
    if (settled === 1) while ((await settleStatistics(world.pool, 3, -60)) > 0);
  });

  it('are those of the environment, of a tenant, of a webhook or of an event type', async () => {
    expect((await get()).totals).toMatchObject({ created: 6, succeeded: 3, failed: 1, skipped: 0 });
    expect((await get('?tenant=acme')).totals).toMatchObject({ created: 4, succeeded: 2, failed: 1 });
    expect((await get(`?webhook_id=${second}`)).totals).toMatchObject({ created: 2, succeeded: 1, failed: 0 });
    expect((await get('?event_type=order.paid')).totals).toMatchObject({ created: 1, succeeded: 1 });
    expect((await get('?event_type=order.paid&tenant=globex')).totals).toMatchObject({ created: 0 });
  });

  it.each(['minute', 'hour', 'day'])('are the same in intervals of a %s', async (interval) => {
    const { data, totals } = await get(`?interval=${interval}`);
    const sum = data.reduce((total: number, { created }: { created: number }) => total + created, 0);
    expect([sum, totals.created]).toEqual([6, 6]);
    expect(data[0].at).toMatch(interval === 'day' ? /T00:00:00.000Z$/ : interval === 'hour' ? /:00:00.000Z$/ : /:00.000Z$/);
  });

  it('are grouped by webhook, tenant or event type', async () => {
    const groups = async (by: string): Promise<Record<string, number>> =>
      Object.fromEntries((await get(`?group_by=${by}`)).groups.map(({ key, created }: { key: string; created: number }) => [key, created]));
    expect(await groups('webhook')).toEqual({ [first]: 4, [second]: 2 });
    expect(await groups('tenant')).toEqual({ acme: 4, globex: 2 });
    expect(await groups('event_type')).toEqual({ 'order.placed': 5, 'order.paid': 1 });
    expect((await get()).groups).toBeNull();
  });

  it('say how things stand now', async () => {
    expect((await get()).now).toMatchObject({
      webhooks: 2,
      disabled: 0,
      paused: 0,
      circuits_open: 1,
      pending: 1,
      held: 1,
      clear_estimate_s: null,
    });
    expect((await get('?tenant=acme')).now).toMatchObject({ webhooks: 1, circuits_open: 0, pending: 1, held: 0 });
    expect((await get(`?webhook_id=${first}`)).now.webhooks).toBe(2);
  });

  it('show a key of a tenant what is its own', async () => {
    const channel = await world.key('channel', 'globex');
    expect(await get('', channel)).toMatchObject({ totals: { created: 2 }, now: { webhooks: 1, held: 1 } });
    expect((await world.call('GET', '/v1/stats?tenant=acme', { key: channel })).status).toBe(404);
    expect((await world.call('GET', `/v1/stats?webhook_id=${first}`, { key: channel })).status).toBe(404);
  });

  it('are the lifetime of a webhook too', async () => {
    expect((await world.call('GET', `/v1/webhooks/${first}/stats`)).body).toMatchObject({
      lifetime: { succeeded: 2, failed: 1, pending: 1, held: 0 },
      totals: { created: 4, succeeded: 2 },
    });
  });
});

describe('percentiles', () => {
  it('are those of the attempts', async () => {
    const id = await newWebhook(world, 'slow');
    await world.pool.query(
      `insert into webhook_stats (environment_id, tenant_id, webhook_id, span, at, event_type, slot, attempts, attempts_ok, ms_8, ms_1024)
       values ($1, $2, $3, 0, date_trunc('minute', now()), 'a', 0, 100, 90, 90, 10)`,
      [world.environmentId, await world.tenantId('slow'), id],
    );
    const { totals } = await get(`?webhook_id=${id}`);
    expect([totals.attempts, totals.p50_ms, totals.p95_ms, totals.p99_ms]).toEqual([100, 6.2, 768, 972.8]);
    expect((await get('?tenant=acme')).totals.p50_ms).toBeNull();
  });
});

describe('groups over several days', () => {
  it('count whole days as days and the rest by the hour, and nothing twice', async () => {
    const id = await newWebhook(world, 'long');
    const todayMs = Math.floor(Date.now() / 86_400_000) * 86_400_000;
    const at = (hours: number): string => new Date(todayMs + hours * 3_600_000).toISOString();
    // One attempt in each hour, from four days before today on.
    await world.pool.query(
      `insert into webhook_stats (environment_id, tenant_id, webhook_id, span, at, event_type, slot, attempts)
       select $1, $2, $3, 0, $4::timestamptz + n * interval '1 hour', 'a', 0, 1 from generate_series(0, 96) n`,
      [world.environmentId, await world.tenantId('long'), id, at(-96)],
    );
    while ((await settleStatistics(world.pool, 50, -60)) > 0);
    for (const [from, to] of [
      [-96, 0],
      [-90, -20],
      [-90, -24],
      [-72, -10],
      [-71, -49],
      [-40, -30],
      [-73, -47],
    ] as const)
      for (const by of ['webhook', 'tenant', 'event_type']) {
        const { groups, totals } = await get(`?tenant=long&interval=hour&group_by=${by}&from=${at(from)}&to=${at(to)}`);
        expect([from, to, by, groups.map((group: { attempts: number }) => group.attempts)]).toEqual([from, to, by, [to - from]]);
        expect(totals.attempts).toBe(to - from);
      }
  });
});

describe('a query', () => {
  it.each([
    'interval=week',
    'group_by=colour',
    'from=yesterday',
    'from=2025-01-01T00:00:00Z&interval=minute',
    'from=2025-01-01T00:00:00Z&interval=hour',
    'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z',
    'from=1900-01-01T00:00:00Z&interval=day',
    'event_type=a%20b',
    'colour=red',
  ])('refuses ?%s', async (query) => {
    expect(await world.call('GET', `/v1/stats?${query}`)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  it('chooses the finest interval that is kept and not too many', async () => {
    const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
    expect((await get(`?from=${ago(1)}`)).interval).toBe('minute');
    expect((await get(`?from=${ago(24)}`)).interval).toBe('hour');
    expect((await get(`?from=${ago(24 * 40)}`)).interval).toBe('day');
  });

  it('of a tenant or webhook that is not there is 404', async () => {
    expect((await world.call('GET', '/v1/stats?tenant=nobody')).status).toBe(404);
    expect((await world.call('GET', `/v1/stats?webhook_id=${world.newId()}`)).status).toBe(404);
  });
});
