import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { storedStatusCodes } from '@posthorn/core';
import { eventually } from '@posthorn/testkit';
import { createWorld, failed, flushLimits, sent, type World, waiting } from '../tests/world.js';
import { type Chunk, hasTurnsLeft, leaseChunks, loadChunks, mendDueHints } from './due-deliveries.js';
import { type DeliveryRecord, writeFlush } from './flush.js';
import type { HotPool } from './pools.js';

let world: World;
const round = { webhooksMax: 200, chunkMax: 500, deliveriesMax: 1_000 };
const due = { due_at: `now() - interval '1 s'` };

beforeAll(async () => {
  world = await createWorld(10);
});

afterEach(() => world.rows('truncate deliveries, webhook_state'));

afterAll(() => world.drop());

/** Waiting deliveries of a webhook, all due; the oldest first. */
const addDue = (webhookId: string, count: number, ageS = 60) =>
  world.rows(
    `insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, due_at)
     select $1, $2, uuidv7(), $3, 0, now() - interval '1 s' * $5 + n * interval '1 ms' from generate_series(1, $4) n`,
    [world.environmentId, world.tenantId, webhookId, count, ageS],
  );

/** The chunks that are out of these webhooks are reported. */
const flush = async (records: readonly DeliveryRecord[], reportedOf: readonly string[] = [], pool: HotPool = world.pool) =>
  writeFlush(pool, { records, reports: await world.reportsOf(reportedOf), finished: [] }, flushLimits);

const lease = (limits = round) => leaseChunks(world.pool, limits);
const sizesOf = (chunks: readonly Chunk[]) => Object.fromEntries(chunks.map((chunk) => [chunk.webhookId, chunk.deliveries.length]));

const succeeded = (chunk: Chunk): DeliveryRecord[] =>
  chunk.deliveries.map(({ eventId, attempt }) => ({
    ...world.record(chunk.webhookId),
    eventId,
    attempt,
    isNew: false,
    epoch: chunk.epoch,
  }));

const hintOf = (webhookId: string) =>
  world.row<{ in_s: number; settled: boolean }>(
    `select case when due_at = 'infinity' then 1e9 else extract(epoch from due_at - now()) end::float8 as in_s, settled
       from webhook_state where webhook_id = $1`,
    [webhookId],
  );

describe('a round', () => {
  it('leaves turns where it was filled by what webhooks may have, and says so until all had theirs', async () => {
    const webhooks = await Promise.all(Array.from({ length: 7 }, () => world.webhook({ ...due, chunk: '500' })));
    for (const webhookId of webhooks) await addDue(webhookId, 20);
    const rounds: number[] = [];
    for (let left = true; left; left = await hasTurnsLeft(world.pool)) rounds.push(Object.keys(sizesOf(await lease())).length);
    expect(rounds).toEqual([2, 2, 2, 1]);
    expect(await world.row('select count(*)::int as leased from deliveries where out')).toEqual({ leased: 140 });
  });

  it('serves every webhook that has something due, however much one of them has', async () => {
    const heavy = await world.webhook({ ...due, chunk: '500' });
    await addDue(heavy, 5_000, 3_600);
    const light = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const webhookId = await world.webhook({ ...due, chunk: '4' });
        await addDue(webhookId, 3);
        return webhookId;
      }),
    );
    expect(sizesOf(await lease())).toEqual({ [heavy]: 500, ...Object.fromEntries(light.map((id) => [id, 3])) });
  });

  it('stays within its limits, and begins with whoever has waited longest', async () => {
    const ages = [50, 40, 30, 20, 10];
    const ids = await Promise.all(ages.map((age) => world.webhook({ due_at: `now() - interval '${age} s'`, chunk: '100' })));
    for (const [index, id] of ids.entries()) await addDue(id, 30, ages[index]);
    expect(sizesOf(await lease({ webhooksMax: 2, chunkMax: 10, deliveriesMax: 1_000 }))).toEqual({ [ids[0]!]: 10, [ids[1]!]: 10 });
    expect(sizesOf(await lease({ webhooksMax: 200, chunkMax: 10, deliveriesMax: 15 }))).toEqual({ [ids[2]!]: 10, [ids[3]!]: 10 });
    expect(sizesOf(await lease({ webhooksMax: 200, chunkMax: 10, deliveriesMax: 15 }))).toEqual({ [ids[4]!]: 10 });
  });

  it('takes the oldest of a webhook first, and none before its time', async () => {
    const webhookId = await world.webhook({ ...due, chunk: '3' });
    await addDue(webhookId, 2, 10);
    const late = world.record(webhookId, waiting(60_000));
    await flush([late]);
    await addDue(webhookId, 1, 100);
    const [oldest] = await world.rows<{ event_id: string }>('select event_id from deliveries order by due_at limit 1');
    const [chunk] = await lease();
    expect(chunk!.deliveries).toHaveLength(3);
    expect(chunk!.deliveries.map((each) => each.eventId)).toContain(oldest!.event_id);
    expect(chunk!.deliveries.map((each) => each.eventId)).not.toContain(late.eventId);
  });

  it('of a webhook with nothing due is no failure, and lets it sleep after a second look', async () => {
    const webhookId = await world.webhook(due);
    expect(await lease()).toEqual([]);
    expect((await hintOf(webhookId)).in_s).toBeGreaterThan(5);
    expect((await hintOf(webhookId)).in_s).toBeLessThan(10.1);
    await world.rows('update webhook_state set due_at = now()');
    expect(await lease()).toEqual([]);
    expect((await hintOf(webhookId)).in_s).toBe(1e9);
  });

  it('finds nothing where nothing is due', async () => {
    await world.webhook();
    expect(await lease()).toEqual([]);
  });
});

describe('a chunk', () => {
  it('is the only one of its webhook until it is reported, and then the next is twice as large', async () => {
    const webhookId = await world.webhook(due);
    await addDue(webhookId, 100);
    const sizes: number[] = [];
    for (let i = 0; i < 5; i++) {
      const [chunk] = await lease();
      expect(await lease()).toEqual([]);
      sizes.push(chunk!.deliveries.length);
      await flush(succeeded(chunk!), [webhookId]);
    }
    expect(sizes).toEqual([1, 2, 4, 8, 16]);
  });

  it('that was reported before cannot be reported for the one that is out now', async () => {
    const webhookId = await world.webhook(due);
    await addDue(webhookId, 10);
    const [first] = await lease();
    const report = { records: succeeded(first!), reports: [{ webhookId, turn: first!.turn }], finished: [] };
    await writeFlush(world.pool, report, flushLimits);
    const [second] = await lease();
    expect(second!.turn).toBe(first!.turn + 1);
    await writeFlush(world.pool, report, flushLimits);
    expect(await lease()).toEqual([]);
    await flush(succeeded(second!), [webhookId]);
    expect(await lease()).toHaveLength(1);
  });

  it('is leased under a new attempt number, until its lease is over and it is anybody’s', async () => {
    const webhookId = await world.webhook({ ...due, chunk_lease_s: '40' });
    await addDue(webhookId, 1);
    const [first] = await lease();
    const lasts = await world.row<{ s: number; out: boolean }>(
      'select (round(extract(epoch from due_at - now()) / 10) * 10)::int as s, out from deliveries',
    );
    expect(lasts).toEqual({ s: 40, out: true });
    await world.rows('update deliveries set due_at = now()');
    await world.rows(`update webhook_state set due_at = now(), not_before = now(), out_until = now()`);
    const [second] = await lease();
    expect([first!.deliveries[0]!.attempt, second!.deliveries[0]!.attempt]).toEqual([1, 2]);
    expect(second!.deliveries[0]!.eventId).toBe(first!.deliveries[0]!.eventId);
  });

  it('is one chunk in one hand, however many schedulers look at once', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => world.webhook({ ...due, chunk: '5' })));
    for (const id of ids) await addDue(id, 30);
    const rounds = await Promise.all(Array.from({ length: 4 }, () => lease()));
    const chunks = rounds.flat();
    expect(chunks).toHaveLength(20);
    expect(new Set(chunks.map((chunk) => chunk.webhookId)).size).toBe(20);
    expect(chunks.every((chunk) => chunk.deliveries.length === 5)).toBe(true);
  });

  it('is loaded with its events, but for those that are somebody else’s by now', async () => {
    const webhookId = await world.webhook({ ...due, chunk: '2' });
    await addDue(webhookId, 2);
    await world.rows(
      `insert into events (id, environment_id, tenant_id, event_type, event_time, data, dispatch_id)
       select event_id, $1, $2, 'a', now(), '{"n":1.0}', gen_random_uuid() from deliveries`,
      [world.environmentId, world.tenantId],
    );
    const [chunk] = await lease();
    const [first, second] = chunk!.deliveries;
    await world.rows('update deliveries set attempt = attempt + 1 where event_id = $1', [second!.eventId]);
    const loaded = await loadChunks(world.pool, [chunk!]);
    expect(loaded).toHaveLength(1);
    expect(loaded[0]).toMatchObject({ webhookId, attempt: 1, failures: 0, event: { id: first!.eventId, data: '{"n":1.0}' } });
    expect(loaded[0]!.leaseLeftMs).toBeGreaterThan(25_000);
  });
});

describe('a webhook that may not be called', () => {
  const coolDown = { circuit: '1', circuit_epoch: '1', circuit_failure_count: '10' };

  it('gets nothing while its circuit is open, while it is held, and while it is paused', async () => {
    const states = [
      { ...due, ...coolDown, not_before: `now() + interval '30 s'` },
      { ...due, not_before: `now() + interval '30 s'` },
      { ...due, paused_at: 'now()' },
    ];
    for (const state of states) await addDue(await world.webhook(state), 5);
    expect(await lease()).toEqual([]);
    await world.rows('update webhook_state set paused_at = null');
    expect(await lease()).toHaveLength(1);
  });

  it('gets exactly one probe when the cool-down is over, also from four schedulers at once', async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, () => world.webhook({ ...due, ...coolDown, chunk: '50' })));
    for (const id of ids) await addDue(id, 20);
    const rounds = await Promise.all(Array.from({ length: 4 }, () => lease()));
    expect(sizesOf(rounds.flat())).toEqual(Object.fromEntries(ids.map((id) => [id, 1])));
    expect(rounds.flat()).toHaveLength(10);
    expect(rounds.flat().every((chunk) => chunk.probe && chunk.epoch === 2)).toBe(true);
    expect(await world.rows('select distinct circuit, circuit_epoch from webhook_state')).toEqual([{ circuit: 2, circuit_epoch: 2 }]);
    expect(await lease()).toEqual([]);
  });

  it('stays open while nothing is due for a probe', async () => {
    await world.webhook({ ...due, ...coolDown });
    expect(await lease()).toEqual([]);
    expect(await world.rows('select circuit, circuit_epoch from webhook_state')).toEqual([{ circuit: 1, circuit_epoch: 1 }]);
  });

  it('gets another probe when the lease of one is over', async () => {
    const webhookId = await world.webhook({ ...due, ...coolDown });
    await addDue(webhookId, 2);
    await lease();
    await world.rows(`update webhook_state set not_before = now(), out_until = now(), due_at = now()`);
    expect(await lease()).toEqual([expect.objectContaining({ probe: true, epoch: 3, deliveries: [expect.anything()] })]);
  });
});

describe('the hint when a webhook is next looked at', () => {
  const isLookWaiting = async (): Promise<boolean> => {
    const waitingFor = `datname = current_database() and wait_event_type = 'Lock' and query like '%lease_due_deliveries%'`;
    return (await world.rows(`select from pg_stat_activity where ${waitingFor}`)).length > 0;
  };
  /** A hint may be early; it may be late by no more than the time until the second look. */
  const recheckS = 10;

  it('finds a delivery whose flush was under way during the first look', async () => {
    const webhookId = await world.webhook(due);
    await world.transaction(async (connection) => {
      await flush([world.record(webhookId, waiting())], [], connection);
      expect(await lease()).toEqual([]);
    });
    expect((await hintOf(webhookId)).in_s).toBeLessThanOrEqual(recheckS);
  });

  it('finds a delivery whose flush was under way while a chunk was handed out', async () => {
    const webhookId = await world.webhook(due);
    await addDue(webhookId, 1);
    await world.transaction(async (connection) => {
      await flush([world.record(webhookId, waiting())], [], connection);
      expect(await lease()).toHaveLength(1);
    });
    expect((await hintOf(webhookId)).in_s).toBeLessThanOrEqual(recheckS);
  });

  it('finds a delivery whose flush was under way during the second look, and due only after it', async () => {
    const webhookId = await world.webhook({ ...due, settled: 'true' });
    let looked: Promise<readonly Chunk[]> | undefined;
    await world.transaction(async (connection) => {
      await flush([world.record(webhookId, waiting(60_000))], [], connection);
      looked = lease();
      // The look is over, or it waits for this flush.
      await Promise.race([looked, eventually(isLookWaiting)]);
    });
    expect(await looked).toEqual([]);
    expect((await hintOf(webhookId)).in_s).toBeLessThanOrEqual(60);
  });

  it('falls when an earlier delivery comes', async () => {
    const webhookId = await world.webhook();
    await flush([world.record(webhookId, { ...failed(), dueInMs: 600_000 })]);
    expect((await hintOf(webhookId)).in_s).toBeCloseTo(600, -1);
    await flush([world.record(webhookId, { ...failed(), dueInMs: 60_000 })]);
    expect((await hintOf(webhookId)).in_s).toBeCloseTo(60, -1);
    await flush([world.record(webhookId, { ...failed(), dueInMs: 600_000 })]);
    expect((await hintOf(webhookId)).in_s).toBeCloseTo(60, -1);
  });

  it('is mended where it is late, and left alone where it is not', async () => {
    const late = await world.webhook();
    const early = await world.webhook({ due_at: `now() - interval '1 hour'`, settled: 'true' });
    const empty = await world.webhook();
    await addDue(late, 3);
    await addDue(early, 3);
    expect(await mendDueHints(world.pool)).toBe(1);
    expect(await mendDueHints(world.pool)).toBe(0);
    expect((await hintOf(late)).in_s).toBeLessThan(-50);
    expect((await hintOf(early)).in_s).toBeLessThan(-3_000);
    expect((await hintOf(empty)).in_s).toBe(1e9);
    expect(sizesOf(await lease())).toEqual({ [late]: 1, [early]: 1 });
  });
});

describe('flushes and schedulers at once', () => {
  it('strand nothing', async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, () => world.webhook()));
    let writing = true;
    let handled = 0;
    // The second look may come as soon as any flush that the first could not see has ended: here after two seconds.
    const look = async (): Promise<void> => {
      const { rows } = await world.pool.query(
        `select webhook_id as "webhookId", event_id as "eventId", attempt, circuit_epoch as epoch from lease_due_deliveries(200, 500, 1000, true, '2 s')`,
      );
      const records = rows.map(({ webhookId, eventId, attempt, epoch }) => ({
        ...world.record(webhookId),
        eventId,
        attempt,
        epoch,
        isNew: false,
      }));
      if (rows.length > 0) await flush(records, [...new Set(rows.map((row) => row.webhookId as string))]);
      handled += rows.length;
    };
    const schedule = async (): Promise<void> => {
      while (writing) await look();
    };
    const write = async (writer: number): Promise<number> => {
      for (let i = 0; i < 60; i++)
        await flush([
          world.record(ids[(i + writer) % ids.length]!, waiting((i % 3) * 40)),
          world.record(ids[i % ids.length]!, { sent: sent() }),
        ]);
      return 60;
    };
    const schedulers = [schedule(), schedule()];
    let written = 0;
    try {
      written = (await Promise.all([write(0), write(1), write(2), write(3)])).reduce((sum, count) => sum + count, 0);
      await eventually(() => handled === written, { timeoutMs: 15_000 });
    } finally {
      writing = false;
      await Promise.all(schedulers);
    }
    expect(await world.rows('select from deliveries where status = $1', [storedStatusCodes.waiting])).toEqual([]);
    expect(await world.row('select count(*)::int as count from deliveries')).toEqual({ count: 2 * written });
  });
});
