// A page of a list costs what the page costs, not what the list is long: it goes along an index in its own order and looks at the days that it
// shows alone. All of it behind the wall, as the API reads them.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { createWorld, newEventId, type World } from '../tests/world.js';
import type { Database } from './pools.js';
import { listEvents } from './reading.js';
import { listAttempts } from './reading-attempts.js';
import { type DeliveryPage, listDeliveries } from './reading-deliveries.js';
import type { Tables } from './tables.js';
import { behindWall, inReach, type WalledPool } from './wall.js';
import { listWebhooks, type WebhookFilters, webhookSortColumns } from './webhook-list.js';

const webhooksCount = 5_000;
const rowsPerDay = 2_000;
const days = [-2, -1, 0];
const dayMs = 86_400_000;
const todayMs = Math.floor(Date.now() / dayMs) * dayMs;
/** As partitions are named. Those of the coming days are empty, and looked at first. */
const nameOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10).replaceAll('-', '');
const limit = 51;

type Node = {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly Plans?: readonly Node[];
};

let world: World;
let db: Database;
let pool: pg.Pool;
let walled: WalledPool;
let webhookId: string;
const replayId = randomUUID();
const few = { tenantId: randomUUID(), webhookId: randomUUID() };
/** What was last asked for through `db`. */
let last: { readonly sql: string; readonly parameters: readonly unknown[] } | undefined;

const nodesOf = (node: Node): readonly Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
/** The nodes of a query's plan that did something when it ran. */
const planOf = (run: () => Promise<unknown>, tenantId: string | null = null): Promise<readonly Node[]> =>
  inReach({ environmentId: world.environmentId, tenantId }, async () => {
    await run();
    const { rows } = await walled.query(`explain (analyze, format json) ${last?.sql}`, last?.parameters);
    return nodesOf(rows[0]['QUERY PLAN'][0].Plan).filter((node) => node['Actual Loops'] > 0);
  });
const partitionsOf = (nodes: readonly Node[], table: string): readonly string[] => [
  ...new Set(nodes.flatMap((node) => (node['Relation Name']?.startsWith(`${table}_2`) ? [node['Relation Name']] : []))),
];
const typesOf = (nodes: readonly Node[]): readonly string[] => nodes.map((node) => node['Node Type']);

const fill = async (): Promise<void> => {
  await world.rows(
    `insert into webhooks (id, environment_id, tenant_id, url, name, code, reference, created_at, updated_at)
     select gen_random_uuid(), $1, $2, 'https://example.com/' || n, md5(n::text), 'code_' || n, 'ref ' || n,
            now() - n * interval '1 second', now() - (n * 7919 % $3) * interval '1 second' from generate_series(1, $3::int) n`,
    [world.environmentId, world.tenantId, webhooksCount],
  );
  await world.rows('insert into webhook_state (webhook_id, environment_id, tenant_id) select id, environment_id, tenant_id from webhooks');
  webhookId = (await world.row<{ id: string }>('select id from webhooks limit 1')).id;
  for (const day of days) {
    const ids = Array.from({ length: rowsPerDay }, (_, index) => newEventId(todayMs + day * dayMs + index));
    await world.rows(
      `with made as (
         insert into events (id, environment_id, tenant_id, event_type, source_id, event_time, data, dispatch_id)
         select id, $1, $2, 'a', id::text, now(), '{}', gen_random_uuid() from unnest($3::uuid[]) id
       ), delivered as (
         insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, attempt) select $1, $2, id, $4, 1, 1 from unnest($3::uuid[]) id
       )
       insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, duration_ms)
       select $1, $2, id, $4, 1, 0, 1, now(), true, 1 from unnest($3::uuid[]) id`,
      [world.environmentId, world.tenantId, ids, webhookId],
    );
  }
  // Beside it a tenant with one webhook, which is deleted, of which there are few deliveries, and failures: one in a hundred.
  await world.rows(`insert into tenants (id, environment_id, key) values ($1, $2, 'few')`, [few.tenantId, world.environmentId]);
  await world.rows(
    `insert into webhooks (id, environment_id, tenant_id, url, deleted_at) values ($1, $2, $3, 'https://example.com/few', now())`,
    [few.webhookId, world.environmentId, few.tenantId],
  );
  await world.rows(
    `with made as (
       insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, attempt)
       select environment_id, $1, id, $2, 1, 1 from (select *, row_number() over (order by id) as n from events) e where n % 1500 = 1
       returning event_id
     )
     insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, duration_ms)
     select $3, $1, event_id, $2, 1, 0, 1, now(), true, 1 from made`,
    [few.tenantId, few.webhookId, world.environmentId],
  );
  await world.rows(
    `update deliveries d set status = 2 from (select id, row_number() over (order by id) as n from events) e
      where e.n % 100 = 0 and d.event_id = e.id and d.webhook_id = $1`,
    [webhookId],
  );
  await world.rows(
    `update deliveries d set replay_id = $2 from (select id, row_number() over (order by id) as n from events) e
      where e.n % 50 = 0 and d.event_id = e.id and d.webhook_id = $1`,
    [webhookId, replayId],
  );
  await world.rows('vacuum analyze');
};

beforeAll(async () => {
  world = await createWorld();
  // Of tables that are this small the planner would rather read all: what is asked is whether it can do without.
  pool = new pg.Pool({ connectionString: world.url, max: 1, options: '-c enable_seqscan=off -c enable_mergejoin=off' });
  walled = behindWall(pool);
  db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: walled as unknown as pg.Pool }),
    log: ({ query }) => {
      last = query;
    },
  });
  await fill();
}, 60_000);
afterAll(async () => {
  await pool.end();
  await world.drop();
});

const reach = () => ({ environmentId: world.environmentId, tenantId: null });
const noFilters: WebhookFilters = {
  ...{ isActive: null, status: null, circuit: null, eventType: null, code: null, name: null, url: null, reference: null },
  ...{ objectId: null, createdAt: null, updatedAt: null },
};

describe('a page of webhooks', () => {
  const cases = webhookSortColumns.flatMap((by) =>
    [true, false].flatMap((descending) => [true, false].map((ofTenant) => ({ by, descending, ofTenant }))),
  );

  it.each(cases)(
    'by $by (descending: $descending, of a tenant: $ofTenant) reads as many as it shows',
    async ({ by, descending, ofTenant }) => {
      const page = {
        environmentId: world.environmentId,
        tenantId: ofTenant ? world.tenantId : null,
        filters: noFilters,
        sort: { by, descending },
        limit,
      };
      const [, , tenth] = await inReach(page, () => listWebhooks(db, { ...page, after: null }));
      for (const after of [null, { value: tenth!.sort_value, id: tenth!.id }]) {
        const nodes = await planOf(() => listWebhooks(db, { ...page, after }), page.tenantId);
        expect(typesOf(nodes)).not.toContain('Sort');
        const read = nodes.filter((node) => node['Relation Name'] === 'webhooks' && node['Index Name'] !== undefined);
        expect(read.map((node) => node['Actual Rows'] * node['Actual Loops'])).toEqual([limit]);
      }
    },
  );

  it.each<[Partial<WebhookFilters>]>([
    [{ code: 'code_7' }],
    [{ name: 'nobody' }],
    [{ reference: 'ref 7' }],
    [{ url: 'https://example.com/7' }],
    [{ objectId: 'a'.repeat(24) }],
  ])('that is looked up by %j reads no others', async (filter) => {
    const nodes = await planOf(() =>
      listWebhooks(db, {
        ...reach(),
        filters: { ...noFilters, ...filter },
        sort: { by: 'created_at', descending: true },
        after: null,
        limit,
      }),
    );
    const read = nodes.filter((node) => node['Relation Name'] === 'webhooks').map((node) => node['Actual Rows']);
    expect(Math.max(0, ...read)).toBeLessThanOrEqual(1);
    expect(typesOf(nodes)).not.toContain('Seq Scan');
  });
});

describe('a page of what grows with events', () => {
  const noneOf = { eventId: null, webhookId: null, status: null, filters: null, before: null, limit };

  it('of events looks at the newest day alone, or at the day that was asked for', async () => {
    const page = { ...reach(), eventType: null, sourceId: null, acceptedAt: null, beforeId: null, limit };
    const nodes = await planOf(() => listEvents(db, page));
    expect(partitionsOf(nodes, 'events').filter((name) => name <= `events_${nameOf(todayMs)}`)).toHaveLength(1);
    expect(typesOf(nodes)).not.toContain('Seq Scan');
    const fromMs = todayMs - dayMs;
    const older = await planOf(() => listEvents(db, { ...page, acceptedAt: { fromMs, toMs: fromMs + dayMs } }));
    // Ids of the first moment of a day are not the very first ids of its partition.
    const shown = older.filter((node) => node['Actual Rows'] > 0);
    expect(partitionsOf(shown, 'events')).toEqual([`events_${nameOf(fromMs)}`]);
    expect(partitionsOf(older, 'events').length).toBeLessThanOrEqual(2);
  });

  it('of events by the id of their producer goes along its index', async () => {
    const page = { ...reach(), eventType: null, sourceId: randomUUID(), acceptedAt: null, beforeId: null, limit };
    const nodes = await planOf(() => listEvents(db, page));
    const read = nodes.filter((node) => node['Relation Name']?.startsWith('events_') && node['Actual Rows'] > 0);
    expect(read).toEqual([]);
    expect(nodes.filter((node) => node['Relation Name']?.startsWith('events_')).map((node) => node['Index Name'])).toEqual(
      partitionsOf(nodes, 'events').map((name) => `${name}_tenant_id_source_id_idx`),
    );
  });

  it('of deliveries looks at the newest day alone', async () => {
    const nodes = await planOf(() => listDeliveries(db, { ...reach(), ...noneOf }));
    expect(partitionsOf(nodes, 'deliveries').filter((name) => name <= `deliveries_${nameOf(todayMs)}`)).toHaveLength(1);
    expect(typesOf(nodes)).not.toContain('Seq Scan');
  });

  const ofWebhook = '_webhook_id_event_id_idx';
  const filters = { reason: null, errorKind: null, eventType: null, statusCode: null, replayId, createdAt: null };
  it.each<[string, () => Partial<DeliveryPage>, string]>([
    ['of a webhook', () => ({ webhookId }), ofWebhook],
    ['of a webhook with few', () => ({ webhookId: few.webhookId }), ofWebhook],
    ['of a tenant with few webhooks', () => ({ tenantId: few.tenantId }), ofWebhook],
    ['of a webhook that did not succeed', () => ({ webhookId, status: { code: 2, gated: null } }), '_webhook_id_event_id_idx1'],
    ['of a replay', () => ({ filters }), '_replay_id_event_id_webhook_id_idx'],
    ['that did not succeed', () => ({ status: { code: 2, gated: null } }), '_environment_id_event_id_webhook_id_idx'],
  ])('of deliveries %s goes along their own index, and no further than the page', async (_, narrowed, index) => {
    const page = { ...reach(), ...noneOf, ...narrowed() };
    const nodes = await planOf(() => listDeliveries(db, page), page.tenantId);
    const read = nodes.filter((node) => node['Relation Name']?.startsWith('deliveries_'));
    expect(read.filter((node) => !node['Index Name']?.endsWith(index))).toEqual([]);
    // Days are merged: of each its newest row is looked at.
    const rows = read.reduce((sum, node) => sum + node['Actual Rows'] * node['Actual Loops'], 0);
    expect(rows).toBeLessThanOrEqual(limit + read.length);
  });

  it.each([
    ['a webhook', () => webhookId],
    ['a webhook with few', () => few.webhookId],
  ])('of the attempts of %s goes along its deliveries, and no further than the page', async (_, idOf) => {
    const nodes = await planOf(() => listAttempts(db, { ...reach(), webhookId: idOf(), kind: null, succeeded: null, before: null, limit }));
    const whole = nodes.filter((node) => node['Node Type'] === 'Seq Scan' && node['Actual Rows'] > 0);
    expect(whole.map((node) => node['Relation Name'])).toEqual([]);
    const read = nodes.filter((node) => node['Relation Name']?.startsWith('deliveries_'));
    expect(read.filter((node) => !node['Index Name']?.endsWith(ofWebhook))).toEqual([]);
    for (const table of ['deliveries_', 'attempts_']) {
      const nodesOfTable = nodes.filter((node) => node['Relation Name']?.startsWith(table));
      const rows = nodesOfTable.reduce((sum, node) => sum + node['Actual Rows'] * node['Actual Loops'], 0);
      expect(rows).toBeLessThanOrEqual(limit + nodesOfTable.length);
    }
  });
});
