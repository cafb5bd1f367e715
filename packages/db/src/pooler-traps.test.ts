import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@posthorn/testkit';
import pg from 'pg';
import { readRights } from './database-rights.js';
import { comparedSessions, findPoolerTraps } from './pooler-traps.js';
import { createHotPool, type HotPool } from './pools.js';

let database: TestDatabase;
let pool: HotPool;
const opened: HotPool[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createHotPool({ url: database.url, max: 2, applicationName: 'test', onError: () => undefined });
});
afterAll(async () => {
  await Promise.all([pool, ...opened].map((each) => each.end()));
  await database.drop();
});

it('finds no trap where there is no pooler', async () => {
  expect(await findPoolerTraps(pool)).toEqual({ sharesSessions: false, dropsSettings: false, mixesStatements: false });
});

it('sees that two connections are one session, as behind a pooler by transaction', async () => {
  const session = await pool.connect();
  try {
    expect(await comparedSessions(session, session)).toMatchObject({ sharesSessions: true });
  } finally {
    session.release();
  }
});

it('sees that settings of the connection do not hold, as behind a pooler that drops them', async () => {
  const bare = new pg.Pool({ connectionString: database.url, max: 2 });
  opened.push(bare);
  expect(await findPoolerTraps(bare)).toEqual({ sharesSessions: false, dropsSettings: true, mixesStatements: false });
});

it('sees that a statement prepared on one connection is in the way of the other', async () => {
  const fresh = new pg.Pool({ connectionString: database.url, max: 1 });
  opened.push(fresh);
  const session = await fresh.connect();
  try {
    // Prepared on the server behind the driver's back, as another client of the same pooler does.
    await session.query('prepare "doctor-pooler" as select 1');
    expect(await comparedSessions(session, session)).toMatchObject({ mixesStatements: true });
  } finally {
    session.release(true);
  }
});

it('says what a user may do', async () => {
  expect(await readRights(pool)).toEqual({ user: expect.any(String), mayMakeTables: true, mayMakeSchemas: true, ownsTables: true });
  const role = `reader_${Math.random().toString(36).slice(2)}`;
  await pool.query(`create role ${role}`);
  const connection = await pool.connect();
  try {
    await connection.query(`set role ${role}`);
    expect(await readRights(connection)).toEqual({ user: role, mayMakeTables: false, mayMakeSchemas: false, ownsTables: false });
  } finally {
    await connection.query('reset role');
    await connection.query(`drop role ${role}`);
    connection.release(true);
  }
});
