// A row of every table that belongs to an environment or a tenant, made from the catalogue: a table that comes later gets one too.
import type { World } from './world.js';

export type Place = { readonly environmentId: string; readonly tenantId: string };

export type WalledTable = {
  readonly name: string;
  /** Column that holds the environment; null: the table has none. */
  readonly environment: string | null;
  readonly tenant: string | null;
};

const bytes = (count: number): string => `decode(substr(md5(random()::text) || md5(random()::text), 1, ${2 * count}), 'hex')`;
/** What a column takes, if its type does not say so. */
const special: Readonly<Record<string, string>> = {
  'api_keys.role': `'viewer'`,
  'api_keys.key_hash': bytes(32),
  'environments.mode': `'test'`,
  'idempotency_keys.window_start': `date_trunc('hour', now())`,
  'mails.kind': `'trouble'`,
  'notifications.kind': `'circuit_opened'`,
  'replays.mode': `'original'`,
  'replays.status': `'done'`,
  'webhook_secrets.purpose': `'signing'`,
  'webhook_secrets.iv': bytes(12),
};
const ofType: Readonly<Record<string, string>> = {
  // Ids of events choose a partition.
  uuid: 'new_uuidv7()',
  text: 'md5(random()::text)',
  'timestamp with time zone': 'now()',
  smallint: '1',
  integer: '1',
  bigint: '1',
  boolean: 'false',
  bytea: bytes(32),
  jsonb: `'{}'`,
};

/** Every table with a column of an environment or a tenant, those two tables themselves included; no partitions. */
export const walledTables = async (world: World): Promise<readonly WalledTable[]> => {
  const rows = await world.rows<{ name: string; columns: string[] }>(
    `select c.relname as name, array_agg(a.attname::text) as columns
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      group by c.relname having c.relname = 'environments' or bool_or(a.attname in ('environment_id', 'tenant_id')) order by 1`,
  );
  return rows.map(({ name, columns }) => ({
    name,
    environment: name === 'environments' ? 'id' : columns.includes('environment_id') ? 'environment_id' : null,
    tenant: name === 'tenants' ? 'id' : columns.includes('tenant_id') ? 'tenant_id' : null,
  }));
};

/** An `insert` of a row that belongs there; what it refers to need not be there where nobody checks it. */
export const insertOf = async (world: World, { name, environment, tenant }: WalledTable, place: Place): Promise<string> => {
  const columns = await world.rows<{ name: string; type: string }>(
    `select attname::text as name, format_type(atttypid, null) as type from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' and attidentity = ''
        and (attnotnull and not atthasdef or attname = any ($2::text[])) order by attnum`,
    [name, [environment, tenant].filter((each) => each !== null)],
  );
  const sqlOf = (column: string, type: string): string => {
    if (column === environment) return `'${place.environmentId}'`;
    if (column === tenant) return `'${place.tenantId}'`;
    const value = special[`${name}.${column}`] ?? ofType[type];
    if (value === undefined) throw new Error(`what does ${name}.${column} take, of type ${type}?`);
    return value;
  };
  return `insert into ${name} (${columns.map((column) => column.name).join(', ')})
          values (${columns.map((column) => sqlOf(column.name, column.type)).join(', ')})`;
};

/** A row of each table for each place, and of each mail somebody whom it tells. */
export const fillWalledTables = async (world: World, places: readonly Place[]): Promise<void> => {
  const statements: string[] = [];
  const environments = new Set<string>();
  for (const place of places)
    for (const table of await walledTables(world)) {
      if (table.name === 'environments') {
        if (environments.has(place.environmentId)) continue;
        environments.add(place.environmentId);
      }
      statements.push(await insertOf(world, table, place));
    }
  await world.transaction(async (connection) => {
    // Nothing refers to what it should.
    await connection.query('set local session_replication_role = replica');
    for (const statement of statements) await connection.query(statement);
    await connection.query(
      `update notifications n set mail_id = m.id, outcome = 'mailed', closed_at = now()
         from (select n.id as notification_id, m.id from (select *, row_number() over (partition by environment_id order by id) as place from notifications) n
                 join (select *, row_number() over (partition by environment_id order by id) as place from mails) m using (environment_id, place)) m
        where n.id = m.notification_id`,
    );
  });
};
