// Processes that do not fit together: the second one ends at once and says in what it differs.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Product, startPosthorn, startProduct } from './support/product.js';

let product: Product;
beforeAll(async () => {
  product = await startProduct({ workers: 0 });
}, 90_000);
afterAll(() => product?.stop());

type Difference = {
  readonly what: string;
  readonly change: Readonly<Record<string, string>>;
  readonly without?: string;
  readonly says: RegExp;
};

const differences: readonly Difference[] = [
  {
    what: 'another queue',
    change: { POSTHORN_QUEUE: 'postgres' },
    without: 'REDIS_URL',
    says: /queue: this process postgres, the installation redis.*REDIS_URL/,
  },
  {
    what: 'another number of shards',
    change: { POSTHORN_QUEUE_SHARDS: '2' },
    says: /queue shards: this process 2, the installation 1.*POSTHORN_QUEUE_SHARDS/,
  },
  {
    what: 'another encryption key',
    change: { POSTHORN_ENCRYPTION_KEY: Buffer.alloc(32, 9).toString('base64') },
    says: /encryption key: .*POSTHORN_ENCRYPTION_KEY/,
  },
];

it.each(differences)(
  'refuses to start a worker or an API with $what',
  async ({ change, without, says }) => {
    const kept = Object.entries(product.env).filter(([name]) => name !== without);
    const env = { ...Object.fromEntries(kept), ...change };
    const processes = (['worker', 'api'] as const).map((role) => startPosthorn(role, env));
    for (const one of processes) {
      expect(await one.exited).toEqual({ code: 76, signal: null });
      expect(one.output()).toMatch(says);
      expect(one.output()).not.toMatch(/^ +at /m);
      expect(one.output()).not.toContain(env.POSTHORN_ENCRYPTION_KEY);
    }
  },
  60_000,
);

it('refuses to start in production without an encryption key, whatever else it has', async () => {
  const env = { ...product.env, NODE_ENV: 'production', POSTHORN_ENCRYPTION_KEY: '' };
  const processes = (['worker', 'api'] as const).map((role) => startPosthorn(role, env));
  for (const one of processes) {
    expect(await one.exited).toEqual({ code: 78, signal: null });
    expect(one.output()).toMatch(/POSTHORN_ENCRYPTION_KEY is required in production/);
  }
}, 60_000);

it('says all differences at once', async () => {
  const env = { ...product.env, POSTHORN_QUEUE_SHARDS: '3', POSTHORN_ENCRYPTION_KEY: Buffer.alloc(32, 9).toString('base64') };
  const worker = startPosthorn('worker', env);
  expect(await worker.exited).toEqual({ code: 76, signal: null });
  expect(worker.output()).toMatch(/queue shards: .*encryption key: /);
}, 60_000);
