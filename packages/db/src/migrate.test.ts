import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@posthorn/testkit';
import pg from 'pg';
import { compareSchema, migrate, migrationsFolder } from './migrate.js';

let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 2 });
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** Every migration of this version. */
const all = readdirSync(migrationsFolder)
  .filter((name) => /^\d{4}_/.test(name))
  .map((name) => name.replace(/\.sql$/, ''))
  .sort();

const emptyDatabase = async () => {
  await pool.query('drop schema public cascade');
  await pool.query('create schema public');
};

const relations = async (): Promise<readonly string[]> =>
  (await pool.query(`select relname from pg_class where relnamespace = 'public'::regnamespace order by 1`)).rows.map((row) => row.relname);

describe('migrate', () => {
  it('is a no-op on a database that has everything', async () => {
    // Partitions of a day that has come since the database was made.
    await migrate(database.url);
    const before = await relations();
    expect(await migrate(database.url)).toEqual([]);
    expect(await relations()).toEqual(before);
  });

  it('makes everything once when two processes begin at the same moment', async () => {
    // Twice four: the race is between what comes after the lock, the partitions, too.
    for (let round = 0; round < 2; round++) {
      await emptyDatabase();
      const ran = await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url), migrate(database.url)]);
      expect(ran.flat().sort()).toEqual(all);
      expect(await compareSchema(pool)).toEqual({ missing: [], unknown: [] });
    }
    const days = await pool.query(`select count(*)::int as days from pg_inherits where inhparent = 'events'::regclass`);
    expect(days.rows).toEqual([{ days: 10 }]);
  });
});

describe('a user who may not make roles', () => {
  it('is told what an administrator has to run, and migrates afterwards', async () => {
    const user = `plain_${randomUUID().slice(0, 8)}`;
    await pool.query(`create role ${user} login password 'x'`);
    try {
      await pool.query('drop schema public cascade');
      await pool.query(`create schema public authorization ${user}`);
      const url = Object.assign(new URL(database.url), { username: user, password: 'x' }).href;
      const said = await migrate(url).catch((error: Error) => error.message);
      expect(said).toMatch(/may not make the roles .*run: create role .*; grant posthorn_management, posthorn_tenant to plain_\w+; then/);
      await pool.query(/(grant [^;]+);/.exec(String(said))?.[1] ?? '');
      expect(await migrate(url)).toEqual(all);
    } finally {
      await pool.query(`drop owned by ${user} cascade`);
      await pool.query(`drop role ${user}`);
      await pool.query('create schema if not exists public');
    }
  });
});

describe('compareSchema', () => {
  it('says what this version has and the database has not, and what it does not know', async () => {
    await emptyDatabase();
    expect(await compareSchema(pool)).toEqual({ missing: all, unknown: [] });
    await migrate(database.url);
    await pool.query(`update kysely_migration set name = '9999_of_a_newer_version' where name = '0002_functions'`);
    expect(await compareSchema(pool)).toEqual({ missing: ['0002_functions'], unknown: ['9999_of_a_newer_version'] });
  });
});
