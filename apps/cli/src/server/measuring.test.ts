import { describe, expect, it } from '@jest/globals';
import { createDatabases, createHotPool } from '@posthorn/db';
import { createLogger, createMetrics } from '@posthorn/telemetry';
import { createTestDatabase } from '@posthorn/testkit';
import { measure, seldom } from './measuring.js';

describe('what is read seldom', () => {
  it('is read once however many ask, and again only after a while', async () => {
    let runs = 0;
    let release: () => void = () => undefined;
    const read = seldom(
      3_600_000,
      () => {
        runs += 1;
        return new Promise((resolve) => {
          release = resolve;
        });
      },
      () => undefined,
    );
    const asked = [read(), read()];
    release();
    await Promise.all([...asked, read()]);
    expect(runs).toBe(1);
    const often = seldom(
      0,
      async () => {
        runs += 1;
      },
      () => undefined,
    );
    await often();
    await often();
    expect(runs).toBe(3);
  });

  it('that fails is told, and rejects nothing', async () => {
    const errors: unknown[] = [];
    await seldom(
      0,
      () => Promise.reject(new Error('away')),
      (error) => errors.push(error),
    )();
    expect(errors).toEqual([new Error('away')]);
  });
});

it('servers that do not answer are said to be unreachable, and their last figures stay', async () => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', role: 'test', pretty: false, destination: { write: (line) => void lines.push(line) } });
  const database = await createTestDatabase();
  const options = { url: database.url, max: 2, applicationName: 'test', onError: () => undefined };
  const pool = createHotPool(options);
  const { db, use } = createDatabases(options);
  const metrics = createMetrics('worker');
  const figures = {
    role: 'worker',
    build: { version: '1.2.3', commit: null },
    pool,
    db,
    manageUse: use,
    connectionsMax: 2,
    retentionDays: 30,
    lookAtQueue: () => Promise.reject(new Error('no queue')),
    logger,
    metrics,
  } as const;
  measure(figures, { work: 0, queue: 0, webhooks: 0, storage: 0 });
  const first = await metrics.text();
  expect(first).toContain('posthorn_postgres_reachable 1\n');
  expect(first).toContain('posthorn_queue_reachable 0\n');
  expect(first).toMatch(/posthorn_partitions_ahead_days [67]\n/);
  expect(first).toContain('posthorn_build_info{version="1.2.3",commit="unknown",role="worker"} 1\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ msg: 'metrics.failed', doing: 'queue', err: { message: 'no queue' } }]);
  expect(first).toContain('posthorn_redis_may_evict 0\n');
  await Promise.all([pool.end(), db.destroy()]);
  const second = await metrics.text();
  expect(second).toContain('posthorn_postgres_reachable 0\n');
  expect(second).toMatch(/posthorn_partitions_ahead_days [67]\n/);
  await database.drop();
});
