import { afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from './postgres-server.js';

let databases: TestDatabase[] = [];

async function create(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  databases.push(database);
  return database;
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

afterEach(async () => {
  await Promise.all(databases.map((database) => database.drop()));
  databases = [];
});

describe('a test database', () => {
  it('has the migrated schema and shares nothing with another one', async () => {
    const [first, second] = await Promise.all([create(), create()]);
    const [one, two] = await Promise.all([connect(first.url), connect(second.url)]);
    await one.query('create table mine (n int)');
    const tables = async (client: pg.Client) =>
      (await client.query("select table_name from information_schema.tables where table_schema = 'public'")).rows.map(
        (row) => row.table_name,
      );
    expect(await tables(one)).toEqual(expect.arrayContaining(['events', 'deliveries', 'mine']));
    expect(await tables(two)).not.toContain('mine');
    await Promise.all([one.end(), two.end()]);
  });

  it('fails a test that leaves a session open, and goes all the same', async () => {
    const database = await createTestDatabase();
    const left = await connect(database.url);
    await left.query("select 'forgotten'");
    await expect(database.drop()).rejects.toThrow("1 sessions were left open on a test's database (idle: select 'forgotten')");
    await expect(connect(database.url)).rejects.toThrow('does not exist');
    await left.end().catch(() => undefined);
  });
});
