import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld, type World } from '../tests/world.js';
import { migrationsFolder } from './migrate.js';
import { dumpSchema } from './schema-dump.js';

let world: World;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.drop());

describe('migrations/schema.sql', () => {
  it('is what the migrations make (npm run schema:dump writes it anew)', async () => {
    expect(await dumpSchema(world.url)).toBe(await readFile(new URL('schema.sql', migrationsFolder), 'utf8'));
  });
});

describe('the dump', () => {
  it('shows every table with what a migration can change of it, and no partition, nor anything of the migrator or the queue', async () => {
    const before = await dumpSchema(world.url);
    const { tables } = await world.row<{ tables: number }>(
      `select count(*)::int as tables from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition`,
    );
    // All but kysely_migration and kysely_migration_lock.
    expect(before.match(/^create table /gm)).toHaveLength(tables - 2);
    expect(before).not.toMatch(/_\d{8}|kysely|bullmq/i);
    const changes = [
      'alter table tenants add column colour text',
      `alter table tenants alter column name set default 'x'`,
      'alter table tenants alter column metadata drop not null',
      'create index tenants_email on tenants (email)',
      `alter table tenants add constraint short check (length(name) < 9)`,
      'alter table tenants set (fillfactor = 60)',
      'alter table events alter data set storage extended',
      `create or replace function uuidv7_floor(moment timestamptz) returns uuid language sql immutable parallel safe as 'select null::uuid'`,
    ];
    let last = before;
    for (const change of changes) {
      await world.rows(change);
      const dump = await dumpSchema(world.url);
      expect({ change, same: dump === last }).toEqual({ change, same: false });
      last = dump;
    }
  });
});
