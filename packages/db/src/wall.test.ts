// The second wall: without a WHERE nobody sees or changes what is not in reach, whatever the table; and nothing of a scope stays with a connection.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import { sql } from 'kysely';
import pg from 'pg';
import { fillWalledTables, insertOf, type WalledTable, walledTables } from '../tests/wall-rows.js';
import { createWorld, type World } from '../tests/world.js';
import { createDatabases, type Database } from './pools.js';
import type { Reach } from './reading.js';
import { behindWall, inReach, type WalledPool } from './wall.js';

const roles = { environment: 'posthorn_management', tenant: 'posthorn_tenant' } as const;
const [here, there] = [randomUUID(), randomUUID()];
const [own, beside, abroad] = [
  { environmentId: here, tenantId: randomUUID() },
  { environmentId: here, tenantId: randomUUID() },
  { environmentId: there, tenantId: randomUUID() },
];
const reaches: readonly (readonly [string, Reach])[] = [
  ['an environment', { environmentId: here, tenantId: null }],
  ['a tenant', own],
];

let world: World;
let tables: readonly WalledTable[];
let pool: pg.Pool;
let walled: WalledPool;

beforeAll(async () => {
  world = await createWorld();
  tables = await walledTables(world);
  await fillWalledTables(world, [own, beside, abroad]);
  pool = new pg.Pool({ connectionString: world.url, max: 1, application_name: 'walled' });
  walled = behindWall(pool);
});
afterAll(async () => {
  await pool.end();
  await world.drop();
});

const roleOf = ({ tenantId }: Reach): string => (tenantId === null ? roles.environment : roles.tenant);
const may = async (role: string, table: string, what: string): Promise<boolean> =>
  (await world.row<{ may: boolean }>('select has_table_privilege($1, $2, $3) as may', [role, table, what])).may;
/** SQLSTATE, or how many rows it came to. */
const outcomeOf = (asked: Promise<pg.QueryResult>): Promise<string | number | null> =>
  asked.then(
    ({ rowCount }) => rowCount,
    (error: { code?: string }) => error.code ?? String(error),
  );
const refused = '42501';
const strangersOf = ({ environment, tenant }: WalledTable, reach: Reach): string =>
  [
    environment === null ? null : `${environment} <> '${reach.environmentId}'`,
    tenant === null || reach.tenantId === null ? null : `coalesce(${tenant} <> '${reach.tenantId}', true)`,
  ]
    .filter((each) => each !== null)
    .join(' or ') || 'false';

it('stands before every table of an environment or a tenant', async () => {
  const open = await world.rows<{ name: string; role: string }>(
    `select c.relname as name, r.rolname as role from pg_class c cross join pg_roles r
      where c.relname = any ($1::text[]) and c.relnamespace = 'public'::regnamespace and r.rolname = any ($2::text[])
        and has_any_column_privilege(r.oid, c.oid, 'select, insert, update')
        and (not c.relrowsecurity or not exists (select from pg_policy p where p.polrelid = c.oid and r.oid = any (p.polroles)))`,
    [tables.map(({ name }) => name), Object.values(roles)],
  );
  expect(tables.length).toBeGreaterThan(20);
  expect(open).toEqual([]);
  const unguarded = await world.rows<{ name: string }>(
    `select relname as name from pg_class where relname = any ($1::text[]) and relnamespace = 'public'::regnamespace and not relrowsecurity`,
    [tables.map(({ name }) => name)],
  );
  expect(unguarded).toEqual([]);
});

it('lets nobody through to a partition, nor to what belongs to no environment', async () => {
  const reached = await world.rows<{ name: string }>(
    `select c.relname as name from pg_class c cross join pg_roles r
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and r.rolname = any ($1::text[])
        and (c.relispartition or not c.relname = any ($2::text[])) and has_any_column_privilege(r.oid, c.oid, 'select, insert, update')
      group by c.relname order by c.relname`,
    [Object.values(roles), tables.map(({ name }) => name)],
  );
  // Ids of events on their way, and nothing else of them; and from which event on they are kept.
  expect(reached.map(({ name }) => name)).toEqual(['dispatches', 'retention']);
});

describe.each(reaches)('in the reach of %s', (_, reach) => {
  it('a select without a WHERE sees all that is in reach, and nothing else', async () => {
    for (const table of tables) {
      const all = await world.row<{ own: number; others: number }>(
        `select count(*) filter (where not (${strangersOf(table, reach)}))::int as own, count(*) filter (where ${strangersOf(table, reach)})::int as others
           from ${table.name}`,
      );
      // Mails say no tenant: one of each tenant is there.
      const expected = table.name === 'mails' && reach.tenantId !== null ? 1 : all.own;
      const seen = await inReach(reach, () => outcomeOf(walled.query(`select * from ${table.name}`)));
      expect([table.name, seen]).toEqual([table.name, (await may(roleOf(reach), table.name, 'select')) ? expected : refused]);
      expect(all.own).toBeGreaterThan(0);
      if (table.environment !== null && !(reach.tenantId !== null && table.tenant === null)) expect(all.others).toBeGreaterThan(0);
    }
  });

  it('nothing of another can be inserted, changed or deleted, and nothing given to another', async () => {
    for (const table of tables) {
      const { name, environment, tenant } = table;
      const byTenant = environment === null || (reach.tenantId !== null && tenant !== null);
      const column = byTenant ? tenant : environment;
      const other = reach.tenantId !== null && byTenant ? beside : abroad;
      const isOther = byTenant ? other.tenantId : other.environmentId;
      const ask = (text: string) => inReach(reach, () => outcomeOf(walled.query(text)));
      const unchanged = [0, refused];
      expect([name, await ask(await insertOf(world, table, other))]).toEqual([name, refused]);
      expect(unchanged).toContain(await ask(`update ${name} set ${column} = ${column} where ${column} = '${isOther}'`));
      expect(unchanged).toContain(await ask(`delete from ${name} where ${column} = '${isOther}'`));
      expect([name, await ask(`update ${name} set ${column} = '${isOther}'`)]).toEqual([name, refused]);
    }
  });
});

it('shows nothing to those who said nothing, or whose scope is over', async () => {
  const client = await pool.connect();
  try {
    for (const role of Object.values(roles)) {
      await client.query('begin');
      await client.query(`set local role ${role}`);
      for (const { name } of tables)
        if (await may(role, name, 'select')) expect([name, (await client.query(`select * from ${name}`)).rowCount]).toEqual([name, 0]);
      await client.query('commit');
    }
  } finally {
    client.release();
  }
});

it('sends nothing that belongs to no request', async () => {
  await expect(walled.query('select * from webhooks')).rejects.toThrow('belongs to no request');
});

describe('a connection that comes back', () => {
  const reach: Reach = { environmentId: here, tenantId: own.tenantId };
  let db: Database;
  let walledDb: Database;
  let watched: Database;
  beforeAll(() => {
    ({ db, walledDb } = createDatabases({ url: world.url, max: 1, applicationName: 'one', onError: () => undefined }));
    watched = db;
  });
  afterAll(() => db.destroy());

  const sleeping = sql`select pg_sleep(60)`;
  const cancelled = async (asked: Promise<unknown>): Promise<unknown> => {
    await eventually(
      async () =>
        (
          await world.rows(
            `select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'one manage' and wait_event = 'PgSleep'`,
          )
        ).length > 0,
    );
    return asked;
  };
  const cases: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a statement', () => walledDb.selectFrom('tenants').selectAll().execute()],
    ['an error', () => sql`select 1 / 0`.execute(walledDb)],
    ['an error in its words', () => sql`selec 1`.execute(walledDb)],
    ['a value that fits nowhere', () => sql`select ${'x'}::uuid`.execute(walledDb)],
    ['what was refused', () => walledDb.insertInto('environments').values({ id: there, name: 'x', mode: 'test' }).execute()],
    ['a statement that was cancelled', () => cancelled(sleeping.execute(walledDb))],
    ['a transaction', () => walledDb.transaction().execute((one) => one.selectFrom('tenants').selectAll().execute())],
    [
      'a transaction that failed',
      () =>
        walledDb.transaction().execute(async (one) => {
          await one.selectFrom('tenants').selectAll().execute();
          await sql`select 1 / 0`.execute(one);
        }),
    ],
    ['a transaction that was cancelled', () => cancelled(walledDb.transaction().execute((one) => sleeping.execute(one)))],
  ];

  it.each(cases)('after %s knows nothing of whom it served', async (_name, run) => {
    await inReach(reach, run).catch(() => undefined);
    const { rows } = await sql<{ user: string; same: boolean; environment: string | null; tenant: string | null; seen: number }>`
      select current_user as user, current_user = session_user as same, current_setting('posthorn.environment', true) as environment,
             current_setting('posthorn.tenant', true) as tenant, (select count(*)::int from environments) as seen`.execute(watched);
    expect(rows[0]).toMatchObject({ same: true, seen: 3 });
    expect([rows[0]?.environment || null, rows[0]?.tenant || null]).toEqual([null, null]);
    const next = await inReach({ environmentId: there, tenantId: null }, () => walledDb.selectFrom('environments').select('id').execute());
    expect(next).toEqual([{ id: there }]);
  });

  it('keeps a scope for a whole transaction, and each of many at once its own', async () => {
    const idsIn = (place: Reach) =>
      inReach(place, () =>
        walledDb.transaction().execute(async (one) => {
          const first = await one.selectFrom('tenants').select('id').execute();
          return [...first, ...(await one.selectFrom('tenants').select('id').execute())].map(({ id }) => id);
        }),
      );
    const places = Array.from({ length: 30 }, (_unused, index) => [own, beside, abroad][index % 3]!);
    const seen = await Promise.all(places.map(idsIn));
    expect(seen).toEqual(places.map(({ tenantId }) => [tenantId, tenantId]));
  });
});
