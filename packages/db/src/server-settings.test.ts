// What is read of a real server.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@posthorn/testkit';
import pg from 'pg';
import { createHotPool } from './pools.js';
import { oldestPostgres, readServerSettings } from './server-settings.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('the settings of a server', () => {
  it('are read as they hold for the pool', async () => {
    const pool = createHotPool({ url: database.url, max: 1, applicationName: 'test', onError: () => undefined });
    const read = await readServerSettings(pool);
    await pool.end();
    expect(read).toMatchObject({ synchronousCommit: 'on', isStandby: false, isReadOnly: false, connectionsMax: expect.any(Number) });
    expect(read.major).toBeGreaterThanOrEqual(oldestPostgres);
    expect(read.version.startsWith(`${read.major}`)).toBe(true);
    expect(Math.abs(read.clockAheadMs)).toBeLessThan(60_000);
  });

  it('tell of a session that cannot write or that does not wait for the disk', async () => {
    const options = '-c default_transaction_read_only=on -c synchronous_commit=off';
    const pool = new pg.Pool({ connectionString: database.url, max: 1, options });
    const read = await readServerSettings(pool);
    await pool.end();
    expect(read).toMatchObject({ synchronousCommit: 'off', isStandby: false, isReadOnly: true });
  });
});
