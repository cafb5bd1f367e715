// Each thing that may be missing in a database, on a real one.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@posthorn/testkit';
import { fullDiskRememberedS } from './full-disk.js';
import { createHotPool, type HotPool } from './pools.js';
import { readReadiness } from './readiness.js';
import { holdSchedulerLease, releaseSchedulerLease } from './scheduler-lease.js';

const holder = crypto.randomUUID();
let database: TestDatabase;
let pool: HotPool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createHotPool({ url: database.url, max: 1, applicationName: 'test', onError: () => undefined });
  // So that midnight may pass.
  await pool.query(`select make_partitions((now() at time zone 'UTC')::date - 2, (now() at time zone 'UTC')::date + 7)`);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const drop = (daysAhead: string) =>
  pool.query(
    `do $$ begin execute 'drop table if exists attempts_' || to_char(now() at time zone 'UTC' + interval '${daysAhead}', 'YYYYMMDD'); end $$`,
  );

it('is ready with a scheduler, and tells when none has been there', async () => {
  await holdSchedulerLease(pool, holder, 3_600_000);
  expect(await readReadiness(pool)).toEqual({ problems: {}, degraded: {} });
  await releaseSchedulerLease(pool, holder);
  expect(await readReadiness(pool)).toEqual({ problems: {}, degraded: { scheduler: expect.stringMatching(/30 s/) } });
  await holdSchedulerLease(pool, holder, 3_600_000);
});

it('tells of a database that takes no writes', async () => {
  await pool.query('set default_transaction_read_only = on');
  expect(await readReadiness(pool)).toMatchObject({ problems: { postgres: expect.stringMatching(/takes no writes/) } });
  await pool.query('set default_transaction_read_only = off');
});

it('tells of a full disk for a while after it refused something, to those whom it refused', async () => {
  const options = { url: database.url, max: 1, applicationName: 'test', onError: () => undefined };
  const refused = createHotPool(options);
  try {
    // As Postgres says it where a file cannot grow.
    const full = `do $$ begin raise exception using errcode = '53100', message = 'could not extend file'; end $$`;
    await expect(refused.query(full)).rejects.toMatchObject({ code: '53100' });
    expect(await readReadiness(refused)).toEqual({ problems: { postgres: expect.stringMatching(/disk is full/) }, degraded: {} });
    expect(await readReadiness(pool)).toEqual({ problems: {}, degraded: {} });
    expect(await readReadiness(refused, performance.now() + fullDiskRememberedS * 1_000)).toEqual({ problems: {}, degraded: {} });
  } finally {
    await refused.end();
  }
});

it('is not ready on an older schema, and is on a newer one, which it tells', async () => {
  await pool.query(`update kysely_migration set name = '9999_future' where name = '0001_initial'`);
  expect(await readReadiness(pool)).toEqual({
    problems: { schema: expect.stringMatching(/0001_initial.*posthorn migrate/) },
    degraded: { schema: expect.stringMatching(/9999_future/) },
  });
  await pool.query(`update kysely_migration set name = '0001_initial' where name = '9999_future'`);
});

it('tells when tomorrow has no place, and is not ready when today has none', async () => {
  const dayOf = async () => (await pool.query(`select (now() at time zone 'UTC')::date::text as day`)).rows[0].day;
  const day = await dayOf();
  await drop('1 day');
  const withoutTomorrow = await readReadiness(pool);
  await drop('0 days');
  const withoutToday = await readReadiness(pool);
  // At midnight these are other days.
  if ((await dayOf()) !== day) return;
  expect(withoutTomorrow).toEqual({ problems: {}, degraded: { partitions: expect.stringMatching(/tomorrow/) } });
  expect(withoutToday).toEqual({ problems: { partitions: expect.stringMatching(/today/) }, degraded: {} });
});
