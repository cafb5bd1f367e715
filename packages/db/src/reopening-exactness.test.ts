// Whatever people and replays do to deliveries, in any order and at the same time as results come in: every counter equals a recount, no hint
// is later than the truth, and a replay's own numbers are those of its deliveries.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { uuidv7TimeMs } from '@posthorn/core';
import fc from 'fast-check';
import { addDeliveries, addEvent, countsAndRecount, type Ended, inState } from '../tests/events.js';
import { createWorld, flushLimits, newEventId, type World } from '../tests/world.js';
import { cancelDelivery, cancelReplay, sweepCancelledReplay } from './cancelling.js';
import { type Chunk, endWaitingDeliveries, leaseChunks } from './due-deliveries.js';
import { eraseEvent } from './erasing.js';
import { type DeliveryRecord, writeFlush } from './flush.js';
import { createDatabase, type Database } from './pools.js';
import { openDeliveries } from './reopening.js';
import { createReplayReader } from './replay-pages.js';
import type { ReplayReader } from './replay-scope.js';
import { findOpenReplays, insertReplay, replayWaitingMax, stepReplay } from './replays.js';
import { disableWebhook, enableWebhook } from './webhook-lifecycle.js';

const slots = 16;
const actor = { keyId: randomUUID(), role: 'operator' };

let world: World;
let db: Database;
let read: ReplayReader;
beforeAll(async () => {
  world = await createWorld(8);
  db = createDatabase({ url: world.url, max: 2, applicationName: 'test', onError: () => undefined });
  read = createReplayReader(world.pool);
});
afterAll(async () => {
  await db.destroy();
  await world.drop();
});

/** Two that touch the same rows may have been stopped by each other. */
const mayBeSentAgain = new Set(['40P01', '55P03', '57014']);
const persist = async <T>(write: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      if (!mayBeSentAgain.has(String((error as { code?: unknown }).code)) || attempt === 20) throw error;
    }
  }
};

/** That the histories were about something. */
const seen = { opened: 0, cancelledReplays: 0, manual: 0 };

type Run = { readonly webhookIds: readonly string[]; readonly eventIds: readonly string[]; readonly chunks: Chunk[] };
type Act = (run: Run, slot: number) => Promise<unknown>;

const eventTypes = ['order.placed', 'user.made'];
const typeOf = (run: Run, eventId: string): string => eventTypes[run.eventIds.indexOf(eventId) % 2]!;
/** An act that prints as its name. */
const named = (name: string, act: Act) => ({ act, [fc.toStringMethod]: () => name });

/** What came back of a chunk, or of one that was taken long ago. */
const report: (state: Ended, late: boolean) => Act = (state, late) => async (run, slot) => {
  const chunk = late ? run.chunks[0] : run.chunks.pop();
  if (chunk === undefined) return;
  const records: readonly DeliveryRecord[] = chunk.deliveries.map(({ eventId, attempt }) => ({
    ...world.record(chunk.webhookId, { ...inState(state), eventType: typeOf(run, eventId), threshold: 1_000_000 }),
    ...{ eventId, attempt, isNew: false, epoch: chunk.epoch, replay: chunk.replay },
  }));
  await writeFlush(
    world.pool,
    { records, reports: [{ webhookId: chunk.webhookId, turn: chunk.turn }], finished: [] },
    { ...flushLimits, slot },
  );
};

const lease: Act = async (run) => {
  await world.rows(`update webhook_state set not_before = '-infinity', out_until = '-infinity' where webhook_id = any ($1::uuid[])`, [
    run.webhookIds,
  ]);
  run.chunks.push(...(await leaseChunks(world.pool, { webhooksMax: 10, chunkMax: 4, deliveriesMax: 20 })));
};

const replay: (mode: 'original' | 'current', statuses: readonly Ended[] | null) => Act = (mode, statuses) => async (run) => {
  const status = statuses === null ? {} : { status: statuses };
  const place = { environmentId: world.environmentId, tenantId: world.tenantId };
  const filter = { from: new Date(uuidv7TimeMs(run.eventIds[0]!)).toISOString(), webhook_id: run.webhookIds[0]!, ...status };
  const made = { id: newEventId(), ...place, filter, mode, total: null, recoversWebhookId: null, keyId: randomUUID() };
  await insertReplay(db, { ...made, createdAtMs: Date.now() + 1 });
};

const step: Act = async (_, slot) => {
  for (const each of await findOpenReplays(world.pool, null, 20)) {
    await stepReplay(world.pool, read, { ...each, waiting: Math.max(each.waiting, replayWaitingMax - 3) }, slot);
    if (each.status === 'cancelled') await sweepCancelledReplay(world.pool, each.id, 2, slot);
  }
};

const cancelOldest: Act = async (_, slot) => {
  const [oldest] = await findOpenReplays(world.pool, null, 1);
  if (oldest === undefined) return;
  await cancelReplay(world.pool, oldest.id);
  await sweepCancelledReplay(world.pool, oldest.id, 100, slot);
};

const pair = fc.record({ event: fc.nat(5), webhook: fc.nat(1) });
const allStates: readonly Ended[] = ['succeeded', 'failed', 'skipped', 'cancelled', 'waiting'];
const states = fc.constantFrom(...allStates);
const acts: fc.Arbitrary<ReturnType<typeof named>> = fc.oneof(
  fc.tuple(pair, states).map(([{ event, webhook }, state]) => {
    const make: Act = (run) => {
      const [eventId, webhookId] = [run.eventIds[event]!, run.webhookIds[webhook]!];
      return addDeliveries(world, webhookId, [eventId], state, { eventType: typeOf(run, eventId) });
    };
    return named(`make ${event}.${webhook} ${state}`, make);
  }),
  pair.map(({ event, webhook }) => {
    const retry: Act = async (run, slot) => {
      const wanted = [{ eventId: run.eventIds[event]!, webhookId: run.webhookIds[webhook]!, shape: null }];
      seen.manual += (await openDeliveries(world.pool, wanted, { slot, replay: null })).opened;
    };
    return named(`retry ${event}.${webhook}`, retry);
  }),
  pair.map(({ event, webhook }) => {
    const cancel: Act = (run, slot) => cancelDelivery(world.pool, run.eventIds[event]!, run.webhookIds[webhook]!, slot);
    return named(`cancel ${event}.${webhook}`, cancel);
  }),
  fc
    .tuple(fc.constantFrom<Ended>('waiting', 'succeeded', 'failed'), fc.boolean())
    .map(([state, late]) => named(`report ${state}`, report(state, late))),
  fc.constant(named('lease', lease)),
  fc.constantFrom(named('replay all', replay('original', null)), named('replay failed', replay('original', ['failed', 'skipped']))),
  fc.constant(named('replay as of today', replay('current', null))),
  fc.constant(named('step', step)),
  fc.constant(named('step', step)),
  fc.constant(named('cancel the oldest replay', cancelOldest)),
  fc.nat(1).map((webhook) => named(`disable ${webhook}`, (run: Run) => disableWebhook(world.pool, run.webhookIds[webhook]!, actor))),
  fc
    .nat(1)
    .map((webhook) =>
      named(`enable ${webhook}`, (run: Run, slot: number) => enableWebhook(world.pool, run.webhookIds[webhook]!, actor, slot)),
    ),
  fc.constant(named('end waiting', (_: Run, slot: number) => endWaitingDeliveries(world.pool, 10, 20, slot))),
  fc.nat(5).map((event) => {
    const erase: Act = (run, slot) =>
      eraseEvent(world.pool, { environmentId: world.environmentId, tenantId: null }, run.eventIds[event]!, slot);
    return named(`erase ${event}`, erase);
  }),
);

/** Rounds of acts that happen at the same time. */
const history = fc.array(fc.array(acts, { minLength: 1, maxLength: 4 }), { minLength: 5, maxLength: 25 });

const newRun = async (): Promise<Run> => {
  await world.rows(`update replays set status = 'done', ended_at = now() where ended_at is null`);
  await world.rows('update webhooks set deleted_at = now() where deleted_at is null');
  await world.rows(`update webhook_state set due_at = 'infinity', replay_due_at = 'infinity'`);
  await world.rows('delete from deliveries where status = 0');
  const webhookIds = await Promise.all([world.webhook(), world.webhook()]);
  await world.rows('update tenants set webhooks_version = webhooks_version + 1');
  const eventIds: string[] = [];
  for (let i = 0; i < 6; i++) eventIds.push(await addEvent(world, { eventType: eventTypes[i % 2]! }));
  const run = { webhookIds, eventIds, chunks: [] };
  for (const [index, eventId] of eventIds.slice(0, 4).entries())
    await addDeliveries(world, webhookIds[index % 2]!, [eventId], allStates[index]!, { eventType: typeOf(run, eventId) });
  return run;
};

/** Webhooks that the scheduler would look at later than it should. */
const lateHints = () =>
  world.rows(
    `select s.webhook_id, s.due_at, s.replay_due_at, t.first
       from webhook_state s join (select webhook_id, min(due_at) as first from deliveries where status = 0 group by webhook_id) t using (webhook_id)
      where least(s.due_at, s.replay_due_at) > greatest(t.first, now())`,
  );

it('nothing is miscounted', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (rounds) => {
      const run = await newRun();
      let slot = 0;
      for (const round of rounds) await Promise.all(round.map(({ act }) => persist(() => act(run, slot++ % slots))));
      const { counted, recounted } = await countsAndRecount(world, run.webhookIds);
      expect(counted).toEqual(recounted);
      expect(await lateHints()).toEqual([]);
      const replays = await world.rows<{ id: string; status: string; opened: number; has: number; wrong: number }>(
        `select r.id, r.status, r.opened::int,
                (select count(*)::int from deliveries d where d.replay_id = r.id) as has,
                (select count(*)::int from deliveries d where d.replay_id = r.id and (d.status not between 0 and 4 or d.lane <> 0)) as wrong
           from replays r where r.created_at > (select min(created_at) from webhook_state s join webhooks w on w.id = s.webhook_id where w.id = any ($1::uuid[]))`,
        [run.webhookIds],
      );
      for (const each of replays) {
        // Another may have opened it again since.
        expect(each.has).toBeLessThanOrEqual(each.opened);
        expect(each.wrong).toBe(0);
        seen.opened += each.opened;
        seen.cancelledReplays += each.status === 'cancelled' ? 1 : 0;
      }
    }),
    { numRuns: 60 },
  );
  expect(seen.opened).toBeGreaterThan(50);
  expect(seen.cancelledReplays).toBeGreaterThan(5);
  expect(seen.manual).toBeGreaterThan(5);
}, 120_000);
