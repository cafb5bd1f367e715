// A Postgres that is set so that a crash would lose what was answered for: no server process starts on it, and each says in one sentence why.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase, createHotPool } from '@posthorn/db';
import { makeTemporaryDirectory, type RedisServer, startRedis, type TemporaryDirectory } from '@posthorn/testkit';
import { sql } from 'kysely';
import { type OwnPostgres, startOwnPostgres } from './support/own-postgres.js';
import { newAdminKey, startPosthorn } from './support/product.js';
import { expectSentence, runToEnd } from './support/server-starts.js';
import { type DroppingPooler, startDroppingPooler } from './support/settings-dropping-pooler.js';
import { runSql } from './support/sick-postgres.js';

const configuration = 78;
const roles = ['api', 'worker', 'start', 'migrate'] as const;

let server: OwnPostgres;
let redis: RedisServer;
let folder: TemporaryDirectory;
let base: Readonly<Record<string, string>>;
beforeAll(async () => {
  folder = await makeTemporaryDirectory('unsafe');
  [server, redis] = await Promise.all([startOwnPostgres('unsafe-postgres', { fsync: 'off' }), startRedis()]);
  base = {
    DATABASE_URL: server.url,
    REDIS_URL: redis.url,
    HOST: '127.0.0.1',
    PORT: '0',
    POSTHORN_WORKER_PORT: '0',
    POSTHORN_START_WAIT_S: '60',
    POSTHORN_DATA_DIR: join(folder.path, 'data'),
    POSTHORN_BOOTSTRAP_KEY: newAdminKey(),
    POSTHORN_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    LOG_LEVEL: 'error',
  };
}, 120_000);
afterAll(async () => {
  await Promise.all([server?.stop(), redis?.stop()]);
  await folder?.cleanup();
}, 60_000);

describe('with fsync off', () => {
  it.each(roles)(
    '%s ends at once, and says so',
    async (role) => {
      expectSentence(await runToEnd(role, base), configuration, /^error: Postgres runs with fsync = off, .*: set fsync = on$/m);
    },
    60_000,
  );
});

describe('with synchronous_commit off', () => {
  let pooler: DroppingPooler;
  beforeAll(async () => {
    await server.kill();
    await server.restart({});
    pooler = await startDroppingPooler(server.url);
  }, 60_000);
  afterAll(() => pooler?.stop());

  /** What a session has that sets nothing itself. */
  const plainSetting = async (): Promise<unknown> => (await runSql(server.url, 'show synchronous_commit'))[0]?.synchronous_commit;

  /** Else the kill that comes next loses the change: what the setting does. */
  const durably = ['set synchronous_commit = on'];

  const levels: readonly (readonly [level: string, setOff: () => Promise<unknown>, setBack: () => Promise<unknown>])[] = [
    [
      'the role',
      () => runSql(server.url, 'alter role posthorn set synchronous_commit = off'),
      () => runSql(server.url, ...durably, 'alter role posthorn reset all'),
    ],
    [
      'the database',
      () => runSql(server.url, 'alter database posthorn set synchronous_commit = off'),
      () => runSql(server.url, ...durably, 'alter database posthorn reset all'),
    ],
    [
      'the server',
      async () => {
        await server.kill();
        await server.restart({ synchronous_commit: 'off' });
      },
      async () => {
        await server.kill();
        await server.restart({});
      },
    ],
  ];

  describe.each(levels)('for %s', (_, setOff, setBack) => {
    beforeAll(async () => {
      await setOff();
      expect(await plainSetting()).toBe('off');
    }, 60_000);
    afterAll(async () => {
      await setBack();
      expect(await plainSetting()).toBe('on');
    }, 60_000);

    it.each(roles)(
      '%s ends behind a pooler that drops the settings of its sessions, and says so',
      async (role) => {
        expectSentence(
          await runToEnd(role, { ...base, DATABASE_URL: pooler.url }),
          configuration,
          /^error: Postgres commits with synchronous_commit = off, .*set it on for this user and database.*$/m,
        );
      },
      60_000,
    );

    it('an API starts where its sessions keep their settings, since each of them waits for the disk', async () => {
      const options = { url: server.url, max: 1, applicationName: 'test', onError: () => undefined };
      const [pool, db] = [createHotPool(options), createDatabase(options)];
      try {
        expect((await pool.query('show synchronous_commit')).rows).toEqual([{ synchronous_commit: 'on' }]);
        expect((await sql`show synchronous_commit`.execute(db)).rows).toEqual([{ synchronous_commit: 'on' }]);
      } finally {
        await Promise.all([pool.end(), db.destroy()]);
      }
      const api = startPosthorn('api', base);
      await api.ready;
      expect((await api.kill()).code).toBe(0);
    }, 60_000);
  });
});
