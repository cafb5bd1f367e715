import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createWorld, flushLimits, type World, waiting } from '../tests/world.js';
import { type Chunk, leaseChunks } from './due-deliveries.js';
import { type DeliveryRecord, writeFlush } from './flush.js';

let world: World;
const round = { webhooksMax: 200, chunkMax: 500, deliveriesMax: 1_000 };

beforeAll(async () => {
  world = await createWorld(4);
});
afterEach(() => world.rows('truncate deliveries, webhook_state'));
afterAll(() => world.drop());

const flush = (records: readonly DeliveryRecord[], reports: readonly { webhookId: string; turn: number }[] = []) =>
  writeFlush(world.pool, { records, reports, finished: [] }, flushLimits);
const limited = async (max: number, perS: number, due: number) => {
  const webhookId = await world.webhook({ rate_max: String(max), rate_per_s: String(perS), chunk: '500' });
  await flush(Array.from({ length: due }, () => world.record(webhookId, waiting())));
  return webhookId;
};
const lease = async (): Promise<Chunk | undefined> => (await leaseChunks(world.pool, round))[0];
const report = (chunk: Chunk) =>
  flush(
    chunk.deliveries.map(({ eventId, attempt }) => ({ ...world.record(chunk.webhookId), eventId, attempt, isNew: false })),
    [{ webhookId: chunk.webhookId, turn: chunk.turn }],
  );
/** As if `seconds` had gone by since everything that stands in the state. */
const pass = (webhookId: string, seconds: number) =>
  world.rows(
    `update webhook_state
        set not_before = not_before - $2 * interval '1 s', out_until = out_until - $2 * interval '1 s', due_at = due_at - $2 * interval '1 s',
            rate_times = (select array_agg(t - $2 * interval '1 s') from unnest(rate_times) t)
      where webhook_id = $1`,
    [webhookId, seconds],
  );

describe('a rate limit', () => {
  it('deals out no more than it leaves room for, and costs nothing while there is none', async () => {
    const webhookId = await limited(10, 60, 100);
    const first = await lease();
    expect(first?.deliveries).toHaveLength(10);
    await report(first!);
    expect(await lease()).toBeUndefined();
    const state = await world.row<{ in_s: number }>(
      'select extract(epoch from not_before - now())::float8 as in_s from webhook_state where webhook_id = $1',
      [webhookId],
    );
    expect(state.in_s).toBeGreaterThan(50);
    expect(state.in_s).toBeLessThanOrEqual(64);
    await pass(webhookId, 65);
    expect((await lease())?.deliveries).toHaveLength(10);
  });

  it('counts a chunk that was never reported as sent until its lease ended', async () => {
    const webhookId = await limited(5, 10, 50);
    expect((await lease())?.deliveries).toHaveLength(5);
    // Its lease is over, and it could have been sent to the end of it.
    await pass(webhookId, 36);
    await world.rows('update deliveries set due_at = now(), out = false where webhook_id = $1 and status = 0', [webhookId]);
    expect(await lease()).toBeUndefined();
    await pass(webhookId, 11);
    expect((await lease())?.deliveries).toHaveLength(5);
  });

  it('is forgotten by nothing but time: the ledger stays short however many chunks there are', async () => {
    const webhookId = await limited(1_000, 16, 400);
    for (let i = 0; i < 40; i++) {
      await world.rows('update webhook_state set chunk = 1 where webhook_id = $1', [webhookId]);
      await report((await lease())!);
      // A sixteenth of the window, after every other chunk.
      if (i % 2 === 0) await pass(webhookId, 1);
    }
    const { entries } = await world.row<{ entries: number }>(
      'select cardinality(rate_times) as entries from webhook_state where webhook_id = $1',
      [webhookId],
    );
    expect(entries).toBeLessThanOrEqual(18);
  });
});

describe('the ledger', () => {
  it('lets no window of per_seconds have more than max, whenever chunks begin and end', async () => {
    const stepOf = fc.record({
      waitS: fc.double({ min: 0, max: 4, noNaN: true }),
      lastsS: fc.double({ min: 0, max: 3, noNaN: true }),
      wants: fc.integer({ min: 1, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 6 }),
        fc.array(stepOf, { minLength: 1, maxLength: 15 }),
        async (max, perS, steps) => {
          const sent: { readonly from: number; readonly to: number; readonly count: number }[] = [];
          let now = 1_000;
          let ledger: { times: string[] | null; counts: number[] | null } = { times: null, counts: null };
          let endedAt = now;
          for (const { waitS, lastsS, wants } of steps) {
            now += waitS;
            const { times, counts, room } = await world.row<{ times: string[] | null; counts: number[] | null; room: number }>(
              `select l.times::text[] as times, l.counts, rate_room($1::int, $2::int, l.times, l.counts, to_timestamp($6)) as room
               from rate_settled($2::int, $3::timestamptz[], $4::int[], to_timestamp($5), to_timestamp($6)) l`,
              [max, perS, ledger.times, ledger.counts, endedAt, now],
            );
            const count = Math.min(wants, room);
            ledger = { times, counts };
            if (count === 0) continue;
            sent.push({ from: now, to: now + lastsS, count });
            ledger = { times: [...(times ?? []), 'infinity'], counts: [...(counts ?? []), count] };
            now += lastsS;
            endedAt = now;
          }
          // The worst case: a chunk's requests are all made at its end, those of the next at its beginning.
          for (const last of sent) {
            const inWindow = sent.filter((each) => each.from <= last.from && each.to > last.from - perS);
            expect(inWindow.reduce((sum, each) => sum + each.count, 0)).toBeLessThanOrEqual(max);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
