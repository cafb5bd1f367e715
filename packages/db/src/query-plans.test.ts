// What the lists of dialects read: a page of webhooks goes along its index, a list of answers looks at each of its attempts by itself. All of it
// behind the wall, as the API reads them.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { createWorld, newEventId, type World } from '../tests/world.js';
import { newestCallbacks, queryCallbacks } from './attempt-callbacks.js';
import type { Database } from './pools.js';
import type { Tables } from './tables.js';
import { behindWall, inReach, type WalledPool } from './wall.js';
import { queryWebhooks } from './webhook-query.js';

const webhooksCount = 5_000;
const rowsPerDay = 2_000;
const dayMs = 86_400_000;
const todayMs = Math.floor(Date.now() / dayMs) * dayMs;
const limit = 10;

type Node = {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Node[];
};

let world: World;
let db: Database;
let pool: pg.Pool;
let walled: WalledPool;
/** Some that get every event, so that one webhook's deliveries look like a good part of all, and one that gets none. */
let busy: readonly string[];
let idle: string;
/** What was asked for through `db` since it was last cleared. */
let asked: { readonly sql: string; readonly parameters: readonly unknown[] }[] = [];

const nodesOf = (node: Node): readonly Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
/** The nodes of a call's plans that did something when they ran, one list a statement. */
const plansOf = (run: () => Promise<unknown>, tenantId: string | null = null): Promise<readonly (readonly Node[])[]> =>
  inReach({ environmentId: world.environmentId, tenantId }, async () => {
    asked = [];
    await run();
    const plans: (readonly Node[])[] = [];
    for (const { sql, parameters } of [...asked]) {
      const { rows } = await walled.query(`explain (analyze, format json) ${sql}`, parameters);
      plans.push(nodesOf(rows[0]['QUERY PLAN'][0].Plan).filter((node) => node['Actual Loops'] > 0));
    }
    return plans;
  });
const rowsOf = (nodes: readonly Node[]): number =>
  nodes.reduce((sum, node) => sum + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'], 0);
const partsOf = (nodes: readonly Node[], table: string) => nodes.filter((node) => node['Relation Name']?.startsWith(`${table}_2`));

beforeAll(async () => {
  world = await createWorld();
  // Of tables that are this small the planner would rather read all: what is asked is whether it can do without.
  pool = new pg.Pool({ connectionString: world.url, max: 1, options: '-c enable_seqscan=off -c enable_mergejoin=off' });
  walled = behindWall(pool);
  db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: walled as unknown as pg.Pool }),
    log: ({ query }) => {
      asked.push(query);
    },
  });
  await world.rows(
    `insert into webhooks (id, environment_id, tenant_id, url, name, created_at)
     select gen_random_uuid(), $1, $2, 'https://example.com/' || n, md5(n::text), now() - n * interval '1 second' from generate_series(1, $3::int) n`,
    [world.environmentId, world.tenantId, webhooksCount],
  );
  await world.rows('insert into webhook_state (webhook_id, environment_id, tenant_id) select id, environment_id, tenant_id from webhooks');
  const [first, ...rest] = (await world.rows<{ id: string }>('select id from webhooks limit 4')).map(({ id }) => id) as [
    string,
    ...string[],
  ];
  [idle, busy] = [first, rest];
  await world.rows(
    `insert into webhook_versions (webhook_id, environment_id, tenant_id, version, snapshot, changes, changed_by)
     select id, environment_id, tenant_id, 1, to_jsonb(w), '{}', 'admin' from webhooks w`,
  );
  for (const day of [-2, -1, 0]) {
    const ids = Array.from({ length: rowsPerDay }, (_, index) => newEventId(todayMs + day * dayMs + index));
    await world.rows(
      `with made as (
         insert into events (id, environment_id, tenant_id, event_type, event_time, data, dispatch_id)
         select id, $1, $2, 'a', now(), '{}', gen_random_uuid() from unnest($3::uuid[]) id
       ), delivered as (
         insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, attempt) select $1, $2, id, webhook, 1, 1
           from unnest($3::uuid[]) id, unnest($4::uuid[]) webhook
       )
       insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, duration_ms)
       select $1, $2, id, webhook, 1, 0, 1, now(), true, 1 from unnest($3::uuid[]) id, unnest($4::uuid[]) webhook`,
      [world.environmentId, world.tenantId, ids, busy],
    );
  }
  await world.rows('vacuum analyze');
}, 60_000);
afterAll(async () => {
  await pool.end();
  await world.drop();
});

const reach = () => ({ environmentId: world.environmentId, tenantId: null });
const plain = { conditions: [], sort: [], offset: 0, limit };
const of = (webhookId: string) => [
  { fields: ['webhook_id' as const], test: { is: 'among' as const, values: [webhookId], not: false, orNull: false } },
];

describe('a page of webhooks', () => {
  it.each([
    { name: 'newest first', sort: [] },
    { name: 'oldest first', sort: [{ by: 'created_at' as const, descending: false }] },
    { name: 'by name', sort: [{ by: 'name' as const, descending: true }] },
    { name: 'by id', sort: [{ by: 'id' as const, descending: false }] },
  ])('$name reads as many as it shows, and counts along an index', async ({ sort }) => {
    for (const tenantId of [null, world.tenantId]) {
      const [chosen = [], shown = [], counted = []] = await plansOf(
        () => queryWebhooks(db, { ...reach(), ...plain, sort, tenantId }),
        tenantId,
      );
      expect(chosen.map((node) => node['Node Type'])).not.toContain('Sort');
      expect(rowsOf(chosen.filter((node) => node['Relation Name'] === 'webhooks'))).toBe(limit);
      expect(rowsOf(shown.filter((node) => node['Relation Name'] === 'webhooks'))).toBe(limit);
      expect(counted.map((node) => node['Node Type'])).not.toContain('Seq Scan');
    }
  });
});

describe('a list of answers', () => {
  it('reads no attempts whole, and no events but those that it shows', async () => {
    const [nodes = []] = await plansOf(() => queryCallbacks(db, { ...reach(), ...plain, withBodies: true, conditions: of(busy[0]!) }));
    for (const table of ['attempts', 'events', 'deliveries'])
      expect(partsOf(nodes, table).filter((node) => node['Node Type'] === 'Seq Scan' && node['Actual Rows'] > 0)).toEqual([]);
    expect(rowsOf(partsOf(nodes, 'events'))).toBe(limit);
  });

  it('of a webhook without any walks through nobody else’s', async () => {
    for (const run of [
      () => queryCallbacks(db, { ...reach(), ...plain, withBodies: true, conditions: of(idle) }),
      () => newestCallbacks(db, [idle], true),
    ]) {
      const [nodes = []] = await plansOf(run);
      // The primary key would have the right order too, and be read whole.
      const indexes = nodes.flatMap((node) => node['Index Name'] ?? []).filter((name) => name.startsWith('deliveries_'));
      expect(indexes.length).toBeGreaterThan(0);
      expect(indexes.filter((name) => !name.endsWith('_webhook_id_event_id_idx'))).toEqual([]);
      expect(rowsOf(['attempts', 'deliveries', 'events'].flatMap((table) => partsOf(nodes, table)))).toBe(0);
    }
  });

  it('of the last answers of a webhook looks at its newest alone', async () => {
    const [nodes = []] = await plansOf(() => newestCallbacks(db, [busy[0]!, idle], true));
    expect(rowsOf(partsOf(nodes, 'deliveries'))).toBeLessThan(rowsPerDay);
    expect(rowsOf(partsOf(nodes, 'attempts'))).toBeLessThan(rowsPerDay);
  });
});
