import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually, startRedis } from '@posthorn/testkit';
import type { QueueLocation } from './backend.js';
import { type Counters, openCounters } from './counters.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const nowhere: QueueLocation = { kind: 'postgres', url: 'postgres://127.0.0.1:9/none', connectionsMax: 1 };
const open = (location: QueueLocation, errors: Error[] = []): Counters => {
  const counters = openCounters(location, (error) => errors.push(error));
  closers.push(counters.close);
  return counters;
};
/** A minute is longer than any test. */
const options = { name: 'test', windowS: 60, namesMax: 100 };
const ofRedis = async () => {
  const redis = await startRedis();
  closers.push(redis.stop);
  return redis;
};
/** Counters that are connected: until then they count alone. */
const connected = async (url: string, errors: Error[] = []) => {
  const counters = open({ kind: 'redis', url }, errors);
  await counters.ready();
  return counters;
};

describe('a count', () => {
  it('is of one name in one window, and tells how long that still is', async () => {
    const counter = open(nowhere).counter(options);
    expect((await counter.add('a', 3)).count).toBe(3);
    expect((await counter.add('b', 1)).count).toBe(1);
    const { count, resetMs } = await counter.add('a', 4);
    expect(count).toBe(7);
    expect(resetMs).toBeGreaterThan(0);
    expect(resetMs).toBeLessThanOrEqual(60_000);
  });

  it('begins anew when its window is over', async () => {
    const counter = open(nowhere).counter({ ...options, windowS: 1 });
    expect((await counter.add('a', 5)).count).toBe(5);
    await eventually(async () => (await counter.add('a', 1)).count === 1);
  });

  it('stands for longer where it is too high', async () => {
    const counter = open(nowhere).counter({ ...options, windowS: 1, block: { max: 2, blockS: 600 } });
    await counter.add('a', 2);
    expect((await counter.add('a', 1)).resetMs).toBeGreaterThan(500_000);
    expect((await counter.add('a', 1)).resetMs).toBeGreaterThan(500_000);
  });

  it('is remembered for a bounded number of names', async () => {
    const counter = open(nowhere).counter({ ...options, namesMax: 10 });
    await counter.add('first', 5);
    for (let index = 0; index < 10; index++) await counter.add(`other ${index}`, 1);
    expect((await counter.add('other 9', 1)).count).toBe(2);
    expect((await counter.add('first', 1)).count).toBe(1);
  });
});

describe('on Redis', () => {
  it('processes count together', async () => {
    const { url } = await ofRedis();
    const [one, other] = [(await connected(url)).counter(options), (await connected(url)).counter(options)];
    const counts = await Promise.all(Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? one : other).add('a', 1)));
    expect(counts.map(({ count }) => count).sort((left, right) => left - right)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
  });

  it('a block is told to all', async () => {
    const { url } = await ofRedis();
    const blocking = { ...options, windowS: 1, block: { max: 1, blockS: 600 } };
    const [one, other] = [(await connected(url)).counter(blocking), (await connected(url)).counter(blocking)];
    await one.add('a', 2);
    const { count, resetMs } = await other.add('a', 1);
    expect([count > 1, resetMs > 500_000]).toEqual([true, true]);
  });

  it('each counts alone while Redis is away, says so, and waits for nothing', async () => {
    const redis = await ofRedis();
    const errors: Error[] = [];
    const counter = (await connected(redis.url, errors)).counter(options);
    expect((await counter.add('a', 7)).count).toBe(7);
    await redis.stop();
    const told = errors.length;
    const counts: number[] = [];
    for (let index = 0; index < 50; index++) counts.push((await counter.add('a', 1)).count);
    expect(counts.at(-1)).toBeGreaterThanOrEqual(50);
    expect(counts.at(-1)).toBeLessThan(58);
    expect(errors.length).toBeGreaterThan(told);
  });
});
