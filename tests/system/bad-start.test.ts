// What a server process says, and with which code it ends, when what it needs is absent, wrong or would lose events: one sentence, never a stack trace.
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, freePort, makeTemporaryDirectory, type RedisServer, startRedis } from '@posthorn/testkit';
import { type OwnPostgres, startOwnPostgres } from './support/own-postgres.js';
import { newAdminKey, startPosthorn } from './support/product.js';
import { expectSentence, runToEnd, type StartedRole } from './support/server-starts.js';
import { changedUrl, demandTls, fillDisk, itWithDisk, mountSmallDisk, runSql } from './support/sick-postgres.js';

type Env = Readonly<Record<string, string>>;
type Case = readonly [what: string, role: StartedRole, change: () => Promise<Env> | Env, code: number, says: RegExp];

let server: OwnPostgres;
let redis: RedisServer;
let taken: Server;
let folder: Awaited<ReturnType<typeof makeTemporaryDirectory>>;
const closers: (() => Promise<unknown>)[] = [];
let base: Env;

beforeAll(async () => {
  folder = await makeTemporaryDirectory('bad-start');
  [server, redis] = await Promise.all([startOwnPostgres('bad-start-postgres'), startRedis()]);
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  base = {
    DATABASE_URL: server.url,
    REDIS_URL: redis.url,
    HOST: '127.0.0.1',
    PORT: '0',
    POSTHORN_WORKER_PORT: '0',
    POSTHORN_START_WAIT_S: '0',
    POSTHORN_DATA_DIR: join(folder.path, 'data'),
    POSTHORN_BOOTSTRAP_KEY: newAdminKey(),
    POSTHORN_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    LOG_LEVEL: 'error',
  };
}, 120_000);
afterAll(async () => {
  taken?.close();
  for (const close of closers.reverse()) await close();
  await Promise.all([server?.stop(), redis?.stop()]);
  await folder?.cleanup();
}, 60_000);

/** A copy of the migrated database, changed by statements. */
const copy = async (name: string, ...statements: readonly string[]): Promise<Env> => {
  const own = new URL(server.url).pathname.slice(1);
  const elsewhere = changedUrl(server.url, { database: 'postgres' });
  await runSql(elsewhere, `create database ${name} template ${own}`);
  const url = changedUrl(server.url, { database: name });
  await runSql(url, ...statements);
  return { DATABASE_URL: url };
};

const withSetting = async (setting: string, value: string): Promise<void> => {
  await runSql(server.url, `alter system set ${setting} = ${value}`, 'select pg_reload_conf()');
  await eventually(async () => (await runSql(server.url, `show ${setting}`))[0]?.[setting] === value);
};

const onDisk = await itWithDisk();

const port = (): string => String((taken.address() as { port: number }).port);
const user = (name: string, more = '') => `create user ${name} password 'right' ${more}`;

const cases: readonly Case[] = [
  ['the port of the API is taken', 'api', () => ({ PORT: port() }), 71, /error: port \d+ of 127\.0\.0\.1 is taken: .* PORT$/m],
  ['the port of start is taken', 'start', () => ({ PORT: port() }), 71, /error: port \d+ .* is taken: .* PORT$/m],
  [
    'the port of the worker is taken',
    'worker',
    () => ({ POSTHORN_WORKER_PORT: port() }),
    71,
    /error: port \d+ .* is taken: .* POSTHORN_WORKER_PORT$/m,
  ],
  [
    'the address is not of this machine',
    'api',
    () => ({ HOST: '192.0.2.1' }),
    71,
    /error: this machine has no address 192\.0\.2\.1: .* HOST$/m,
  ],
  ...(['api', 'worker', 'start', 'migrate'] as const).map(
    (role): Case => [
      'Postgres is absent',
      role,
      async () => ({ DATABASE_URL: `postgresql://a:b@127.0.0.1:${await freePort()}/x` }),
      69,
      /error: gave up after 0 s \(POSTHORN_START_WAIT_S\): Postgres is not reachable \(.*ECONNREFUSED/,
    ],
  ),
  [
    'the password is wrong',
    'api',
    () => ({ DATABASE_URL: changedUrl(server.url, { password: 'wrong' }) }),
    78,
    /error: Postgres refuses the user or the password of DATABASE_URL/,
  ],
  [
    'the database has another name',
    'worker',
    () => ({ DATABASE_URL: changedUrl(server.url, { database: 'nowhere' }) }),
    78,
    /error: Postgres has no such database .*nowhere/,
  ],
  [
    'Postgres demands TLS',
    'api',
    async () => {
      await runSql(server.url, user('tls_only'));
      await demandTls(server.url, 'tls_only');
      return { DATABASE_URL: changedUrl(server.url, { user: 'tls_only', password: 'right' }) };
    },
    78,
    /error: Postgres takes this user only with TLS .*sslmode=verify-full/,
  ],
  [
    'TLS is asked of a Postgres that has none',
    'api',
    () => ({ DATABASE_URL: `${server.url}?sslmode=require` }),
    78,
    /error: Postgres takes no TLS/,
  ],
  [
    'the user lacks rights',
    'api',
    async () => {
      await runSql(server.url, user('weak'));
      return { DATABASE_URL: changedUrl(server.url, { user: 'weak', password: 'right' }) };
    },
    78,
    /error: the user of DATABASE_URL lacks a right \(permission denied/,
  ],
  [
    'the database takes no writes',
    'worker',
    () => copy('read_only', 'alter database read_only set default_transaction_read_only = on'),
    69,
    /error: gave up .*Postgres takes no writes/,
  ],
  [
    'the schema is of the future',
    'api',
    () => copy('future', `insert into kysely_migration values ('9999_future', '2030')`),
    76,
    /error: the database belongs to a newer version .*9999_future/,
  ],
  [
    'the schema is of the future',
    'start',
    async () => ({ DATABASE_URL: changedUrl(server.url, { database: 'future' }) }),
    76,
    /error: the database belongs to a newer version .*9999_future/,
  ],
  [
    'the schema is of the future',
    'migrate',
    async () => ({ DATABASE_URL: changedUrl(server.url, { database: 'future' }) }),
    76,
    /error: the database belongs to a newer version .*9999_future/,
  ],
  [
    'the schema is half migrated',
    'api',
    () => copy('half', `delete from kysely_migration where name > '0005'`),
    76,
    /error: gave up .*not migrated yet \(run: posthorn migrate\): it lacks \S+ and \d+ more/,
  ],
  [
    'the schema is empty',
    'worker',
    async () => {
      await runSql(server.url, 'create database empty');
      return { DATABASE_URL: changedUrl(server.url, { database: 'empty' }) };
    },
    76,
    /error: gave up .*not migrated yet/,
  ],
  [
    'Redis asks for a password',
    'api',
    async () => ({ REDIS_URL: (await startSick('--requirepass', 'right')).url }),
    78,
    /error: Redis asks for a password: add it to REDIS_URL/,
  ],
  [
    'the password of Redis is wrong',
    'worker',
    async () => ({ REDIS_URL: (await startSick('--requirepass', 'right')).url.replace('://', '://:wrong@') }),
    78,
    /error: Redis refuses the user or the password of REDIS_URL/,
  ],
  [
    'the data directory is a file',
    'api',
    async () => {
      const path = join(folder.path, 'file');
      await writeFile(path, '');
      return { POSTHORN_DATA_DIR: path };
    },
    71,
    /error: .*file\S* cannot be written \((EEXIST|ENOTDIR)\): .*POSTHORN_DATA_DIR/,
  ],
];

const startSick = async (...args: readonly string[]): Promise<RedisServer> => {
  const sick = await startRedis({ args });
  closers.push(sick.stop);
  return sick;
};

describe('a start', () => {
  it.each(cases)(
    'where %s (%s) ends and says so',
    async (...[, role, change, code, says]: Case) => {
      expectSentence(await runToEnd(role, { ...base, ...(await change()) }), code, says);
    },
    60_000,
  );

  it('with full_page_writes off is warned of', async () => {
    await withSetting('full_page_writes', 'off');
    try {
      expect(await runToEnd('migrate', base)).toMatchObject({ code: 0, output: expect.stringMatching(/full_page_writes = off/) });
    } finally {
      await withSetting('full_page_writes', 'on');
    }
  }, 60_000);
});

describe('on a full disk', () => {
  onDisk(
    'a start says so',
    async () => {
      const disk = await mountSmallDisk(1);
      try {
        await fillDisk(disk.path);
        const { POSTHORN_ENCRYPTION_KEY: _, ...withoutKey } = base;
        expectSentence(
          await runToEnd('api', { ...withoutKey, POSTHORN_DATA_DIR: disk.path }),
          71,
          /error: the disk of .* is full \(ENOSPC\): make room/,
        );
      } finally {
        await disk.remove();
      }
    },
    60_000,
  );
});

describe('what comes late', () => {
  it('is waited for, and said once: Postgres, then its schema', async () => {
    await server.kill();
    const api = startPosthorn('api', { ...base, POSTHORN_START_WAIT_S: '120' });
    closers.push(() => api.kill());
    await eventually(() => api.output().includes('waiting: Postgres is not reachable'), { timeoutMs: 30_000 });
    await server.restart();
    await api.ready;
    expect(api.output().match(/waiting: Postgres is not reachable \([^)]*ECONNREFUSED/g)).toHaveLength(1);
    await api.kill();

    const { DATABASE_URL } = await copy('late', 'select 1');
    await runSql(DATABASE_URL!, 'create table kept as select * from kysely_migration', `delete from kysely_migration where name > '0005'`);
    const worker = startPosthorn('worker', { ...base, DATABASE_URL: DATABASE_URL!, POSTHORN_START_WAIT_S: '120' });
    closers.push(() => worker.kill());
    await eventually(() => worker.output().includes('waiting: the database is not migrated yet'), { timeoutMs: 30_000 });
    await runSql(DATABASE_URL!, 'insert into kysely_migration select * from kept where name not in (select name from kysely_migration)');
    await worker.ready;
    await worker.kill();
  }, 120_000);
});

describe('a Redis that is not as it should be', () => {
  it.each([
    ['evicts', ['--maxmemory-policy', 'allkeys-lru'], /"reason":"Redis at \S+ throws jobs away .*allkeys-lru/],
    ['is full', ['--maxmemory', '100kb'], /"reason":"Redis at \S+ has used its maxmemory/],
    ['is a replica', ['--replicaof', '127.0.0.1', '1'], /"reason":"Redis at \S+ is a replica/],
  ])(
    'and %s is an error in the log; the API runs all the same',
    async (_, args, says) => {
      const api = startPosthorn('api', { ...base, REDIS_URL: (await startSick(...args)).url });
      await api.ready;
      expect(api.output()).toMatch(says);
      expect(api.output()).toContain('queue.doubtful');
      expect((await api.kill()).code).toBe(0);
    },
    60_000,
  );
});
