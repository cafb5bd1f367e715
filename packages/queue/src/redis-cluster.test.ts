// The queue on a real Redis Cluster of three masters: six shards, two at each master.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { eventually, type RedisCluster, startRedisCluster } from '@posthorn/testkit';
import { Redis } from 'ioredis';
import { createQueueConsumer } from './consumer.js';
import { openCounters } from './counters.js';
import { type DispatchJob, queuePrefix, shardsBelow } from './jobs.js';
import { createQueueProducer, type QueueProducer } from './producer.js';

const shards = 6;
let cluster: RedisCluster;
let opened: (() => unknown)[] = [];

beforeAll(async () => {
  cluster = await startRedisCluster();
}, 90_000);

afterEach(async () => {
  const closing = opened.reverse();
  opened = [];
  for (const close of closing) await close();
}, 60_000);

afterAll(() => cluster?.stop());

const location = () => ({ kind: 'redis', url: cluster.url }) as const;
const produce = (): QueueProducer => {
  const producer = createQueueProducer({ location: location(), shards, onError: () => undefined, lookEveryMs: 20 });
  opened.push(() => producer.close());
  return producer;
};
const consume = (served: readonly number[]) => {
  const taken = new Set<string>();
  let repeats = 0;
  const take = async ({ id }: DispatchJob): Promise<void> => {
    if (taken.has(id)) repeats += 1;
    taken.add(id);
  };
  const ignore = async (): Promise<void> => undefined;
  const handlers = { first: { jobsMax: 4, handle: take }, due: { jobsMax: 1, handle: ignore }, replay: { jobsMax: 1, handle: ignore } };
  const consumer = createQueueConsumer({ location: location(), shards: served, handlers, onError: () => undefined });
  opened.push(async () => {
    await consumer.stop();
    await consumer.close();
  });
  consumer.start();
  return { taken, consumer, repeats: () => repeats };
};
const dispatch = (): DispatchJob => ({ id: randomUUID(), claim: 0, firstEventId: randomUUID(), lastEventId: randomUUID() });

/** Adds a dispatch to each of the shards, and resolves with their ids by shard. */
const addToEach = async (producer: QueueProducer, to: readonly number[]): Promise<readonly string[]> =>
  Promise.all(
    to.map(async (shard) => {
      const job = dispatch();
      await producer.addDispatch(job, shard);
      return job.id;
    }),
  );

/** The shards of each master, as the cluster itself places their keys. */
const shardsOf = async (master: number): Promise<readonly number[]> => {
  const { url, slots } = cluster.masters[master]!;
  const client = new Redis(url);
  try {
    const placed = await Promise.all(shardsBelow(shards).map((shard) => client.call('CLUSTER', 'KEYSLOT', `${queuePrefix(shard)}:any`)));
    return placed.flatMap((slot, shard) => (Number(slot) >= slots[0] && Number(slot) <= slots[1] ? [shard] : []));
  } finally {
    client.disconnect();
  }
};

it('has two of six shards at each of three masters', async () => {
  const placed = await Promise.all([shardsOf(0), shardsOf(1), shardsOf(2)]);
  expect(placed.map((each) => each.length)).toEqual([2, 2, 2]);
});

it('hands out what was added in every shard, one by one and in bulk, once', async () => {
  const producer = produce();
  await producer.ready();
  expect(await producer.unreachable()).toEqual([]);
  const { taken, repeats } = consume(shardsBelow(shards));
  const ids = [...(await addToEach(producer, shardsBelow(shards)))];
  for (const shard of shardsBelow(shards)) {
    const jobs = Array.from({ length: 20 }, dispatch);
    await producer.addDispatches(jobs, shard);
    ids.push(...jobs.map(({ id }) => id));
  }
  await eventually(() => ids.every((id) => taken.has(id)), { timeoutMs: 30_000 });
  expect([taken.size, repeats()]).toEqual([ids.length, 0]);
  await eventually(() => shardsBelow(shards).every((shard) => producer.waiting('first', shard) === 0));
}, 60_000);

it('serves other shards when it is told so, and feeds more or fewer', async () => {
  const producer = produce();
  await producer.ready();
  const { taken, consumer } = consume([0, 1]);
  const [one, two] = await addToEach(producer, [1, 2]);
  await eventually(() => taken.has(one!), { timeoutMs: 30_000 });
  expect(taken.has(two!)).toBe(false);
  expect(await producer.unfinished(2)).toBe(1);
  await consumer.serve([1, 2]);
  await eventually(() => taken.has(two!), { timeoutMs: 30_000 });
  const [zero] = await addToEach(producer, [0]);
  const [again] = await addToEach(producer, [2]);
  await eventually(() => taken.has(again!));
  expect([taken.has(zero!), await producer.unfinished(0)]).toEqual([false, 1]);
  producer.feed(shards + 1);
  expect(producer.shards).toBe(shards + 1);
  await eventually(() => producer.waiting('first', shards) === 0);
  producer.feed(shards);
  await consumer.serve([0]);
  await eventually(() => taken.has(zero!), { timeoutMs: 30_000 });
}, 90_000);

it.each(['kept', 'lost'] as const)(
  'goes on with the other shards while a master is gone, and with all once it is back with its data %s',
  async (data) => {
    const [gone, others] = [await shardsOf(1), [...(await shardsOf(0)), ...(await shardsOf(2))]];
    const producer = produce();
    await producer.ready();
    for (const shard of shardsBelow(shards)) await producer.lostData(shard);
    const { taken, repeats } = consume(shardsBelow(shards));
    // A queue that does not answer in time is asked again, as what was refused is given back; what stood there all the same is one job more.
    const add = (by: QueueProducer, to: readonly number[]) => eventually(() => addToEach(by, to), { timeoutMs: 30_000 });
    const before = await add(producer, shardsBelow(shards));
    await eventually(() => before.every((id) => taken.has(id)), { timeoutMs: 30_000 });

    await cluster.masters[1]!.kill();
    await eventually(() => gone.every((shard) => producer.waiting('first', shard) === Number.POSITIVE_INFINITY), { timeoutMs: 30_000 });
    for (const shard of gone) await expect(producer.addDispatch(dispatch(), shard)).rejects.toThrow();
    expect(await producer.unreachable()).toEqual(gone);
    await producer.ready();
    const meanwhile = await add(producer, others);
    await eventually(() => meanwhile.every((id) => taken.has(id)), { timeoutMs: 30_000 });
    // One that is started now has the other shards at once, and those of the master once it is back.
    const late = produce();
    await late.ready();
    expect(others.map((shard) => late.waiting('first', shard))).toEqual(others.map(() => 0));
    expect(gone.map((shard) => late.waiting('first', shard))).toEqual(gone.map(() => Number.POSITIVE_INFINITY));
    const lateTaken = consume(shardsBelow(shards)).taken;

    await cluster.masters[1]!.restart(data);
    await eventually(async () => (await producer.unreachable()).length === 0 && (await late.unreachable()).length === 0, {
      timeoutMs: 30_000,
    });
    const lost = await Promise.all(shardsBelow(shards).map((shard) => producer.lostData(shard)));
    expect(lost).toEqual(shardsBelow(shards).map((shard) => data === 'lost' && gone.includes(shard)));
    const after = await add(late, shardsBelow(shards));
    await eventually(() => after.every((id) => taken.has(id) || lateTaken.has(id)), { timeoutMs: 60_000 });
    expect(repeats()).toBe(0);
  },
  240_000,
);

it('counts together with other processes', async () => {
  const open = () => {
    const counters = openCounters(location(), () => undefined);
    opened.push(counters.close);
    return counters;
  };
  const [one, other] = [open(), open()];
  await Promise.all([one.ready(), other.ready()]);
  const options = { name: randomUUID(), windowS: 60, namesMax: 10 };
  const names = ['a', 'b', 'c', 'd'];
  for (const name of names) await one.counter(options).add(name, 2);
  const counts = await Promise.all(names.map((name) => other.counter(options).add(name, 1)));
  expect(counts.map(({ count }) => count)).toEqual([3, 3, 3, 3]);
}, 30_000);
