// A circuit closes with a large backlog behind it: does the endpoint, just back, get it at a pace it can bear?
import { nowMs } from '../clock.js';
import { type Servers, withRig } from '../rig.js';
import { untilReached } from '../until-reached.js';
import { insertBacklog } from './backlog.js';
import { countSucceeded } from './load-phase.js';
import type { Figure, Scenario } from './scenario.js';
import { eventTypeOf, openWorld, type World } from './world.js';

const maxInFlight = 20; // the default, which the webhook has
const answerAfterMs = 10;
const retryAfterS = 5;
const webhook = { from: 0, to: 1 };

/** See `story`. */
export const drain: Scenario = {
  name: 'drain',
  story:
    '50,000 deliveries are held behind the open circuit of one webhook; its endpoint answers after 10 ms, so that requests overlap. The probe ' +
    'succeeds, and two workers drain the rest. The time runs from the probe to the last record.',
  run: (servers: Servers, quick) =>
    withRig(servers, 'redis', async (rig) => {
      const world = await openWorld(rig, { workers: 2, webhooks: 1 });
      return drainAll(world, quick ? 5_000 : 50_000);
    }),
};

async function drainAll(world: World, held: number): Promise<readonly Figure[]> {
  const { askSink, product, rig, workers, webhookIds } = world;
  const { pool } = rig.database;
  await askSink({ name: 'answer', of: webhook, afterMs: answerAfterMs });
  await openCircuit(world);
  await insertBacklog(pool, { webhookId: webhookIds[0]!, eventType: eventTypeOf(0), count: held });
  const early = (await askSink({ name: 'progress' })).requests;
  if (early > 0) throw new Error(`${early} requests while the circuit was open`);
  await letProbe(world);

  const requests = async (): Promise<number> => (await askSink({ name: 'progress' })).requests;
  await untilReached('probes', 1, product, requests);
  const startedAt = nowMs();
  await untilReached('requests at the sink', held, product, requests);
  let askedAt = nowMs();
  await untilReached('deliveries counted as succeeded', held, product, () => {
    askedAt = nowMs();
    return countSucceeded(pool, webhookIds);
  });
  const elapsedS = (askedAt - startedAt) / 1000;

  const sink = await askSink({ name: 'report' });
  const recorded = await countRecords(world);
  if (sink.counted?.ids !== held || recorded.succeeded !== held)
    throw new Error(
      `of ${held} held deliveries ${sink.counted?.ids} came to the sink, and ${recorded.succeeded} are recorded as succeeded`,
    );
  const shares = await Promise.all(workers.map((worker) => countAttempts(worker.port)));
  return [
    {
      name: 'most requests at once at the endpoint',
      unit: '',
      value: sink.mostOpen,
      bar: { of: 'value', relation: '≤', limit: maxInFlight },
    },
    { name: 'duplicates at the endpoint', unit: '', value: sink.counted.duplicates, bar: { of: 'value', relation: '≤', limit: 0 } },
    { name: 'probes', unit: '', value: recorded.probes, bar: { of: 'value', relation: '≤', limit: 1 } },
    { name: 'time', unit: 's', value: elapsedS },
    { name: 'speed', unit: 'deliveries/s', value: held / elapsedS },
    { name: 'share of the less busy worker', unit: '%', value: (100 * Math.min(...shares)) / held },
  ];
}

/** As after failures; nothing is due yet, so nothing is tried. */
async function openCircuit({ rig, webhookIds }: World): Promise<void> {
  await rig.database.pool.query(
    `update webhook_state
        set circuit = 1, circuit_epoch = circuit_epoch + 1, circuit_failure_count = 10, circuit_opened_at = now(), no_success_since = now(),
            circuit_retry_at = now() + interval '1 hour', not_before = now() + interval '1 hour', changed_at = clock_timestamp()
      where webhook_id = $1`,
    [webhookIds[0]],
  );
}

async function letProbe({ rig, webhookIds }: World): Promise<void> {
  await rig.database.pool.query(
    `update webhook_state
        set circuit_retry_at = now() + make_interval(secs => $2), not_before = now() + make_interval(secs => $2),
            due_at = now(), settled = false, changed_at = clock_timestamp()
      where webhook_id = $1`,
    [webhookIds[0], retryAfterS],
  );
}

async function countRecords({ rig }: World): Promise<{ readonly succeeded: number; readonly probes: number }> {
  const { rows } = await rig.database.pool.query<{ succeeded: number; probes: number }>(
    `select (select count(*) from deliveries where status = 1)::int as succeeded, (select count(*) from attempts where kind = 2)::int as probes`,
  );
  return rows[0]!;
}

/** The attempts that a worker made, by its own metrics. */
async function countAttempts(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const counts = [...text.matchAll(/^posthorn_attempts_total\{.*\} (\d+)$/gm)].map((match) => Number(match[1]));
  if (counts.length === 0) throw new Error(`no posthorn_attempts_total in the metrics:\n${text}`);
  return counts.reduce((sum, count) => sum + count, 0);
}
