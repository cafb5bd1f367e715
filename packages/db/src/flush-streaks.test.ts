// Streaks of failures: told once each, with their end, and noted for mail in the same statement.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { attemptKindCodes, storedStatusCodes } from '@posthorn/core';
import fc from 'fast-check';
import { createWorld, failed, sent, type World } from '../tests/world.js';
import { type DeliveryRecord, writeFlush } from './flush.js';
import { failingFailures } from './own-events-sql.js';
import { enableWebhook, resetCircuit, tellUnsuccessful } from './webhook-lifecycle.js';

let world: World;
const limits = { slot: 0, cooldownS: 30, cooldownMaxS: 60, chunkMax: 8 };
const actor = { keyId: '0190a000-0000-7000-8000-000000000000', role: 'admin' };

beforeAll(async () => {
  world = await createWorld(10);
});
afterAll(() => world.drop());

const flush = (records: readonly DeliveryRecord[]) => writeFlush(world.pool, { records, reports: [], finished: [] }, limits);
const good = (webhookId: string, changes: Partial<DeliveryRecord> = {}) => world.record(webhookId, { threshold: 1_000, ...changes });
const bad = (webhookId: string, changes: Partial<DeliveryRecord> = {}) => good(webhookId, { ...failed(), ...changes });
const many = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
/** What was told of a webhook, in its order. */
const told = async (webhookId: string): Promise<readonly string[]> =>
  (
    await world.rows<{ kind: string }>(
      `select substr(event_type, 10) as kind from events where event_type like 'posthorn.%' and data::jsonb ->> 'webhook_id' = $1 order by id`,
      [webhookId],
    )
  ).map(({ kind }) => kind);
const noted = (webhookId: string) =>
  world.rows<{ kind: string; count: number }>(
    'select kind, count::int as count from notifications where webhook_id = $1 order by kind, id',
    [webhookId],
  );
const [fails, recovers] = ['webhook_failing', 'webhook_recovered'];

describe('a streak of failures', () => {
  it('is told when it is long enough, once, and its end once', async () => {
    const webhookId = await world.webhook();
    await flush(many(failingFailures - 1, () => bad(webhookId)));
    expect(await told(webhookId)).toEqual([]);
    await flush([bad(webhookId)]);
    await flush(many(9, () => bad(webhookId)));
    expect(await told(webhookId)).toEqual([fails]);
    // A flush of nothing but first successes goes another way than one with a failure in it.
    await flush([good(webhookId)]);
    await flush([good(webhookId)]);
    expect(await told(webhookId)).toEqual([fails, recovers]);
    await flush(many(failingFailures, () => bad(webhookId)));
    await flush([good(webhookId), bad(webhookId)]);
    expect(await told(webhookId)).toEqual([fails, recovers, fails, recovers]);
    expect(await noted(webhookId)).toEqual([
      { kind: fails, count: 2 },
      { kind: recovers, count: 2 },
    ]);
  });

  it('is told as a fold over all results would, however they come in flushes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 }),
        async (flushes) => {
          const webhookId = await world.webhook();
          for (const results of flushes) await flush(results.map((ok) => (ok ? good(webhookId) : bad(webhookId))));
          let [failures, isTold] = [0, false];
          const expected: string[] = [];
          for (const results of flushes) {
            // Within a flush the failures after its last success count.
            const after = results.length - 1 - results.lastIndexOf(true);
            if (results.includes(true)) {
              if (isTold) expected.push(recovers!);
              [failures, isTold] = [after, false];
            } else failures += after;
            if (failures >= failingFailures && !isTold) {
              expected.push(fails!);
              isTold = true;
            }
          }
          expect([...(await told(webhookId))].sort()).toEqual(expected.sort());
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it('is told once by eight writers at once', async () => {
    const webhookId = await world.webhook();
    await Promise.all(many(8, () => flush(many(3, () => bad(webhookId)))));
    expect(await told(webhookId)).toEqual([fails]);
    await Promise.all(many(8, () => flush([good(webhookId)])));
    expect(await told(webhookId)).toEqual([fails, recovers]);
  });

  it('of our own events tells nothing, however long it is', async () => {
    const webhookId = await world.webhook();
    await flush(many(9, () => bad(webhookId, { eventType: 'posthorn.webhook_failing' })));
    expect(await tellUnsuccessful(world.pool, 0, 100)).not.toContain(webhookId);
    expect(await told(webhookId)).toEqual([]);
  });

  it('is told by its time, too, and not again by its length', async () => {
    const [webhookId, paused, off] = [await world.webhook(), await world.webhook(), await world.webhook()];
    for (const each of [webhookId, paused, off]) await flush([bad(each)]);
    await world.rows(`update webhook_state set failing_since = now() - interval '61 min' where webhook_id = any ($1)`, [
      [webhookId, paused, off],
    ]);
    await world.rows('update webhook_state set paused_at = now() where webhook_id = $1', [paused]);
    await world.rows(`update webhook_state set disabled_at = now(), disabled_reason = 'by_hand' where webhook_id = $1`, [off]);
    expect(await tellUnsuccessful(world.pool, 3_600, 100)).toEqual([webhookId]);
    expect(await tellUnsuccessful(world.pool, 3_600, 100)).toEqual([]);
    await flush(many(9, () => bad(webhookId)));
    expect(await told(webhookId)).toEqual([fails]);
    // What begins again has its hour again.
    await enableWebhook(world.pool, off, actor, 0);
    expect(await tellUnsuccessful(world.pool, 3_600, 100)).toEqual([]);
  });

  it('that a person forgot by a reset ends with the next success', async () => {
    const webhookId = await world.webhook();
    await flush(many(failingFailures, () => bad(webhookId)));
    await resetCircuit(world.pool, webhookId, actor);
    expect(await told(webhookId)).toEqual([fails]);
    await flush([good(webhookId)]);
    expect(await told(webhookId)).toEqual([fails, recovers]);
  });

  it('that only opened the circuit ends with the probe that closes it', async () => {
    const webhookId = await world.webhook();
    await flush(many(2, () => bad(webhookId, { threshold: 2 })));
    expect(await told(webhookId)).toEqual(['circuit_opened']);
    await world.rows('update webhook_state set circuit = 2, circuit_epoch = 2 where webhook_id = $1', [webhookId]);
    const probe = { status: storedStatusCodes.succeeded, dueInMs: null, sent: sent({ kind: attemptKindCodes.probe }), epoch: 2 };
    await flush([good(webhookId, probe)]);
    expect([...(await told(webhookId))].sort()).toEqual(['circuit_closed', 'circuit_opened', recovers].sort());
    expect((await noted(webhookId)).map(({ kind }) => kind)).toEqual(['circuit_opened', recovers]);
  });
});

it('what is told is counted in its open notification, and begins another one once that is closed', async () => {
  const webhookId = await world.webhook();
  const lost = () => bad(webhookId, { status: storedStatusCodes.failed, reason: 13, dueInMs: null });
  await flush([lost(), lost()]);
  await Promise.all(many(4, () => flush([lost()])));
  expect(await noted(webhookId)).toContainEqual({ kind: 'delivery_failed', count: 6 });
  await world.rows(`update notifications set closed_at = now(), outcome = 'nobody' where webhook_id = $1`, [webhookId]);
  await flush([lost()]);
  expect((await noted(webhookId)).filter(({ kind }) => kind === 'delivery_failed').map(({ count }) => count)).toEqual([6, 1]);
});
