import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld, flushLimits, newEventId, type World } from '../tests/world.js';
import {
  claimDispatch,
  type DispatchRef,
  existingDeliveries,
  giveBackDispatches,
  leaseDispatches,
  makeUnclaimedDispatchesDue,
  renewClaims,
  setAsideDispatch,
  splitDispatch,
} from './dispatches.js';
import { writeFlush } from './flush.js';
import { insertEvents } from './ingest.js';

let world: World;

beforeAll(async () => {
  world = await createWorld(6);
});

afterEach(() => world.rows('truncate events, dispatches, deliveries'));

afterAll(() => world.drop());

/** Stores a dispatch of `count` events of one moment, whose ids so are in random order; `leaseMs` 0: it is nobody's. */
const store = async (count = 3, leaseMs = 30_000, shard = 0): Promise<DispatchRef> => {
  const dispatchId = randomUUID();
  const now = Date.now();
  const ids = Array.from({ length: count }, () => newEventId(now));
  const event = {
    ...{
      environmentId: world.environmentId,
      tenantId: world.tenantId,
      eventType: 'a',
      sourceId: null,
      eventTimeMs: null,
      projectFlows: [],
    },
    ...{ data: '{"n":1.0}', currentContext: null, resources: null, bodyHash: null, key: null },
  };
  await insertEvents(
    world.pool,
    ids.map((id) => ({ id, event, dispatchId, shard })),
    leaseMs,
    24,
  );
  const sorted = [...ids].sort();
  return { id: dispatchId, claim: 0, firstEventId: sorted[0]!, lastEventId: sorted.at(-1)! };
};

const claim = (ref: DispatchRef, leaseMs = 8_000) => claimDispatch(world.pool, ref, leaseMs);
/** The lease in tens of seconds, so that a slow machine changes nothing. */
const dispatchOf = (ref: DispatchRef) =>
  world.row<{ claim: number; lease_s: number }>(
    'select claim, (round(extract(epoch from lease_until - now()) / 10) * 10)::int as lease_s from dispatches where id = $1',
    [ref.id],
  );
const endLease = (ref: DispatchRef) => world.rows(`update dispatches set lease_until = now() where id = $1`, [ref.id]);

describe('giving back', () => {
  it('makes dispatches due whose jobs were taken, under the claim that they had, and none that was claimed since', async () => {
    const [taken, claimed, other] = [await store(1), await store(1), await store(1)];
    await claim(claimed);
    await giveBackDispatches(world.pool, [taken, claimed]);
    expect([await dispatchOf(taken), await dispatchOf(claimed), await dispatchOf(other)]).toEqual([
      { claim: 0, lease_s: 0 },
      { claim: 1, lease_s: 10 },
      { claim: 0, lease_s: 30 },
    ]);
    const fed = await leaseDispatches(world.pool, [0], 0, 10, 30_000);
    expect(fed.map(({ id, claim: number }) => [id, number])).toEqual([[taken.id, 0]]);
  });
});

describe('a claim', () => {
  it('gives all events of the dispatch, to one of two that ask at once', async () => {
    for (let i = 0; i < 10; i++) {
      const ref = await store(100);
      const claims = await Promise.all([claim(ref), claim(ref), claim(ref)]);
      expect(claims.map((events) => events.length).sort((a, b) => a - b)).toEqual([0, 0, 100]);
      expect(await dispatchOf(ref)).toEqual({ claim: 1, lease_s: 10 });
    }
  });

  it('loads what a worker needs of an event', async () => {
    const [event] = await claim(await store(1));
    expect(event).toMatchObject({ tenantId: world.tenantId, webhooksVersion: 1, eventType: 'a', data: '{"n":1.0}', projectFlows: [] });
    expect(Math.abs(event!.acceptedAtMs - Date.now())).toBeLessThan(60_000);
  });

  it('under a stale number gets nothing, and takes nothing from whoever has it', async () => {
    const ref = await store();
    await claim(ref, 60_000);
    expect(await claim(ref)).toEqual([]);
    expect(await claim({ ...ref, claim: 2 })).toEqual([]);
    expect(await dispatchOf(ref)).toEqual({ claim: 1, lease_s: 60 });
    expect(await claim({ ...ref, claim: 1 })).toHaveLength(3);
  });

  it('is renewed while it is ours, and not any more', async () => {
    const [mine, stale, gone] = [await store(), await store(), randomUUID()];
    for (const ref of [mine, stale]) await claim(ref, 1_000);
    await claim({ ...stale, claim: 1 }, 1_000);
    const claims = [mine.id, stale.id, gone].map((id) => ({ id, claim: 1 }));
    expect(await renewClaims(world.pool, claims, 20_000)).toEqual(new Set([mine.id]));
    expect((await dispatchOf(mine)).lease_s).toBe(20);
    expect((await dispatchOf(stale)).lease_s).toBe(0);
  });

  it('that is no longer the newest finishes nothing', async () => {
    const ref = await store();
    await claim(ref);
    await claim({ ...ref, claim: 1 });
    const finish = (number: number) =>
      writeFlush(world.pool, { records: [], reports: [], finished: [{ id: ref.id, claim: number }] }, flushLimits);
    await finish(1);
    expect(await dispatchOf(ref)).toMatchObject({ claim: 2 });
    await finish(2);
    expect(await world.rows('select from dispatches')).toEqual([]);
  });
});

describe('feeding', () => {
  it('moves the lease alone, so the job that still waits stays good', async () => {
    const ref = await store(3, 0, 4);
    expect(await leaseDispatches(world.pool, [4], 4, 10, 30_000)).toEqual([{ ...ref, shard: 4 }]);
    expect(await dispatchOf(ref)).toEqual({ claim: 0, lease_s: 30 });
    expect(await leaseDispatches(world.pool, [4], 4, 10, 30_000)).toEqual([]);
    expect(await claim(ref)).toHaveLength(3);
  });

  it('takes a dispatch whose worker died under the number it died with', async () => {
    const ref = await store();
    await claim(ref);
    await endLease(ref);
    expect(await leaseDispatches(world.pool, [0], 0, 10, 30_000)).toEqual([{ ...ref, claim: 1, shard: 0 }]);
  });

  it('is of one shard, oldest first, no more than asked for, and each dispatch once for two at once', async () => {
    const refs: DispatchRef[] = [];
    for (let i = 0; i < 6; i++) {
      const ref = await store(1, 0);
      await world.rows(`update dispatches set lease_until = now() - interval '1 s' * $2 where id = $1`, [ref.id, 100 - i]);
      refs.push(ref);
    }
    await store(1, 0, 1);
    expect(await leaseDispatches(world.pool, [0], 0, 0, 1_000)).toEqual([]);
    expect((await leaseDispatches(world.pool, [0], 0, 2, 60_000)).map((each) => each.id).sort()).toEqual([refs[0]!.id, refs[1]!.id].sort());
    const [one, two] = await Promise.all([
      leaseDispatches(world.pool, [0], 0, 10, 60_000),
      leaseDispatches(world.pool, [0], 0, 10, 60_000),
    ]);
    expect([...one, ...two].map((each) => each.id).sort()).toEqual(
      refs
        .slice(2)
        .map((ref) => ref.id)
        .sort(),
    );
  });

  it('makes what nobody has claimed due when the queue has lost its data', async () => {
    const [claimed, unclaimed] = [await store(), await store()];
    await claim(claimed);
    expect(await makeUnclaimedDispatchesDue(world.pool, [0])).toBe(1);
    expect((await leaseDispatches(world.pool, [0], 0, 10, 1_000)).map((each) => each.id)).toEqual([unclaimed.id]);
  });

  it("moves what is nobody's of shards that cannot be fed to one that can, and leaves alone what other shards have lost", async () => {
    const [stray, own] = [await store(3, 30_000, 5), await store(3, 30_000, 1)];
    expect(await makeUnclaimedDispatchesDue(world.pool, [0, 2, 3])).toBe(0);
    expect(await makeUnclaimedDispatchesDue(world.pool, [1, 5])).toBe(2);
    const moved = await leaseDispatches(world.pool, [1, 4, 5], 1, 10, 30_000);
    expect(moved.map(({ id, shard }) => [id, shard]).sort()).toEqual(
      [
        [stray.id, 1],
        [own.id, 1],
      ].sort(),
    );
    expect(await world.rows('select distinct shard from dispatches')).toEqual([{ shard: 1 }]);
  });
});

describe('a dispatch that kills its workers', () => {
  it('is split into its events, which go on under its number', async () => {
    const ref = await store(3, 30_000, 2);
    await claim(ref);
    await splitDispatch(world.pool, { id: ref.id, claim: 0 }, randomUUID);
    expect(await dispatchOf(ref)).toMatchObject({ claim: 1 });
    await splitDispatch(world.pool, { id: ref.id, claim: 1 }, randomUUID);
    const parts = await leaseDispatches(world.pool, [2], 2, 10, 30_000);
    expect(parts).toHaveLength(3);
    expect(parts.every((part) => part.claim === 1 && part.firstEventId === part.lastEventId)).toBe(true);
    expect(parts.map((part) => part.firstEventId).sort()).toEqual(expect.arrayContaining([ref.firstEventId, ref.lastEventId]));
    expect(await claim(parts[0]!)).toHaveLength(1);
  });

  it('is set aside by its claim alone, and then neither fed nor claimed', async () => {
    const ref = await store(1);
    await claim(ref);
    await setAsideDispatch(world.pool, ref.id, 0);
    await endLease(ref);
    expect(await leaseDispatches(world.pool, [0], 0, 10, 0)).toHaveLength(1);
    await setAsideDispatch(world.pool, ref.id, 1);
    await endLease(ref);
    expect(await leaseDispatches(world.pool, [0], 0, 10, 0)).toEqual([]);
    expect(await claim({ ...ref, claim: 1 })).toEqual([]);
  });
});

describe('a later claim', () => {
  it('is told which deliveries exist', async () => {
    const ref = await store(2);
    const webhookId = randomUUID();
    const record = { ...world.record(webhookId), eventId: ref.firstEventId };
    await writeFlush(world.pool, { records: [record], reports: [], finished: [] }, flushLimits);
    const existing = await existingDeliveries(world.pool, ref, [ref.firstEventId, ref.lastEventId]);
    expect(existing).toEqual(new Set([`${ref.firstEventId} ${webhookId}`]));
  });
});
