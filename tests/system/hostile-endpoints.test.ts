// Thirty endpoints that misbehave, each in its own way, beside three that behave, over two workers: the three notice nothing, every attempt is
// recorded as what it was, and the workers live on as much memory as before.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type ErrorKind, errorKindCodes } from '@posthorn/core';
import { eventually, type RawServer, type Receiver, startRawServer, startReceiver } from '@posthorn/testkit';
import { inParallel } from './support/api-client.js';
import { type HostileCase, hostileCases } from './support/hostile-cases.js';
import { type Product, startProduct } from './support/product.js';
import { readTallies, recount, untilQuiet } from './support/truth.js';
import { readMemory } from './support/workers.js';

const healthyCount = 3;
const events = 300;
/**
 * Events on their way to the healthy ones at a time, and no more: if each had to wait for the deadline of a neighbour (10 s), a round would take ten
 * minutes, which the test is not given. How fast they are beside trouble is what the benchmark `half-dead` measures.
 */
const inFlightMax = 6;
const rounds = 2;
const circuitThreshold = 10;
/** Of one round, in which thousands of answers of any size came in: what is kept of each is 16 KiB, and no more than 512 wait to be recorded. */
const growthBytesMax = 64 * 1024 * 1024;
const memoryBytesMax = 350 * 1024 * 1024;

/** Where the deadline is not what ends an attempt: long enough for a machine that is busy. */
const timeoutMs = 10_000;

type Hostile = HostileCase & { readonly server: RawServer; readonly id: string };

let product: Product;
let healthy: Receiver;
let hostile: readonly Hostile[];

beforeAll(async () => {
  product = await startProduct({ workers: 2 });
  healthy = await startReceiver({
    answer: ({ headers }) => {
      const arrival = arrivalOf(headers['webhook-id'] ?? '');
      arrival.count += 1;
      if (arrival.count === healthyCount) arrival.done();
      return {};
    },
  });
  // So many that what only a deadline ends does not outlast its round.
  const settings = { retry_schedule_s: [3600], max_in_flight: 100 };
  hostile = await Promise.all(
    hostileCases.map(async (each) => {
      const server = await startRawServer({ script: each.script });
      const url = each.scheme === undefined ? server.url() : server.url().replace(/^http:/, 'https:');
      return { ...each, server, id: (await product.api.createWebhook({ url, ...settings, timeout_ms: each.deadlineMs ?? timeoutMs })).id };
    }),
  );
  for (let index = 0; index < healthyCount; index++) await product.api.createWebhook({ url: healthy.url(`/${index}`) });
}, 90_000);
afterAll(async () => {
  await product?.stop();
  await Promise.all([healthy?.stop(), ...(hostile ?? []).map(({ server }) => server.stop())]);
}, 60_000);

type Recorded = { readonly webhook_id: string; readonly recorded: number; readonly n: number; readonly bodies: readonly Buffer[] };
const readRecorded = async (): Promise<readonly Recorded[]> =>
  (
    await product.pool.query<Recorded>(
      `select webhook_id, coalesce(status_code, -error_kind)::int as recorded, count(*)::int as n, array_agg(distinct response_body) as bodies
         from attempts group by 1, 2`,
    )
  ).rows;

const expectRecorded = async (round: number): Promise<true> => {
  const rows = await readRecorded();
  for (const { does, id, recorded, body, deadlineMs } of hostile) {
    const own = rows.filter((row) => row.webhook_id === id);
    const code = typeof recorded === 'number' ? recorded : -errorKindCodes[recorded as ErrorKind];
    expect([does, own.map((row) => row.recorded)]).toEqual([does, [code]]);
    // Who succeeds gets everything, at its own pace if it is slow; who fails is not called any more once its circuit is open.
    const isServed = code >= 200 && code <= 299;
    const [least, most] = [
      !isServed ? circuitThreshold : deadlineMs === undefined ? round * events : 1,
      isServed ? round * events : (round * events) / 2,
    ];
    expect([does, (own[0]?.n ?? 0) >= least, (own[0]?.n ?? 0) <= most, own[0]?.n]).toEqual([does, true, true, own[0]?.n]);
    if (body !== undefined) for (const kept of own[0]?.bodies ?? []) expect(kept.equals(body)).toBe(true);
  }
  return true;
};

/** By event, those of the healthy endpoints that wait for it, and who waits for them. */
const arrivals = new Map<string, { count: number; done: () => void }>();
const arrivalOf = (id: string) => {
  let arrival = arrivals.get(id);
  if (arrival === undefined) {
    arrival = { count: 0, done: () => undefined };
    arrivals.set(id, arrival);
  }
  return arrival;
};
/** Resolves when all healthy endpoints have the event. */
const arrived = (id: string): Promise<void> =>
  new Promise((resolve) => {
    const arrival = arrivalOf(id);
    arrival.done = resolve;
    if (arrival.count >= healthyCount) resolve();
  });

/** Every worker, one after the other, in bytes. */
const readMemories = (): Promise<readonly number[]> => Promise.all(product.workers.map(readMemory));

it('keeps what thirty broken endpoints do from their neighbours, records it, and lives', async () => {
  const { api, pool, workers, apiProcess } = product;
  expect(hostile.length).toBeGreaterThanOrEqual(30);
  const memories: (readonly number[])[] = [];
  for (let round = 1; round <= rounds; round++) {
    healthy.clear();
    const ids = await inParallel(events, inFlightMax, async (index) => {
      const id = await api.publish({ event_type: 'a', data: { index } });
      await arrived(id);
      return id;
    });
    for (let index = 0; index < healthyCount; index++) {
      const arrived = healthy.received.filter((one) => one.path === `/${index}`).map((one) => one.headers['webhook-id']);
      expect([...arrived].sort()).toEqual([...ids].sort());
    }
    await untilQuiet(pool, 40_000);
    // What waits for the next chunk of a slow endpoint is quiet too.
    await eventually(() => expectRecorded(round), { timeoutMs: 40_000 });
    await untilQuiet(pool);
    memories.push(await readMemories());
  }
  expect(healthy.count()).toBe(events * healthyCount);
  for (const [index] of workers.entries()) {
    const [before = 0, after = 0] = memories.map((each) => each[index] ?? 0);
    expect(after).toBeLessThan(memoryBytesMax);
    expect(after - before).toBeLessThan(growthBytesMax);
  }
  expect(await readTallies(pool)).toEqual(await recount(pool));
  // What is an endpoint's fault is no error of ours: not one line, no flush that failed. One that waited 2 s for a lock because the machine is busy is
  // nobody's fault, and is sent again.
  for (const one of [apiProcess, ...workers]) {
    const lines = one.output().split('\n');
    const errors = lines.filter((line) => /"level":(50|60)|worker\.error|Unhandled|Warning/.test(line));
    expect(errors.filter((line) => !/"code":"55P03".*"doing":"flush"/.test(line))).toEqual([]);
  }
}, 150_000);
