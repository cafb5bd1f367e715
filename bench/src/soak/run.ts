// A soak: the top rate, a warm-up at a share of it, then the same for minutes on end. At the end of both the queue is drained, the tables are vacuumed, and
// what the product holds is written down; what was accepted has to have exactly one success, or there is no verdict.
import { nowMs } from '../clock.js';
import { insertTenants } from '../fairness/webhook-rows.js';
import type { LoadCommand, LoadReport } from '../load.js';
import { launchProduct, type Product } from '../product.js';
import { type Rig, type Servers, withRig } from '../rig.js';
import type { SinkAnswer } from '../sink.js';
import { countNewSuccesses } from '../successes.js';
import { webhookUrl } from '../system.js';
import { untilReached } from '../until-reached.js';
import type { SoakPlan } from './plan.js';
import { type ProcessSample, sampleProcess, type Watched } from './processes.js';
import { countConnections, readRedis, readTables } from './stores.js';
import { compare, type SoakFigure, type SoakPoint } from './verdict.js';

/** What a soak showed. */
export interface SoakRun {
  readonly topPerS: number;
  readonly ratePerS: number;
  /** Stored in the end, those before the soak included. */
  readonly deliveries: number;
  readonly figures: readonly SoakFigure[];
}

/** Told of each sample: the phase, seconds since it began, and the processes by name. */
export type TellSample = (phase: string, atS: number, samples: ReadonlyMap<string, ProcessSample>) => void;

interface Soak {
  readonly rig: Rig;
  readonly product: Product;
  readonly plan: SoakPlan;
  readonly watched: readonly Watched[];
  readonly redisUrl: string;
  readonly tell: TellSample;
}

const eventTypeOf = (index: number): string => `load.sent${index}`;
const tenant = 'tenant0';
const connections = 64;
const maxInFlight = 1_000;

/** Runs a soak. Rejects if an event was refused, lost, or delivered other than once. */
export const runSoak = (servers: Servers, plan: SoakPlan, tell: TellSample): Promise<SoakRun> =>
  withRig(servers, 'redis', async (rig) => {
    const redisUrl = rig.redis!.url;
    const product = await rig.opened(launchProduct({ databaseUrl: rig.database.url, redisUrl }), (it) => it.stop());
    const url = webhookUrl(`http://127.0.0.1:${rig.sink.port}`, 0);
    await insertTenants(rig.database.pool, [{ key: tenant, webhooks: plan.webhooks }], url, eventTypeOf);
    await rig.database.pool.query('update webhooks set max_in_flight = $1', [maxInFlight]);
    const watched: Watched[] = [{ name: 'api', pid: product.api.pid, port: product.port }];
    while (watched.length <= plan.workers) {
      const { pid, port } = await product.startWorker();
      watched.push({ name: `worker ${watched.length}`, pid, port });
    }
    const soak: Soak = { rig, product, plan, watched, redisUrl, tell };
    const first = await runLoad(soak, 'first load', plan.firstS);
    const top = await runLoad(soak, 'top rate', plan.topS);
    const ratePerS = top.acceptedPerS * plan.loadShare;
    const before = await runLoad(soak, 'warm-up', plan.warmUpS, ratePerS);
    const after = await runLoad(soak, 'soak', plan.soakS, ratePerS);
    const deliveries = [first, top, before, after].reduce((sum, load) => sum + load.deliveries, 0);
    return { topPerS: top.acceptedPerS, ratePerS, deliveries, figures: compare(before.point, after.point) };
  });

interface Loaded {
  /** Until the last success was recorded. */
  readonly acceptedPerS: number;
  readonly deliveries: number;
  readonly point: SoakPoint;
}

/** Loads, drains and looks. */
async function runLoad(soak: Soak, phase: string, seconds: number, ratePerS?: number): Promise<Loaded> {
  const { rig, product, plan } = soak;
  const { pool } = rig.database;
  const countSuccesses = await countNewSuccesses(pool);
  await rig.sink.ask<SinkAnswer>({ name: 'reset' });
  const command: LoadCommand = {
    port: product.port,
    headers: product.headers,
    connections,
    seconds,
    eventTypes: Array.from({ length: plan.webhooks }, (_, index) => eventTypeOf(index)),
    tenants: [tenant],
    ...(ratePerS !== undefined && { ratePerS }),
  };
  const startedAt = nowMs();
  const watch = watchProcesses(soak, phase, seconds);
  const [load, processes] = await Promise.all([rig.load.ask<LoadReport>(command), watch]);
  if (load.refused > 0) throw new Error(`${load.refused} events were refused, the first with: ${load.firstRefusal}\n${product.output()}`);
  const requests = async (): Promise<number> => (await rig.sink.ask<SinkAnswer>({ name: 'progress' })).requests;
  await untilReached('requests at the sink', load.accepted, product, requests);
  await untilReached('successes recorded', load.accepted, product, countSuccesses);
  const acceptedPerS = load.accepted / ((nowMs() - startedAt) / 1_000);
  const [successes, sink] = [await countSuccesses(), await rig.sink.ask<SinkAnswer>({ name: 'report' })];
  if (successes !== load.accepted || sink.requests !== load.accepted || sink.counted?.duplicates !== 0)
    throw new Error(`of ${load.accepted} deliveries ${successes} succeeded, with ${sink.requests} requests at the sink`);
  return { acceptedPerS, deliveries: load.accepted, point: { processes, ...(await lookAtRest(soak)) } };
}

/** What is open for a burst of work is closed again by then, so that what is left does not hang on the moment. */
async function lookAtRest({ rig, plan, watched, redisUrl }: Soak): Promise<Omit<SoakPoint, 'processes'>> {
  const tables = await readTables(rig.database.pool);
  await new Promise((resolve) => setTimeout(resolve, plan.restS * 1_000));
  const connections = await countConnections(rig.database.pool);
  return { resting: await sampleAll(watched), connections, redis: await readRedis(redisUrl), tables };
}

async function sampleAll(watched: readonly Watched[]): Promise<ReadonlyMap<string, ProcessSample>> {
  const samples = new Map<string, ProcessSample>();
  for (const each of watched) samples.set(each.name, await sampleProcess(each));
  return samples;
}

/** Samples until the load ends, and keeps what falls into the window before that; what comes after the end is kept only if there is nothing else. */
async function watchProcesses({ watched, plan, tell }: Soak, phase: string, seconds: number): Promise<SoakPoint['processes']> {
  const processes = new Map<string, ProcessSample[]>(watched.map(({ name }) => [name, []]));
  let kept = 0;
  const beganAt = nowMs();
  for (let atS = 0; atS < seconds; ) {
    await new Promise((resolve) => setTimeout(resolve, plan.sampleEveryS * 1_000));
    const samples = await sampleAll(watched);
    atS = (nowMs() - beganAt) / 1_000;
    tell(phase, atS, samples);
    if (atS < seconds - plan.windowS || (atS > seconds && kept > 0)) continue;
    for (const [name, sample] of samples) processes.get(name)!.push(sample);
    kept += 1;
  }
  return processes;
}
