// Everything that is counted equals a recount, whatever is sent twice, late, or by somebody whose lease is over.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { attemptKindCodes, errorKindCodes, storedStatusCodes } from '@posthorn/core';
import { createWorld, failed, flushLimits, parked, sent, type World, waiting } from '../tests/world.js';
import { type Chunk, leaseChunks } from './due-deliveries.js';
import { type DeliveryRecord, type Flush, writeFlush } from './flush.js';
import { createDatabase } from './pools.js';
import { expireStatistics, settleStatistics } from './settling.js';
import { readWebhookStatistics } from './stats.js';
import { latencyBoundsMs, readStatistics, readStatisticsGroups } from './stats-buckets.js';

const writersCount = 6;
const flushesPerWriter = 40;
const eventTypes = ['order.placed', 'order.paid', 'user.made'];

let world: World;
let webhookIds: readonly string[];
/** Steps of settling that found something while flushes wrote. */
let settlings = 0;

/** A generator of its own per writer, so that the contents of a run are always the same. */
const randomOf = (seed: number) => {
  let state = seed * 2_654_435_761 + 1;
  return (below: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 3_266_489_917) | 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
};
type Random = ReturnType<typeof randomOf>;

const oneOf = <T>(random: Random, items: readonly T[]): T => items[random(items.length)]!;

/** Two that touch the same rows may have been stopped by each other: deadlock, lock timeout, statement timeout. */
const mayBeSentAgain = new Set(['40P01', '55P03', '57014']);

/** Does it until it is through, as a worker does. */
const persist = async <T>(write: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      const code = String((error as { code?: unknown }).code);
      if (!mayBeSentAgain.has(code) || attempt === 20) throw error;
    }
  }
};

const send = (flush: Flush, slot: number) => persist(() => writeFlush(world.pool, flush, { ...flushLimits, slot }));

/** Leases are over almost as soon as they begin, so many deliveries belong to two workers at once. */
const leaseEverything = (): Promise<readonly Chunk[]> =>
  persist(async () => {
    await world.rows(
      `update webhook_state s set chunk_lease_s = 0, not_before = '-infinity', out_until = '-infinity'
         from (select webhook_id from webhook_state order by webhook_id for update) x where x.webhook_id = s.webhook_id`,
    );
    return leaseChunks(world.pool, { webhooksMax: 10, chunkMax: 20, deliveriesMax: 40 });
  });

const endOf = (random: Random, kind: number): Partial<DeliveryRecord> => {
  const startedAtMs = Date.now() - random(90_000);
  const durationMs = random(2) === 0 ? random(40_000) : random(20);
  switch (random(6)) {
    case 0:
      return failed({ kind, startedAtMs, durationMs, statusCode: oneOf(random, [301, 404, 429, 503]) });
    case 1: {
      const errorKind = oneOf(random, Object.values(errorKindCodes));
      return { ...failed({ kind, startedAtMs, durationMs, statusCode: null, errorKind }), dueInMs: 0 };
    }
    case 2:
      return { ...failed({ kind, startedAtMs, durationMs }), status: storedStatusCodes.failed, reason: 13, dueInMs: null };
    default:
      return { status: storedStatusCodes.succeeded, dueInMs: null, sent: sent({ kind, startedAtMs, durationMs }) };
  }
};

const newRecord = (random: Random): DeliveryRecord => {
  const webhookId = oneOf(random, webhookIds);
  const eventType = oneOf(random, eventTypes);
  const threshold = 1_000_000;
  switch (random(8)) {
    case 0:
      return world.record(webhookId, { ...waiting(random(50)), eventType, threshold });
    case 1:
    case 2:
      return world.record(webhookId, { ...parked(random(60)), eventType, threshold });
    case 3:
      return world.record(webhookId, { ...waiting(), status: storedStatusCodes.skipped, reason: 3, dueInMs: null, eventType, threshold });
    default:
      return world.record(webhookId, { ...endOf(random, attemptKindCodes.first), eventType, threshold });
  }
};

const resultOf = (random: Random, record: DeliveryRecord): DeliveryRecord => {
  const end = random(10) === 0 ? { ...waiting(), attempt: record.attempt } : endOf(random, attemptKindCodes.retry);
  return { ...record, ...end, attempt: record.attempt, isNew: false, out: false };
};

/** A worker: makes deliveries, parks some, takes chunks, answers late or twice, and forgets some until their lease is over. */
const work = async (slot: number): Promise<void> => {
  const random = randomOf(slot + 1);
  const eventTypeOf = new Map<string, string>();
  let underWay: DeliveryRecord[] = [];
  for (let i = 0; i < flushesPerWriter; i++) {
    const made = Array.from({ length: 1 + random(12) }, () => newRecord(random));
    const ended = underWay.filter(() => random(3) > 0);
    const results = ended.map((record) => resultOf(random, record));
    underWay = underWay.filter((record) => !ended.includes(record));
    for (const record of made) eventTypeOf.set(record.eventId, record.eventType);
    const soon = made.filter((record) => record.out && random(4) === 0);
    const flush: Flush = {
      records: [...made, ...results, ...soon.map((record) => resultOf(random, record))],
      reports: random(2) === 0 ? await world.reportsOf(webhookIds) : [],
      finished: [],
    };
    const copies = random(100) < 15 ? 2 : 1;
    await Promise.all(Array.from({ length: copies }, () => send(flush, slot)));
    if (random(20) === 0) await send(flush, slot);
    underWay.push(...made.filter((record) => record.out && !soon.includes(record)));
    const chunks = await leaseEverything();
    underWay.push(...chunks.flatMap((chunk) => recordsOf(chunk)));
  }
  await send({ records: underWay.map((record) => resultOf(random, record)), reports: [], finished: [] }, slot);
};

const recordsOf = (chunk: Chunk): DeliveryRecord[] =>
  chunk.deliveries.map(({ eventId, attempt }) => ({
    ...world.record(chunk.webhookId, { eventType: 'order.placed', threshold: 1_000_000 }),
    eventId,
    attempt,
    epoch: chunk.epoch,
  }));

beforeAll(async () => {
  world = await createWorld(writersCount * 2);
  webhookIds = await Promise.all(Array.from({ length: 5 }, () => world.webhook()));
  let isOver = false;
  // Two schedulers at once, on rows that are still written to.
  const settle = async (): Promise<void> => {
    while (!isOver) if ((await persist(() => settleStatistics(world.pool, 7, 0))) > 0) settlings += 1;
  };
  const settling = [settle(), settle()];
  await Promise.all(Array.from({ length: writersCount }, (_, slot) => work(slot))).finally(() => {
    isOver = true;
  });
  await Promise.all(settling);
}, 60_000);

afterAll(() => world.drop());

const total = (names: readonly string[]): string => names.map((name) => `sum(${name})::int as ${name}`).join(', ');
const between = (index: number): string =>
  `count(*) filter (where duration_ms <= ${latencyBoundsMs[index]}${index === 0 ? '' : ` and duration_ms > ${latencyBoundsMs[index - 1]}`})::int`;

describe('after many writers, flushes sent twice, late results and stale leases', () => {
  it('happened what the test is about', async () => {
    const { deliveries, attempts, stale, again } = await world.row<Readonly<Record<string, number>>>(
      `select (select count(*)::int from deliveries) as deliveries, (select count(*)::int from attempts) as attempts,
              (select count(*)::int from attempts a join deliveries d using (event_id, webhook_id) where a.n < d.attempt) as stale,
              (select count(*)::int from (select from attempts group by event_id, webhook_id having count(*) > 1) x) as again`,
    );
    expect(deliveries).toBeGreaterThan(1_000);
    expect(attempts).toBeGreaterThan(1_000);
    expect(stale).toBeGreaterThan(50);
    expect(again).toBeGreaterThan(50);
    expect(settlings).toBeGreaterThan(50);
  });

  it('deliveries by the state they are in equal the statistics, webhook by webhook', async () => {
    const counted = await world.rows(
      `select webhook_id, ${total(['created', 'succeeded', 'failed', 'skipped', 'cancelled'])} from webhook_stats
        where span = 2 or slot < 16 group by 1 order by 1`,
    );
    const recounted = await world.rows(
      `select webhook_id, count(*)::int as created,
              ${['succeeded', 'failed', 'skipped', 'cancelled'].map((name, index) => `count(*) filter (where status = ${index + 1})::int as ${name}`).join(', ')}
         from deliveries group by 1 order by 1`,
    );
    expect(counted).toEqual(recounted);
  });

  it('attempts equal the statistics, by webhook and minute, in every counter', async () => {
    const errors = Object.entries(errorKindCodes);
    const names = [
      ...['attempts', 'attempts_ok', 'retries', 'status_3xx', 'status_4xx', 'status_5xx', 'duration_ms_sum'],
      ...errors.map(([name]) => `error_${name}`),
      ...latencyBoundsMs.map((bound) => `ms_${bound}`),
    ];
    const counted = await world.rows(
      `select webhook_id, at, ${total(names)}, max(last_attempt_at) as last_attempt_at, max(last_success_at) as last_success_at
         from webhook_stats where span = 0 group by 1, 2 having sum(attempts) > 0 order by 1, 2`,
    );
    const status = (hundred: number) => `count(*) filter (where status_code / 100 = ${hundred})::int as status_${hundred}xx`;
    const recounted = await world.rows(
      `select webhook_id, date_trunc('minute', started_at) as at, count(*)::int as attempts, count(*) filter (where ok)::int as attempts_ok,
              count(*) filter (where kind in (1, 2))::int as retries, ${[3, 4, 5].map(status).join(', ')}, sum(duration_ms)::int as duration_ms_sum,
              ${errors.map(([name, code]) => `count(*) filter (where error_kind = ${code})::int as error_${name}`).join(', ')},
              ${latencyBoundsMs.map((bound, index) => `${between(index)} as ms_${bound}`).join(', ')},
              max(started_at) as last_attempt_at, max(started_at) filter (where ok) as last_success_at
         from attempts group by 1, 2 order by 1, 2`,
    );
    expect(counted).toEqual(recounted);
  });

  it('what people read equals the recount too', async () => {
    const db = createDatabase({ url: world.url, max: 1, applicationName: 'test', onError: () => undefined });
    try {
      const lifetimes = await readWebhookStatistics(db, webhookIds);
      for (const webhookId of webhookIds) {
        const recount = await world.row<Readonly<Record<string, number | Date>>>(
          `select webhook_id, ${['waiting', 'succeeded', 'failed', 'skipped', 'cancelled'].map((name, code) => `count(*) filter (where status = ${code})::int as ${name}`).join(', ')},
                  (select count(*)::int from attempts a where a.webhook_id = d.webhook_id) as attempts,
                  (select max(started_at) from attempts a where a.webhook_id = d.webhook_id) as last_attempt_at,
                  (select max(started_at) from attempts a where a.webhook_id = d.webhook_id and ok) as last_success_at
             from deliveries d where webhook_id = $1 group by 1`,
          [webhookId],
        );
        expect(lifetimes.get(webhookId)).toEqual(recount);
        const span = { from: new Date(Date.now() - 3_600_000), to: new Date(Date.now() + 60_000) };
        const scope = { environmentId: world.environmentId, tenantId: null, webhookId, eventType: null };
        const buckets = await readStatistics(db, { ...scope, ...span, interval: 'minute' });
        const byMinute = await world.rows(
          `select date_trunc('minute', started_at) as at, count(*)::int as attempts, sum(duration_ms)::int as duration_ms_sum,
                  array[${latencyBoundsMs.map((_, index) => between(index)).join(', ')}] as latency
             from attempts where webhook_id = $1 group by 1 order by 1`,
          [webhookId],
        );
        const withAttempts = buckets.filter((bucket) => bucket.attempts > 0);
        expect(withAttempts.map(({ at, attempts, duration_ms_sum, latency }) => ({ at, attempts, duration_ms_sum, latency }))).toEqual(
          byMinute,
        );
        const days = await readStatistics(db, { ...scope, ...span, interval: 'day' });
        expect(days.reduce((sum, each) => sum + each.created, 0)).toBe(buckets.reduce((sum, each) => sum + each.created, 0));
      }
    } finally {
      await db.destroy();
    }
  });

  it('reads the same of the environment, by whatever it is cut, in every interval, settled or not', async () => {
    const db = createDatabase({ url: world.url, max: 1, applicationName: 'test', onError: () => undefined });
    try {
      const scope = { environmentId: world.environmentId, tenantId: null, webhookId: null, eventType: null };
      const span = { from: new Date(Date.now() - 3_600_000), to: new Date(Date.now() + 60_000) };
      const truth = await world.row<Readonly<Record<string, number>>>(
        `select (select count(*)::int from attempts) as attempts, (select count(*)::int from attempts where not ok) as bad,
                (select count(*)::int from deliveries) as created, (select sum(duration_ms)::int from attempts) as duration_ms_sum`,
      );
      type Counts = { readonly attempts: number; readonly attempts_ok: number; readonly created: number; readonly duration_ms_sum: number };
      const sumOf = (all: readonly Counts[]) => {
        const sum = (count: (each: Counts) => number) => all.reduce((total, each) => total + count(each), 0);
        return {
          attempts: sum((each) => each.attempts),
          bad: sum((each) => each.attempts - each.attempts_ok),
          created: sum((each) => each.created),
          duration_ms_sum: sum((each) => each.duration_ms_sum),
        };
      };
      const expectTruth = async () => {
        for (const interval of ['minute', 'hour', 'day'] as const) {
          const query = { ...scope, ...span, interval };
          expect(sumOf(await readStatistics(db, query))).toEqual(truth);
          for (const grouping of ['webhook', 'tenant', 'event_type'] as const)
            expect(sumOf(await readStatisticsGroups(db, query, grouping, 100))).toEqual(truth);
          const byType = await Promise.all(
            ['order.placed', 'order.paid', 'user.made'].map((eventType) => readStatistics(db, { ...query, eventType })),
          );
          expect(sumOf(byType.flat())).toEqual(truth);
        }
      };
      await expectTruth();
      while ((await settleStatistics(world.pool, 100, 0)) > 0);
      expect(await world.row('select count(*)::int as raw from webhook_stats where slot < 16 and at < now()')).toEqual({ raw: 0 });
      await expectTruth();
    } finally {
      await db.destroy();
    }
  });

  it('keeps days when minutes and hours are too old', async () => {
    await world.rows(`update webhook_stats set at = at - interval '36 days' where slot = 16 and span not in (2, 5)`);
    await world.rows(`update tenant_stats set at = at - interval '27 hours' where span in (0, 3, 6)`);
    while ((await expireStatistics(world.pool, 5)) > 0);
    const left = `select array_agg(distinct span) as spans from`;
    expect(await world.row(`${left} webhook_stats where slot = 16`)).toEqual({ spans: [2, 5] });
    expect(await world.row(`${left} tenant_stats`)).toEqual({ spans: [1, 2, 4, 5, 7, 8] });
    const { created } = await world.row<{ created: number }>('select count(*)::int as created from deliveries');
    expect(await world.row('select sum(created)::int as created from webhook_stats where span = 2 or slot < 16')).toEqual({ created });
  });
});
