// One round of one system: fresh database, warm-up, the closed loop, then a tenth of what that reached at a constant rate. Each
// phase ends when everything it published is delivered and recorded, and a phase in which the counts differ is no figure.
import type pg from 'pg';
import type { TalkingChild } from './children.js';
import { nowMs } from './clock.js';
import { cpuSecondsOfTree } from './cpu.js';
import { firstByteTimes } from './first-byte.js';
import type { LoadCommand, LoadReport } from './load.js';
import type { Percentiles } from './percentiles.js';
import { type Servers, withRig } from './rig.js';
import type { SinkAnswer } from './sink.js';
import type { QueueBackend, RunningSystem, StartSystem } from './system.js';
import { untilReached } from './until-reached.js';

/** How a round is run; `lowLoadShare` of the throughput is the constant rate of its second half. */
export interface RoundPlan {
  readonly queue: QueueBackend;
  readonly fanOut: number;
  readonly connections: number;
  readonly warmUpS: number;
  readonly seconds: number;
  readonly lowLoadSeconds: number;
  readonly lowLoadShare: number;
}

/** The processes whose CPU time is counted. */
export type Part = 'api' | 'worker' | 'postgres' | 'redis' | 'load' | 'sink';

/** What one phase showed. `deliveriesPerS` counts what was delivered and recorded, over the time until the last record. */
export interface Phase {
  readonly eventsPerS: number;
  readonly deliveriesPerS: number;
  readonly answered: Percentiles;
  readonly firstByte: Percentiles;
  /** CPU microseconds per delivery; `null` where they cannot be known. */
  readonly cpuUs: Readonly<Record<Part, number | null>>;
}

/** The two phases of a round that count. */
export interface Round {
  readonly full: Phase;
  readonly low: Phase;
}

interface Bench {
  readonly plan: RoundPlan;
  readonly system: RunningSystem;
  readonly sink: TalkingChild;
  readonly load: TalkingChild;
  readonly pool: pg.Pool;
  readonly pids: Readonly<Record<Part, number | null>>;
}

/** Runs one round. Rejects if an event was refused, lost or delivered twice, or if nothing moved for a minute. */
export async function measureRound(start: StartSystem, servers: Servers, plan: RoundPlan): Promise<Round> {
  return withRig(servers, plan.queue, async ({ database, redis, sink, load, opened, postgresPid }) => {
    const setup = { databaseUrl: database.url, redisUrl: redis?.url, sinkOrigin: `http://127.0.0.1:${sink.port}`, fanOut: plan.fanOut };
    const system = await opened(start(setup), (it) => it.stop());
    const pids = { ...system.pids, postgres: postgresPid, redis: redis?.pid ?? null, load: load.pid, sink: sink.pid };
    const bench: Bench = { plan, system, sink, load, pool: database.pool, pids };

    await runPhase(bench, plan.warmUpS);
    const full = await runPhase(bench, plan.seconds);
    const low = await runPhase(bench, plan.lowLoadSeconds, full.eventsPerS * plan.lowLoadShare);
    return { full, low };
  });
}

async function runPhase(bench: Bench, seconds: number, ratePerS?: number): Promise<Phase> {
  const { system, plan } = bench;
  const before = await countRecords(bench.pool);
  const succeededBefore = await system.countSucceeded(bench.pool);
  await bench.sink.ask<SinkAnswer>({ name: 'reset' });
  const cpuBefore = readCpu(bench.pids);
  const startedAt = nowMs();

  const paced = ratePerS === undefined ? {} : { ratePerS };
  const command: LoadCommand = { port: system.port, headers: system.headers, connections: plan.connections, seconds, ...paced };
  const load = await bench.load.ask<LoadReport>(command);
  if (load.refused > 0) throw new Error(`${load.refused} events were refused, the first with: ${load.firstRefusal}\n${system.output()}`);
  const deliveries = load.accepted * plan.fanOut;
  await untilDelivered(bench, deliveries);
  const recordedAt = await untilRecorded(bench, before.attempts + deliveries);
  const elapsedS = (recordedAt - startedAt) / 1000;
  const cpuAfter = readCpu(bench.pids);

  const sink = await bench.sink.ask<SinkAnswer>({ name: 'report' });
  const after = await countRecords(bench.pool);
  const succeeded = (await system.countSucceeded(bench.pool)) - succeededBefore;
  checkNothingLost({ load, fanOut: plan.fanOut, sink, before, after, succeeded });
  return {
    eventsPerS: load.accepted / elapsedS,
    deliveriesPerS: deliveries / elapsedS,
    answered: { p50Ms: load.p50Ms, p99Ms: load.p99Ms },
    firstByte: firstByteTimes(load.sample, sink.sample ?? []),
    cpuUs: cpuPerDelivery(cpuBefore, cpuAfter, deliveries),
  };
}

async function untilDelivered({ sink, system }: Bench, deliveries: number): Promise<void> {
  await untilReached('requests at the sink', deliveries, system, async () => {
    const { requests, malformed } = await sink.ask<SinkAnswer>({ name: 'progress' });
    if (malformed > 0) throw new Error(`${malformed} malformed requests at the sink`);
    return requests;
  });
}

/** Returns the time at which the first count that had everything was asked for. */
async function untilRecorded({ pool, system }: Bench, attempts: number): Promise<number> {
  let askedAt = nowMs();
  await untilReached('attempts recorded', attempts, system, async () => {
    askedAt = nowMs();
    return (await countRecords(pool)).attempts;
  });
  return askedAt;
}

interface Records {
  readonly events: number;
  readonly deliveries: number;
  readonly attempts: number;
}

async function countRecords(pool: pg.Pool): Promise<Records> {
  const { rows } = await pool.query<Records>(
    `select (select count(*) from events)::int as events, (select count(*) from deliveries)::int as deliveries,
            (select count(*) from attempts)::int as attempts`,
  );
  return rows[0]!;
}

interface Counts {
  readonly load: LoadReport;
  readonly fanOut: number;
  readonly sink: SinkAnswer;
  readonly before: Records;
  readonly after: Records;
  readonly succeeded: number;
}

function checkNothingLost({ load, fanOut, sink, before, after, succeeded }: Counts): void {
  const deliveries = load.accepted * fanOut;
  const counts: readonly (readonly [string, number, number])[] = [
    ['events in the database', after.events - before.events, load.accepted],
    ['different events at the sink', sink.counted?.ids ?? 0, load.accepted],
    ['requests at the sink', sink.requests, deliveries],
    ['duplicates at the sink', sink.counted?.duplicates ?? 0, 0],
    ['deliveries recorded', after.deliveries - before.deliveries, deliveries],
    ['attempts recorded', after.attempts - before.attempts, deliveries],
    ['deliveries succeeded', succeeded, deliveries],
  ];
  const wrong = counts.filter(([, counted, wanted]) => counted !== wanted);
  if (wrong.length > 0) throw new Error(wrong.map(([what, counted, wanted]) => `${what}: ${counted}, not ${wanted}`).join('; '));
}

type CpuTimes = Readonly<Record<Part, number | null>>;

function readCpu(pids: CpuTimes): CpuTimes {
  return mapParts((part) => (pids[part] === null ? null : cpuSecondsOfTree(pids[part])));
}

function cpuPerDelivery(before: CpuTimes, after: CpuTimes, deliveries: number): CpuTimes {
  return mapParts((part) => (before[part] === null || after[part] === null ? null : ((after[part] - before[part]) * 1e6) / deliveries));
}

function mapParts(read: (part: Part) => number | null): CpuTimes {
  return {
    api: read('api'),
    worker: read('worker'),
    postgres: read('postgres'),
    redis: read('redis'),
    load: read('load'),
    sink: read('sink'),
  };
}
