// What /readyz says over HTTP of real processes, api, worker and start, when a server that they need is there and not as it should be; and that what comes back
// goes on delivering by itself.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  eventually,
  type Receiver,
  type RedisServer,
  type StartedProcess,
  startProcess,
  startReceiver,
  startRedis,
} from '@posthorn/testkit';
import { request } from 'undici';
import { type OwnPostgres, startOwnPostgres } from './support/own-postgres.js';
import { command, type Product, startProduct, urlOf } from './support/product.js';
import { commandRedis } from './support/redis.js';
import { runSql } from './support/sick-postgres.js';
import { untilSettled } from './support/truth.js';

type Readiness = {
  readonly status: number;
  readonly problems: Readonly<Record<string, string>>;
  readonly degraded: Readonly<Record<string, string>>;
};
type Role = 'api' | 'worker' | 'start';
/** What each says, by check: of `problems` with 503, of `degraded` with 200. */
type Said = {
  readonly [R in Role]: { readonly problems?: Readonly<Record<string, RegExp>>; readonly degraded?: Readonly<Record<string, RegExp>> };
};
type Trouble = {
  readonly make: () => Promise<unknown>;
  readonly mend: () => Promise<unknown>;
  readonly said: Said;
  readonly publishing: number;
};

/** No request that begins so long after the trouble is answered without it; and each is answered within that time. */
const boundMs = 5_000;

let server: OwnPostgres;
let redis: RedisServer;
let product: Product;
let receiver: Receiver;
let start: StartedProcess;
let urls: Readonly<Record<Role, string>>;
beforeAll(async () => {
  [server, redis, receiver] = await Promise.all([startOwnPostgres('readyz'), startRedis(), startReceiver()]);
  product = await startProduct({ databaseUrl: server.url, redis });
  start = startProcess({ args: [command, 'start'], env: product.env, name: 'posthorn start', readyWhen: /Posthorn is ready on http:\S+/ });
  await start.ready;
  const find = (process: StartedProcess | undefined, words: RegExp): string => words.exec(process?.output() ?? '')?.[1] ?? '';
  urls = {
    api: urlOf(product.apiProcess),
    worker: find(product.workers[0], /health on (http:[^)\s]+)\)/),
    start: find(start, /Posthorn is ready on (http:\S+)/),
  };
  await product.api.createWebhook({ url: receiver.url() });
}, 120_000);
afterAll(async () => {
  await start?.kill();
  await product?.stop();
  await Promise.all([server?.stop(), redis?.stop(), receiver?.stop()]);
}, 60_000);

const ask = async (role: Role): Promise<Readiness> => {
  const began = performance.now();
  const { statusCode, body } = await request(`${urls[role]}/readyz`);
  const { problems, degraded } = (await body.json()) as Readiness;
  expect(performance.now() - began).toBeLessThan(boundMs);
  return { status: statusCode, problems, degraded };
};

/** The checks that the trouble is about. Of others, a scheduler that changes or circuits that were not looked at may be told meanwhile. */
const matching = (expected: Readonly<Record<string, RegExp>> = {}) =>
  expect.objectContaining(Object.fromEntries(Object.entries(expected).map(([check, words]) => [check, expect.stringMatching(words)])));

const says = ({ status, problems, degraded }: Readiness, expected: Said[Role]): void => {
  expect({ status, problems, degraded }).toEqual({
    status: expected.problems === undefined ? 200 : 503,
    problems: matching(expected.problems),
    degraded: matching(expected.degraded),
  });
};

/** Resolves once it says so; rejects if a request that began later than the bound was answered otherwise. */
const untilSaid = async (role: Role, expected: Said[Role], since: number): Promise<void> => {
  let lastAt = 0;
  await eventually(
    async () => {
      const at = performance.now();
      const answer = await ask(role);
      try {
        says(answer, expected);
        return true;
      } catch (error) {
        lastAt = at;
        throw error;
      }
    },
    { timeoutMs: 30_000 },
  );
  expect(lastAt).toBeLessThan(since + boundMs);
};

const untilWell = async (): Promise<void> => {
  for (const role of ['api', 'worker', 'start'] as const)
    await eventually(
      async () => {
        const { problems, degraded } = await ask(role);
        expect({ role, problems, degraded }).toEqual({ role, problems: {}, degraded: {} });
        return true;
      },
      { timeoutMs: 60_000 },
    );
};

const reload = (...statements: readonly string[]) => runSql(server.url, ...statements, 'select pg_reload_conf()');
const worksWithout = (words: RegExp) => ({ queue: words });

const readOnly: Trouble = {
  make: () => reload('alter system set default_transaction_read_only = on'),
  mend: () => reload('alter system reset default_transaction_read_only'),
  said: {
    api: { problems: { postgres: /takes no writes/ } },
    worker: { problems: { postgres: /takes no writes/ } },
    start: { problems: { postgres: /takes no writes/ }, degraded: { worker: /postgres: it takes no writes/ } },
  },
  publishing: 503,
};

const redisTrouble = (words: RegExp, make: Trouble['make'], mend: Trouble['mend']): Trouble => ({
  make,
  mend,
  said: {
    api: { degraded: worksWithout(words) },
    worker: { problems: worksWithout(words) },
    start: { degraded: { queue: words, worker: words } },
  },
  publishing: 202,
});

const troubles: readonly (readonly [what: string, trouble: Trouble])[] = [
  ['Postgres is read-only', readOnly],
  [
    'Redis is away',
    redisTrouble(
      /not reachable/,
      () => redis.kill(),
      () => redis.restart(),
    ),
  ],
  [
    'Redis evicts',
    {
      make: () => commandRedis(redis.url, 'config', 'set', 'maxmemory-policy', 'allkeys-lru'),
      mend: () => commandRedis(redis.url, 'config', 'set', 'maxmemory-policy', 'noeviction'),
      said: {
        api: { degraded: worksWithout(/throws jobs away .*allkeys-lru/) },
        worker: { degraded: worksWithout(/throws jobs away/) },
        start: { degraded: worksWithout(/throws jobs away/) },
      },
      publishing: 202,
    },
  ],
];

describe('when', () => {
  it.each(troubles)(
    '%s',
    async (_, { make, mend, said, publishing }) => {
      await untilWell();
      receiver.clear();
      await make();
      const since = performance.now();
      await Promise.all((['api', 'worker', 'start'] as const).map((role) => untilSaid(role, said[role], since)));
      const { status, body } = await product.api.send('POST', '/v1/events', { event_type: 'a', data: 'meanwhile' });
      expect({ status, code: body.code }).toEqual({ status: publishing, code: publishing === 503 ? 'database_unavailable' : undefined });
      for (const url of Object.values(urls)) expect((await request(`${url}/healthz`)).statusCode).toBe(200);
      await mend();
      await untilWell();
      const after = await product.api.publish({ event_type: 'a', data: 'after' });
      const expected = publishing === 202 ? [body.id, after] : [after];
      await eventually(() => expected.every((id) => receiver.received.some(({ headers }) => headers['webhook-id'] === id)), {
        timeoutMs: 45_000,
      });
      await untilSettled(product.pool, 45_000);
    },
    120_000,
  );
});
