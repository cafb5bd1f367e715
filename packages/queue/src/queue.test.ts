import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, eventually, type RedisServer, startRedis, type TestDatabase } from '@posthorn/testkit';
import { Redis } from 'ioredis';
import { migrateQueue, type QueueLocation } from './backend.js';
import { createQueueConsumer, type QueueConsumer } from './consumer.js';
import { type DispatchJob, type DueJob, lanes } from './jobs.js';
import { createQueueProducer, type QueueProducer } from './producer.js';

let redis: RedisServer;
let database: TestDatabase;
/** What a test opened, in the order in which it is closed. */
let opened: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [redis, database] = await Promise.all([startRedis(), createTestDatabase()]);
});

afterEach(async () => {
  const closing = opened.reverse();
  opened = [];
  for (const close of closing) await close();
});

afterAll(async () => {
  await redis.stop();
  await database.drop();
});

const locationOf = (kind: QueueLocation['kind']): QueueLocation =>
  kind === 'redis' ? { kind, url: redis.url } : { kind, url: database.url, connectionsMax: 4 };

const produce = (location: QueueLocation, shards = 1, lookEveryMs = 20): QueueProducer => {
  const producer = createQueueProducer({ location, shards, onError: () => undefined, lookEveryMs });
  opened.push(() => producer.close());
  return producer;
};

type Taken = {
  readonly first: DispatchJob[];
  readonly due: DueJob[];
  readonly replay: DueJob[];
  readonly errors: string[];
  readonly consumer: QueueConsumer;
};
type Handle<J> = (job: J) => Promise<void>;
const idle = () => Promise.resolve();
const consume = (
  location: QueueLocation,
  {
    shards = [0],
    handle = idle,
    handleReplay = idle,
  }: { shards?: number[]; handle?: Handle<DispatchJob>; handleReplay?: Handle<DueJob> } = {},
): Taken => {
  const [first, due, replay, errors] = [[] as DispatchJob[], [] as DueJob[], [] as DueJob[], [] as string[]];
  const consumer = createQueueConsumer({
    location,
    shards,
    handlers: {
      first: {
        jobsMax: 4,
        handle: async (job) => {
          first.push(job);
          await handle(job);
        },
      },
      due: { jobsMax: 4, handle: async (job) => void due.push(job) },
      replay: {
        jobsMax: 4,
        handle: async (job) => {
          replay.push(job);
          await handleReplay(job);
        },
      },
    },
    onError: (error) => errors.push(error.message),
  });
  opened.push(async () => {
    await consumer.stop();
    await consumer.close();
  });
  consumer.start();
  return { first, due, replay, errors, consumer };
};

const dispatch = (claim = 0): DispatchJob => ({ id: randomUUID(), claim, firstEventId: randomUUID(), lastEventId: randomUUID() });
const chunks = (replay = false): DueJob => ({
  chunks: [{ webhookId: randomUUID(), turn: 3, probe: true, epoch: 2, replay, deliveries: [{ eventId: randomUUID(), attempt: 7 }] }],
});
const byId = (a: DispatchJob, b: DispatchJob): number => a.id.localeCompare(b.id);

describe.each(['redis', 'postgres'] as const)('the queue on %s', (kind) => {
  it('hands out what was added, in its lane and shard, once', async () => {
    const location = locationOf(kind);
    const producer = produce(location, 2);
    await producer.ready();
    const [zero, one] = [consume(location), consume(location, { shards: [1] })];
    const jobs = [dispatch(), dispatch(3), dispatch()];
    const [due, replay] = [chunks(), chunks(true)];
    await producer.addDispatch(jobs[0]!, 0);
    await producer.addDispatches(jobs.slice(1), 0);
    await producer.addDue('due', due, randomUUID(), 0);
    await producer.addDue('replay', replay, randomUUID(), 0);
    const elsewhere = dispatch();
    await producer.addDispatch(elsewhere, 1);
    await eventually(() => zero.first.length >= 3 && zero.due.length >= 1 && zero.replay.length >= 1 && one.first.length >= 1);
    expect([...zero.first].sort(byId)).toEqual([...jobs].sort(byId));
    expect([zero.due, zero.replay, one.first, one.due, one.replay]).toEqual([[due], [replay], [elsewhere], [], []]);
    await eventually(() => lanes.every((lane) => producer.waiting(lane, 0) === 0));
  });

  it('hands out new dispatches and due chunks while every slot of the replays is taken', async () => {
    const location = locationOf(kind);
    const producer = produce(location);
    await producer.ready();
    let finish: () => void = () => undefined;
    const running = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { first, due, replay } = consume(location, { handleReplay: () => running });
    try {
      for (let i = 0; i < 6; i++) await producer.addDue('replay', chunks(true), randomUUID(), 0);
      await eventually(() => replay.length === 4 && producer.waiting('replay', 0) === 2);
      const [job, later] = [dispatch(), chunks()];
      await producer.addDispatch(job, 0);
      await producer.addDue('due', later, randomUUID(), 0);
      await eventually(() => first.length === 1 && due.length === 1);
      expect([first, due, replay.length]).toEqual([[job], [later], 4]);
    } finally {
      finish();
    }
    await eventually(() => replay.length === 6 && producer.waiting('replay', 0) === 0);
  });

  it('has one job of a dispatch that is fed again while it waits, and another after its claim rose', async () => {
    const location = locationOf(kind);
    const producer = produce(location);
    await producer.ready();
    const job = dispatch();
    await producer.addDispatch(job, 0);
    await producer.addDispatch(job, 0);
    await producer.addDispatches([job, { ...job, claim: 1 }], 0);
    await eventually(() => producer.waiting('first', 0) === 2);
    const { first } = consume(location);
    const last = dispatch();
    await producer.addDispatch(last, 0);
    await eventually(() => first.length >= 3 && producer.waiting('first', 0) === 0);
    // Several are taken at once, so their order is not certain.
    const fed = [`${job.id}-0`, `${job.id}-1`, `${last.id}-0`];
    expect(first.map((each) => `${each.id}-${each.claim}`).sort()).toEqual(fed.sort());
    // Done is forgotten: the same number can be fed again, once its job is over.
    await eventually(async () => {
      await producer.addDispatch(job, 0);
      return first.length >= 4;
    });
    // The one that was fed last may wait still; the next test has the same queue.
    await eventually(() => producer.waiting('first', 0) === 0);
  });

  it('tells how many wait, those just added at once', async () => {
    const location = locationOf(kind);
    const producer = produce(location, 1, 20);
    await producer.ready();
    expect(producer.waiting('first', 0)).toBe(0);
    await producer.addDispatches(
      Array.from({ length: 150 }, () => dispatch()),
      0,
    );
    expect(producer.waiting('first', 0)).toBeGreaterThanOrEqual(150);
    await eventually(() => producer.waiting('first', 0) === 150);
    expect([producer.waiting('due', 0), producer.waiting('replay', 0)]).toEqual([0, 0]);
    expect(producer.waiting('first', 1)).toBe(Number.POSITIVE_INFINITY);
    const { first } = consume(location);
    await eventually(() => first.length === 150 && producer.waiting('first', 0) === 0);
  });

  it('tells how many jobs of a shard are not over, in all lanes, also of one that it does not feed', async () => {
    const location = locationOf(kind);
    const [producer, looker] = [produce(location, 3), produce(location, 0)];
    await producer.ready();
    await looker.connected();
    expect(await looker.unfinished(2)).toBe(0);
    let finish: () => void = () => undefined;
    const running = new Promise<void>((resolve) => {
      finish = resolve;
    });
    await producer.addDispatches([dispatch(), dispatch()], 2);
    await producer.addDue('due', chunks(), randomUUID(), 2);
    expect(await looker.unfinished(2)).toBe(3);
    const { first, due } = consume(location, { shards: [2], handle: () => running });
    try {
      await eventually(async () => first.length === 2 && due.length === 1 && (await looker.unfinished(2)) === 2);
    } finally {
      finish();
    }
    await eventually(async () => (await looker.unfinished(2)) === 0);
  });

  it('takes from more shards than it has connections for other things', async () => {
    const location = locationOf(kind);
    const shards = [3, 4, 5, 6, 7];
    const producer = produce(location, 8);
    await producer.ready();
    const { first, due, replay } = consume(location, { shards });
    for (const shard of shards) {
      await producer.addDispatch(dispatch(), shard);
      await producer.addDue('due', chunks(), randomUUID(), shard);
      await producer.addDue('replay', chunks(true), randomUUID(), shard);
    }
    await eventually(() => [first, due, replay].every((taken) => taken.length === shards.length), { timeoutMs: 20_000 });
  }, 30_000);

  it('goes on after a handler failed, and does not try its job again', async () => {
    const location = locationOf(kind);
    const producer = produce(location);
    await producer.ready();
    const [bad, good] = [dispatch(), dispatch()];
    const { first, errors } = consume(location, {
      handle: async (job) => (job.id === bad.id ? Promise.reject(new Error('ours')) : undefined),
    });
    await producer.addDispatch(bad, 0);
    await eventually(() => errors.includes('ours'));
    await producer.addDispatch(good, 0);
    await eventually(() => first.length === 2);
    expect(first.map((job) => job.id)).toEqual([bad.id, good.id]);
    await eventually(() => producer.waiting('first', 0) === 0);
  });

  it('waits on stop for the jobs that run, and leaves the others to the next', async () => {
    const location = locationOf(kind);
    const producer = produce(location);
    await producer.ready();
    let finish: () => void = () => undefined;
    const running = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { first, consumer } = consume(location, { handle: () => running });
    await producer.addDispatch(dispatch(), 0);
    await eventually(() => first.length === 1);
    let stopped = false;
    const stopping = consumer.stop().then(() => {
      stopped = true;
    });
    try {
      await producer.addDispatches([dispatch(), dispatch()], 0);
      const another = consume(location);
      // A fetch that is already under way when the stop begins may bring one more, which the stop waits for too.
      await eventually(() => first.length + another.first.length === 3);
      expect([stopped, first.length <= 2]).toEqual([false, true]);
      expect(new Set([...first, ...another.first].map((job) => job.id)).size).toBe(3);
    } finally {
      finish();
    }
    await stopping;
  });
});

describe('the queue on Postgres', () => {
  it('is made by several processes at once, and again', async () => {
    const location = locationOf('postgres');
    await Promise.all([migrateQueue(location), migrateQueue(location), migrateQueue(location)]);
  });

  it('never loses its data without the truth', async () => {
    expect(await produce(locationOf('postgres')).lostData(0)).toBe(false);
  });
});

describe('the queue on Redis', () => {
  let own: RedisServer;
  let location: QueueLocation;

  beforeAll(async () => {
    own = await startRedis();
    location = { kind: 'redis', url: own.url };
  });

  // Last, when the producers and consumers are closed.
  afterAll(() => own.stop());

  const flushAll = async (): Promise<void> => {
    const client = new Redis(own.url, { lazyConnect: true });
    await client.connect();
    await client.flushall();
    client.disconnect();
  };

  it('notices once that its data are gone, shard by shard, and goes on', async () => {
    const producer = produce(location, 2);
    await producer.ready();
    const lost = () => Promise.all([producer.lostData(0), producer.lostData(1)]);
    await lost();
    expect(await lost()).toEqual([false, false]);
    await producer.addDispatch(dispatch(), 0);
    await flushAll();
    expect(await producer.lostData(1)).toBe(true);
    expect(await lost()).toEqual([true, false]);
    expect(await lost()).toEqual([false, false]);
    await eventually(() => producer.waiting('first', 0) === 0);
    const { first } = consume(location);
    const job = dispatch();
    await producer.addDispatch(job, 0);
    await eventually(() => first.length === 1);
    await flushAll();
    const afterwards = dispatch();
    await producer.addDispatch(afterwards, 0);
    await eventually(() => first.length === 2);
    expect(first).toEqual([job, afterwards]);
  });

  it('fails fast while Redis is gone, and both sides work again when it is back', async () => {
    const producer = produce(location);
    await producer.ready();
    const { first } = consume(location);
    await producer.addDispatch(dispatch(), 0);
    await eventually(() => first.length === 1);
    await own.kill();
    await expect(producer.addDispatch(dispatch(), 0)).rejects.toThrow();
    await expect(producer.ready()).rejects.toThrow();
    await eventually(() => producer.waiting('first', 0) === Number.POSITIVE_INFINITY);
    expect(await producer.lostData(0)).toBe(false);
    await own.restart();
    await eventually(() => producer.ready().then(() => true));
    expect(await producer.lostData(0)).toBe(true);
    const job = dispatch();
    await eventually(() => producer.addDispatch(job, 0).then(() => true));
    await eventually(() => first.some((each) => each.id === job.id), { timeoutMs: 20_000 });
    await eventually(() => producer.waiting('first', 0) === 0);
  });

  it('works for those that were made while Redis was gone', async () => {
    await own.kill();
    const producer = produce(location);
    const { first } = consume(location);
    await expect(producer.ready()).rejects.toThrow('did not answer');
    await expect(producer.addDispatch(dispatch(), 0)).rejects.toThrow('not been reachable');
    expect(producer.waiting('first', 0)).toBe(Number.POSITIVE_INFINITY);
    expect(await producer.lostData(0)).toBe(false);
    await own.restart();
    await eventually(() => producer.ready().then(() => true));
    const job = dispatch();
    await producer.addDispatch(job, 0);
    await eventually(() => first.length === 1, { timeoutMs: 20_000 });
    expect(first).toEqual([job]);
  });
});
