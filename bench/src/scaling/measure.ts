// One step of a series: the product with so many processes, tenants, webhooks and so much backlog takes a load; what was accepted has to be delivered and
// recorded as a success once for each webhook that matches, or there is no figure.
import type pg from 'pg';
import { nowMs } from '../clock.js';
import { cpuSecondsOfTree } from '../cpu.js';
import { insertBacklog } from '../fairness/backlog.js';
import { insertTenants } from '../fairness/webhook-rows.js';
import type { LoadCommand, LoadReport } from '../load.js';
import { launchProduct, type Product } from '../product.js';
import { type Rig, type Servers, withRig } from '../rig.js';
import type { SinkAnswer } from '../sink.js';
import { countNewSuccesses } from '../successes.js';
import { webhookUrl } from '../system.js';
import { untilReached } from '../until-reached.js';
import type { Step } from './series.js';

/** CPU of all processes of a part is added up. */
export const parts = ['api', 'worker', 'postgres', 'redis'] as const;
export type Part = (typeof parts)[number];

/** What a step showed. */
export interface StepFigures {
  readonly eventsPerS: number;
  /** Delivered and recorded, until the last record. */
  readonly deliveriesPerS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU microseconds per delivery; null where they cannot be known. */
  readonly cpuUs: Readonly<Record<Part, number | null>>;
  /** What Postgres wrote to its log, in bytes per delivery. */
  readonly walBytes: number;
  /** The busiest process of ours, in percent of a core; null where it cannot be known. */
  readonly busiestPercent: number | null;
}

type Pids = Readonly<Record<Part, readonly number[]>>;

const eventType = 'load.sent';
const backlogType = 'load.waiting';
const connections = 64;
const maxInFlight = 1_000;
/** Processes that run for days are hot: they are warmed up at such a rate, whatever the step's own is. */
const warmUpDeliveriesPerS = 2_000;

/** Runs one step. Rejects if something was refused, lost, or has not exactly one success. */
export const measureStep = (servers: Servers, step: Step, seconds: number, warmUpS: number): Promise<StepFigures> =>
  withRig(servers, 'redis', async (rig) => {
    const env = { POSTHORN_QUEUE_SHARDS: `${step.shards}` };
    const product = await rig.opened(launchProduct({ databaseUrl: rig.database.url, redisUrl: rig.redis?.url, env }), (it) => it.stop());
    const apis = [{ pid: product.api.pid, port: product.port }];
    while (apis.length < step.processes) apis.push(await product.startApi());
    const tenants = Array.from({ length: step.tenants }, (_, index) => `tenant${index}`);
    await makeWebhooks(rig, step, tenants);
    if (step.backlog > 0) await makeBacklog(rig, product, step.backlog);
    const workers = [];
    while (workers.length < step.processes) workers.push((await product.startWorker()).pid);
    const pids: Pids = {
      api: apis.map(({ pid }) => pid),
      worker: workers,
      postgres: rig.postgresPid === null ? [] : [rig.postgresPid],
      redis: rig.redis === undefined ? [] : [rig.redis.pid],
    };
    const command = { port: product.port, ports: apis.map(({ port }) => port), headers: product.headers, connections, tenants };
    const paced = step.ratePerS === null ? {} : { ratePerS: step.ratePerS };
    const load = { ...command, ...paced, eventTypes: [eventType] };
    const warmUp = step.ratePerS === null ? {} : { ratePerS: warmUpDeliveriesPerS / step.fanOut };
    await runLoad(rig, product, step, { ...load, ...warmUp, seconds: warmUpS }, pids);
    return runLoad(rig, product, step, { ...load, seconds }, pids);
  });

async function makeWebhooks({ database, sink }: Rig, step: Step, tenants: readonly string[]): Promise<void> {
  const url = webhookUrl(`http://127.0.0.1:${sink.port}`, 0);
  const rows = tenants.map((key) => ({ key, webhooks: step.webhooks }));
  await insertTenants(database.pool, rows, url, (index) => (index < step.fanOut ? eventType : `load.other${index}`));
  await database.pool.query('update webhooks set max_in_flight = $1', [maxInFlight]);
}

async function makeBacklog({ database, sink }: Rig, product: Product, count: number): Promise<void> {
  const body = { tenant: 'behind', url: webhookUrl(`http://127.0.0.1:${sink.port}`, 1), event_types: [backlogType] };
  const { id } = await product.call<{ id: string }>('/v1/webhooks', body);
  await product.call(`/v1/webhooks/${id}/pause`, {});
  await insertBacklog(database.pool, { webhookId: id, eventType: backlogType, count });
}

async function readWalBytes(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ bytes: number }>(`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as bytes`);
  return rows[0]!.bytes;
}

async function runLoad(rig: Rig, product: Product, { fanOut }: Step, command: LoadCommand, pids: Pids): Promise<StepFigures> {
  const { pool } = rig.database;
  const countSuccesses = await countNewSuccesses(pool);
  await rig.sink.ask<SinkAnswer>({ name: 'reset' });
  const before = readCpu(pids);
  const walBefore = await readWalBytes(pool);
  const startedAt = nowMs();
  const load = await rig.load.ask<LoadReport>(command);
  if (load.refused > 0) throw new Error(`${load.refused} events were refused, the first with: ${load.firstRefusal}\n${product.output()}`);
  const deliveries = load.accepted * fanOut;
  const requests = async (): Promise<number> => (await rig.sink.ask<SinkAnswer>({ name: 'progress' })).requests;
  await untilReached('requests at the sink', deliveries, product, requests);
  await untilReached('successes recorded', deliveries, product, countSuccesses);
  const elapsedS = (nowMs() - startedAt) / 1_000;
  const after = readCpu(pids);
  const walBytes = ((await readWalBytes(pool)) - walBefore) / deliveries;
  const successes = await countSuccesses();
  // What timed out on a machine that has too much to do was tried again, which is in the costs.
  if (successes !== deliveries) throw new Error(`of ${deliveries} deliveries ${successes} succeeded`);
  const spent = (part: Part): readonly (number | null)[] =>
    before[part].map((seconds, index) => {
      const now = after[part][index];
      return seconds === null || now === null || now === undefined ? null : now - seconds;
    });
  const perDelivery = (part: Part): number | null => {
    const all = spent(part);
    return all.length === 0 || all.includes(null) ? null : (all.reduce<number>((sum, each) => sum + (each ?? 0), 0) * 1e6) / deliveries;
  };
  const ours = [...spent('api'), ...spent('worker')];
  return {
    eventsPerS: load.accepted / elapsedS,
    deliveriesPerS: deliveries / elapsedS,
    p50Ms: load.p50Ms,
    p99Ms: load.p99Ms,
    cpuUs: { api: perDelivery('api'), worker: perDelivery('worker'), postgres: perDelivery('postgres'), redis: perDelivery('redis') },
    walBytes,
    busiestPercent: ours.includes(null) ? null : (100 * Math.max(...ours.map((each) => each ?? 0))) / elapsedS,
  };
}

function readCpu(pids: Pids): Readonly<Record<Part, readonly (number | null)[]>> {
  const of = (part: Part) => pids[part].map(cpuSecondsOfTree);
  return { api: of('api'), worker: of('worker'), postgres: of('postgres'), redis: of('redis') };
}
