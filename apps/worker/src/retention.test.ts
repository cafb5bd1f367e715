import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { Dropping } from '@posthorn/db';
import { fakeTime } from '../tests/fixtures.js';
import { limits } from './limits.js';
import { createRetention } from './retention.js';

const bounds = limits.retention;
const nothing: Dropping = { dropped: [], kept: null };

beforeEach(() => {
  jest.useFakeTimers(fakeTime);
});
afterEach(() => {
  jest.useRealTimers();
});
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

/** A loop whose database is played by hand: what it asks for is written down, what it gets is set by the test. */
const open = () => {
  const world = { active: true, waiting: 0, lost: 0, untold: 0, unwarned: 0, droppings: [] as Dropping[], fails: null as string | null };
  const calls: string[] = [];
  const told: string[] = [];
  const errors: unknown[] = [];
  const call = <T>(name: string, value: T): Promise<T> => {
    calls.push(name);
    return world.fails === name ? Promise.reject(new Error(name)) : Promise.resolve(value);
  };
  const take = (name: 'waiting' | 'lost' | 'untold' | 'unwarned', max: number): number => {
    const taken = Math.min(world[name], max);
    world[name] -= taken;
    return taken;
  };
  const loop = createRetention({
    isActive: () => world.active,
    moveKeptFrom: () => call('moveKeptFrom', 'from'),
    expire: (from) => call(`expire ${from}`, take('waiting', bounds.endRowsMax)),
    endDispatches: () => call('endDispatches', take('lost', 100)),
    tell: () => call('tell', take('untold', bounds.webhooksMax)),
    warn: () => call('warn', take('unwarned', bounds.webhooksMax)),
    drop: () => call('drop', world.droppings.shift() ?? nothing),
    close: () => call('close', 0),
    forget: () => call('forget', 0),
    onExpired: (kind, count) => told.push(`${kind} ${count}`),
    onDropping: ({ dropped, kept }) => told.push(...dropped, ...(kept === null ? [] : [`kept ${kept.partition}`])),
    onError: (error) => errors.push(error),
  });
  const count = (name: string) => calls.filter((each) => each === name).length;
  return { world, loop, calls, told, errors, count };
};

it('ends all that waits, step after step, before it tells of it and drops', async () => {
  const { world, loop, calls, told } = open();
  world.waiting = 2 * bounds.endRowsMax + 1;
  world.lost = 5;
  loop.start();
  await pass(0);
  await loop.stop();
  const steps = ['moveKeptFrom', 'expire from', 'endDispatches'];
  const tidy = ['warn', 'close', 'forget'];
  expect(calls).toEqual([...steps, ...tidy, ...steps, ...steps, 'tell', 'drop']);
  expect(told).toEqual([`delivery ${bounds.endRowsMax}`, 'event 5', `delivery ${bounds.endRowsMax}`, 'delivery 1']);
});

it('tells and warns of many webhooks without a pause', async () => {
  const { world, loop, count } = open();
  world.untold = 2 * bounds.webhooksMax;
  world.unwarned = bounds.webhooksMax + 1;
  loop.start();
  await pass(0);
  await loop.stop();
  expect([world.untold, world.unwarned, count('drop')]).toEqual([0, 0, 1]);
});

it('looks for days to drop every minute, ends every ten, tidies every hour', async () => {
  const { loop, count } = open();
  loop.start();
  await pass(bounds.tidyEveryMs - bounds.roundMs);
  expect([count('drop'), count('moveKeptFrom'), count('warn')]).toEqual([60, 6, 1]);
  await pass(bounds.roundMs);
  expect([count('drop'), count('moveKeptFrom'), count('warn')]).toEqual([61, 7, 2]);
  await loop.stop();
});

it('drops on at once while days go, and waits while somebody is in the way of one', async () => {
  const { world, loop, count, told } = open();
  const kept = { partition: 'c', why: 'somebody reads it' };
  world.droppings = [{ dropped: ['a'], kept: null }, { dropped: ['b'], kept }, nothing];
  loop.start();
  await pass(0);
  expect([count('drop'), told]).toEqual([2, ['a', 'b', 'kept c']]);
  await pass(bounds.roundMs);
  expect(count('drop')).toBe(3);
  await loop.stop();
});

it('does nothing while another worker’s scheduler is active, and takes over within a second', async () => {
  const { world, loop, calls } = open();
  world.active = false;
  loop.start();
  await pass(10 * bounds.roundMs);
  expect(calls).toEqual([]);
  world.active = true;
  await pass(bounds.idleMs);
  expect(calls).toContain('drop');
  await loop.stop();
});

it.each(['moveKeptFrom', 'expire from', 'tell', 'warn', 'forget', 'drop'])(
  'does the rest while %s keeps failing, and tries it again',
  async (failing) => {
    const { world, loop, count, errors } = open();
    world.fails = failing;
    loop.start();
    await pass(0);
    expect(errors).toEqual([new Error(failing)]);
    for (const step of ['moveKeptFrom', 'warn', 'drop']) expect([step, count(step)]).toEqual([step, 1]);
    world.fails = null;
    await pass(bounds.roundMs);
    expect([errors.length, count(failing)]).toEqual([1, 2]);
    await loop.stop();
  },
);
