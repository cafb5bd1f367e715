// Load on many webhooks, of which some are watched: those must get everything, once. Of the others it is enough that every event became
// a delivery. A phase in which the counts differ is no figure.
import type pg from 'pg';
import { nowMs } from '../clock.js';
import { firstByteTimes } from '../first-byte.js';
import type { LoadCommand, LoadReport } from '../load.js';
import type { Percentiles } from '../percentiles.js';
import type { ChannelRange } from '../sightings.js';
import type { SinkAnswer } from '../sink.js';
import { untilReached } from '../until-reached.js';
import { eventTypeOf, type World } from './world.js';

/** The first `loaded` webhooks get the same share of the events each; without `ratePerS` it is closed loop. */
export interface LoadPhase {
  readonly seconds: number;
  readonly ratePerS?: number;
  readonly loaded: number;
  readonly watched: ChannelRange;
}

/** What the watched webhooks saw: all rates are over the time until the last of their deliveries was recorded. */
export interface PhaseFigures {
  /** Of all webhooks. */
  readonly eventsPerS: number;
  /** Delivered and recorded. */
  readonly deliveriesPerS: number;
  readonly firstByte: Percentiles;
}

const connections = 64;

/** Publishes, waits until all of it is delivered and recorded, and counts. Rejects if something was refused, lost or delivered twice. */
export async function runLoadPhase(world: World, phase: LoadPhase): Promise<PhaseFigures> {
  const { rig, product, askSink } = world;
  const { pool } = rig.database;
  const of = phase.watched;
  const watchedIds = world.webhookIds.slice(of.from, of.to);
  const before = await countRecords(pool, watchedIds);
  const countedBefore = await countSucceeded(pool, watchedIds);
  await askSink({ name: 'reset' });
  const startedAt = nowMs();

  const load = await rig.load.ask<LoadReport>(commandOf(world, phase));
  if (load.refused > 0) throw new Error(`${load.refused} events were refused, the first with: ${load.firstRefusal}\n${product.output()}`);
  const watched = load.acceptedOf.slice(of.from, of.to).reduce((sum, count) => sum + count, 0);
  await untilReached('requests at the sink', watched, product, async () => (await askSink({ name: 'progress', of })).requests);
  let askedAt = nowMs();
  await untilReached('deliveries counted as succeeded', countedBefore + watched, product, () => {
    askedAt = nowMs();
    return countSucceeded(pool, watchedIds);
  });
  const elapsedS = (askedAt - startedAt) / 1000;
  await untilReached('dispatches finished', 0, product, async () => -(await countDispatches(pool)));

  const sink = await askSink({ name: 'report', of });
  const after = await countRecords(pool, watchedIds);
  checkNothingLost({ load, watched, sink, before, after });
  return {
    eventsPerS: load.accepted / elapsedS,
    deliveriesPerS: watched / elapsedS,
    firstByte: firstByteTimes(load.sample, sink.sample ?? []),
  };
}

function commandOf({ product }: World, { seconds, ratePerS, loaded }: LoadPhase): LoadCommand {
  const eventTypes = Array.from({ length: loaded }, (_, index) => eventTypeOf(index));
  const pace = ratePerS === undefined ? {} : { ratePerS };
  return { port: product.port, headers: product.headers, connections, seconds, eventTypes, ...pace };
}

/** By the counters that the flushes keep: cheap enough to be asked again and again while other work goes on. */
export async function countSucceeded(pool: pg.Pool, webhookIds: readonly string[]): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    'select coalesce(sum(succeeded), 0)::int as count from webhook_stats where webhook_id = any ($1::uuid[]) and span = 0',
    [webhookIds],
  );
  return rows[0]!.count;
}

async function countDispatches(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>('select count(*)::int as count from dispatches');
  return rows[0]!.count;
}

interface Records {
  readonly events: number;
  readonly deliveries: number;
  readonly succeeded: number;
  readonly attempts: number;
}

/** Events and deliveries of all, the rest of the watched; the product's own events are none of the producer's. */
async function countRecords(pool: pg.Pool, watchedIds: readonly string[]): Promise<Records> {
  const { rows } = await pool.query<Records>(
    `select (select count(*) from events where event_type not like 'posthorn.%')::int as events,
            (select count(*) from deliveries)::int as deliveries,
            (select count(*) from deliveries where webhook_id = any ($1::uuid[]) and status = 1)::int as succeeded,
            (select count(*) from attempts where webhook_id = any ($1::uuid[]))::int as attempts`,
    [watchedIds],
  );
  return rows[0]!;
}

interface Counts {
  readonly load: LoadReport;
  readonly watched: number;
  readonly sink: SinkAnswer;
  readonly before: Records;
  readonly after: Records;
}

function checkNothingLost({ load, watched, sink, before, after }: Counts): void {
  const counts: readonly (readonly [string, number, number])[] = [
    ['events in the database', after.events - before.events, load.accepted],
    ['deliveries recorded', after.deliveries - before.deliveries, load.accepted],
    ['different events at the watched endpoints', sink.counted?.ids ?? 0, watched],
    ['requests at the watched endpoints', sink.requests, watched],
    ['duplicates at the watched endpoints', sink.counted?.duplicates ?? 0, 0],
    ['malformed requests', sink.malformed, 0],
    ['watched deliveries succeeded', after.succeeded - before.succeeded, watched],
    ['watched attempts recorded', after.attempts - before.attempts, watched],
  ];
  const wrong = counts.filter(([, counted, wanted]) => counted !== wanted);
  if (wrong.length > 0) throw new Error(wrong.map(([what, counted, wanted]) => `${what}: ${counted}, not ${wanted}`).join('; '));
}
