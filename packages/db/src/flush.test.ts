import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { attemptKindCodes, errorKindCodes, reasonCodes, storedStatusCodes } from '@posthorn/core';
import { createWorld, failed, flushLimits, newEventId, parked, sent, type World, waiting } from '../tests/world.js';
import { leaseChunks } from './due-deliveries.js';
import { type DeliveryRecord, type Flush, writeFlush } from './flush.js';

let world: World;
const round = { webhooksMax: 200, chunkMax: 500, deliveriesMax: 1_000 };

beforeAll(async () => {
  world = await createWorld(6);
});

afterAll(() => world.drop());

const flush = (records: readonly DeliveryRecord[], rest: Partial<Flush> = {}) =>
  writeFlush(world.pool, { records, reports: [], finished: [], ...rest }, flushLimits);

type Delivery = { status: number; attempt: number; failures: number; out: boolean; last_status_code: number | null; ended: boolean };
const deliveryOf = (record: DeliveryRecord) =>
  world.row<Delivery>(
    `select status, attempt, failures, out, last_status_code, ended_at is not null as ended from deliveries where event_id = $1 and webhook_id = $2`,
    [record.eventId, record.webhookId],
  );
type Counts = Readonly<Record<string, number>>;
const statsOf = (webhookId: string) =>
  world.row<Counts>(
    `select sum(created)::int as created, sum(succeeded)::int as succeeded, sum(failed)::int as failed, sum(skipped)::int as skipped,
            sum(attempts)::int as attempts, sum(attempts_ok)::int as attempts_ok, sum(retries)::int as retries
       from webhook_stats where webhook_id = $1`,
    [webhookId],
  );
const attemptsOf = (record: DeliveryRecord) =>
  world.rows<{ n: number; ok: boolean }>('select n, ok from attempts where event_id = $1 and webhook_id = $2 order by n', [
    record.eventId,
    record.webhookId,
  ]);

/** Everything that a flush may write, but for when it was written. */
const snapshot = async (webhookId: string) => {
  const tables = ['deliveries', 'attempts', 'webhook_stats', 'webhook_state', 'webhook_timeline'];
  const all = tables.map((table) => world.rows(`select to_jsonb(t) as row from ${table} t where webhook_id = $1 order by t`, [webhookId]));
  return Promise.all(all);
};

/** Makes the webhook's turn come now, as far as its state row goes. */
const makeTurn = (webhookId: string) =>
  world.rows(
    `update webhook_state set not_before = '-infinity', out_until = '-infinity', due_at = now() - interval '1 s' where webhook_id = $1`,
    [webhookId],
  );
const makeDue = (record: DeliveryRecord) =>
  world.rows(`update deliveries set due_at = now() - interval '1 s' where event_id = $1 and webhook_id = $2`, [
    record.eventId,
    record.webhookId,
  ]);

/** Leases the one delivery that is due; returns the record of its result under the new attempt number. */
const leaseAgain = async (record: DeliveryRecord, changes: Partial<DeliveryRecord> = {}): Promise<DeliveryRecord> => {
  await makeDue(record);
  await makeTurn(record.webhookId);
  const chunk = (await leaseChunks(world.pool, round)).find((each) => each.webhookId === record.webhookId)!;
  const kind = chunk.probe ? attemptKindCodes.probe : attemptKindCodes.retry;
  return { ...record, isNew: false, attempt: chunk.deliveries[0]!.attempt, epoch: chunk.epoch, sent: sent({ kind }), ...changes };
};

describe('a flush', () => {
  it('makes delivery, attempt and statistics of a first success, and the same flush again changes nothing', async () => {
    const webhookId = await world.webhook();
    const record = world.record(webhookId);
    await flush([record]);
    expect(await deliveryOf(record)).toEqual({ status: 1, attempt: 1, failures: 0, out: false, last_status_code: 200, ended: true });
    expect(await attemptsOf(record)).toEqual([{ n: 1, ok: true }]);
    expect(await statsOf(webhookId)).toMatchObject({ created: 1, succeeded: 1, failed: 0, attempts: 1, attempts_ok: 1, retries: 0 });
    const before = await snapshot(webhookId);
    await flush([record]);
    expect(await snapshot(webhookId)).toEqual(before);
  });

  it('of every kind of record changes nothing when it is sent a second time, nor when two send it at once', async () => {
    const webhookId = await world.webhook();
    const leased = world.record(webhookId, waiting());
    await flush([leased]);
    const retry = await leaseAgain(leased, { ...failed({ kind: attemptKindCodes.retry }), attempt: 1 });
    const records = [
      retry,
      world.record(webhookId),
      world.record(webhookId, failed()),
      world.record(webhookId, parked()),
      world.record(webhookId, waiting()),
      world.record(webhookId, { ...waiting(), status: storedStatusCodes.skipped, reason: reasonCodes.webhook_disabled, dueInMs: null }),
      world.record(webhookId, { ...failed(), status: storedStatusCodes.failed, reason: reasonCodes.exhausted, dueInMs: null }),
    ];
    await Promise.all([flush(records), flush(records)]);
    const before = await snapshot(webhookId);
    expect(await statsOf(webhookId)).toEqual({ created: 7, succeeded: 1, failed: 1, skipped: 1, attempts: 4, attempts_ok: 1, retries: 1 });
    await flush(records);
    expect(await snapshot(webhookId)).toEqual(before);
  });

  it('with first successes of which one is there already stores the others, once', async () => {
    const webhookId = await world.webhook();
    const records = [world.record(webhookId), world.record(webhookId), world.record(webhookId)];
    await flush([records[1]!]);
    await flush(records);
    expect(await statsOf(webhookId)).toMatchObject({ created: 3, succeeded: 3, attempts: 3 });
  });

  it('counts one delivery when two claims of its dispatch come in the same flush', async () => {
    const webhookId = await world.webhook();
    const first = world.record(webhookId);
    await flush([first, { ...first, attempt: 2 }]);
    expect(await statsOf(webhookId)).toMatchObject({ created: 1, succeeded: 1, attempts: 2 });
    expect(await attemptsOf(first)).toHaveLength(2);
  });

  it('deletes a finished dispatch, but not for a claim that is no longer the newest', async () => {
    const [mine, theirs] = [randomUUID(), randomUUID()];
    await world.rows(`insert into dispatches (id, event_ids, claim, lease_until) values ($1, '{}', 1, now()), ($2, '{}', 2, now())`, [
      mine,
      theirs,
    ]);
    for (const records of [[], [world.record(await world.webhook())]])
      await flush(records, {
        finished: [
          { id: mine, claim: 1 },
          { id: theirs, claim: 1 },
        ],
      });
    expect(await world.rows('select id from dispatches where claim > 0')).toEqual([{ id: theirs }]);
  });
});

describe('the fence', () => {
  it('records a late result as an attempt, and leaves the delivery to its newer lease', async () => {
    const webhookId = await world.webhook();
    const record = world.record(webhookId, parked());
    await flush([record]);
    const newer = await leaseAgain(record);
    expect(newer.attempt).toBe(2);
    const before = await deliveryOf(record);
    await flush([{ ...record, ...failed(), isNew: false, out: false }]);
    expect(await deliveryOf(record)).toEqual(before);
    expect(await attemptsOf(record)).toEqual([{ n: 1, ok: false }]);
    const { circuit_failure_count: count } = await world.row<{ circuit_failure_count: number }>(
      'select circuit_failure_count from webhook_state where webhook_id = $1',
      [webhookId],
    );
    expect(count).toBe(0);
    await flush([{ ...newer, status: storedStatusCodes.succeeded, dueInMs: null, out: false }]);
    expect(await deliveryOf(record)).toMatchObject({ status: 1, attempt: 2 });
    expect(await statsOf(webhookId)).toMatchObject({ created: 1, succeeded: 1, attempts: 2, attempts_ok: 1, retries: 1 });
  });

  it('takes a result only while the delivery is under way', async () => {
    const webhookId = await world.webhook();
    const record = world.record(webhookId, failed());
    await flush([record]);
    await flush([{ ...record, isNew: false, status: storedStatusCodes.succeeded, dueInMs: null, sent: sent() }]);
    expect(await deliveryOf(record)).toMatchObject({ status: 0, attempt: 1, failures: 1, out: false });
    expect(await statsOf(webhookId)).toMatchObject({ succeeded: 0, attempts: 1, attempts_ok: 0 });
  });

  it('gives a delivery back unsent under the number it had', async () => {
    const webhookId = await world.webhook();
    const record = world.record(webhookId, waiting());
    await flush([record]);
    const leased = await leaseAgain(record);
    expect(await deliveryOf(record)).toMatchObject({ attempt: 1, out: true });
    await flush([{ ...leased, ...waiting(), attempt: leased.attempt }]);
    expect(await deliveryOf(record)).toMatchObject({ status: 0, attempt: 1, out: false });
  });

  it('does not take a newer lease back when a delivery is given back a second time', async () => {
    const webhookId = await world.webhook();
    const record = world.record(webhookId, waiting());
    await flush([record]);
    const first = await leaseAgain(record);
    const givenBack = { ...first, ...waiting(), attempt: first.attempt };
    await flush([givenBack]);
    const second = await leaseAgain(record);
    expect(second.attempt).toBeGreaterThan(first.attempt);
    await flush([givenBack]);
    expect(await deliveryOf(record)).toMatchObject({ status: 0, attempt: second.attempt, out: true });
  });

  it.each([
    ['its result', () => ({ status: storedStatusCodes.succeeded, dueInMs: null, sent: sent() }), { status: 1, attempt: 1, out: false }],
    ['its failure', () => failed(), { status: 0, attempt: 1, failures: 1, out: false }],
    ['its being given back', () => waiting(), { status: 0, attempt: 1, failures: 0, out: false }],
  ])('does not lose the parking of a request and %s in one flush', async (_, result, expected) => {
    const webhookId = await world.webhook();
    const record = world.record(webhookId, parked());
    const records = [record, { ...record, ...result(), isNew: false, attempt: 1, out: false }];
    await flush(records);
    expect(await deliveryOf(record)).toMatchObject(expected);
    const ended = expected.status === 1 ? 1 : 0;
    expect(await statsOf(webhookId)).toMatchObject({ created: 1, succeeded: ended });
    const before = await snapshot(webhookId);
    await flush(records);
    expect(await snapshot(webhookId)).toEqual(before);
  });
});

describe('the statistics of a flush', () => {
  it('stand by event type and by the minute in which the attempt began', async () => {
    const webhookId = await world.webhook();
    const minute = Math.floor(Date.now() / 60_000) * 60_000;
    const at = (startedAtMs: number) => sent({ startedAtMs });
    await flush([
      world.record(webhookId, { eventType: 'a', sent: at(minute) }),
      world.record(webhookId, { eventType: 'a', sent: at(minute - 1) }),
      world.record(webhookId, { eventType: 'b', sent: at(minute + 59_999) }),
      world.record(webhookId, { eventType: 'b', ...failed({ startedAtMs: minute }) }),
    ]);
    const rows = await world.rows(
      `select event_type, (extract(epoch from at) * 1000)::float8 - $2 as at, created, attempts, attempts_ok, slot, span,
              (extract(epoch from last_success_at) * 1000)::float8 - $2 as last_success
         from webhook_stats where webhook_id = $1 order by at, event_type`,
      [webhookId, minute],
    );
    expect(rows).toEqual([
      { event_type: 'a', at: -60_000, created: 1, attempts: 1, attempts_ok: 1, slot: 3, span: 0, last_success: -1 },
      { event_type: 'a', at: 0, created: 1, attempts: 1, attempts_ok: 1, slot: 3, span: 0, last_success: 0 },
      { event_type: 'b', at: 0, created: 2, attempts: 2, attempts_ok: 1, slot: 3, span: 0, last_success: 59_999 },
    ]);
  });

  it('put each attempt into one latency bucket, and into none beyond the last', async () => {
    const webhookId = await world.webhook();
    const durations = [0, 1, 2, 3, 4, 5, 16_384, 16_385, 32_768, 32_769];
    // Once through the short form, once through the general one.
    await flush(durations.map((durationMs) => world.record(webhookId, { sent: sent({ durationMs }) })));
    await flush(durations.map((durationMs) => world.record(webhookId, failed({ durationMs }))));
    const buckets = await world.row<Counts>(
      `select sum(ms_1)::int as ms_1, sum(ms_2)::int as ms_2, sum(ms_4)::int as ms_4, sum(ms_8)::int as ms_8, sum(ms_16384)::int as ms_16384,
              sum(ms_32768)::int as ms_32768, sum(duration_ms_sum)::int as sum from webhook_stats where webhook_id = $1`,
      [webhookId],
    );
    const sum = 2 * durations.reduce((total, each) => total + each, 0);
    expect(buckets).toEqual({ ms_1: 4, ms_2: 2, ms_4: 4, ms_8: 2, ms_16384: 2, ms_32768: 4, sum });
  });

  it('count each class of status and each kind of error', async () => {
    const webhookId = await world.webhook();
    const codes = [204, 301, 404, 410, 500, 599];
    await flush(codes.map((statusCode) => world.record(webhookId, failed({ statusCode }))));
    await flush(Object.values(errorKindCodes).map((errorKind) => world.record(webhookId, failed({ statusCode: null, errorKind }))));
    const columns = ['status_3xx', 'status_4xx', 'status_5xx', ...Object.keys(errorKindCodes).map((kind) => `error_${kind}`)];
    const row = await world.row<Counts>(
      `select ${columns.map((name) => `sum(${name})::int as ${name}`).join(', ')} from webhook_stats where webhook_id = $1`,
      [webhookId],
    );
    expect(Object.values(row)).toEqual([1, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1]);
  });
});

describe('texts and bytes', () => {
  it('come back as they went in', async () => {
    const webhookId = await world.webhook();
    const text = '{"a\\",NULL,\t\r\n} é\u{1F4EF} \'$1\' \\x00 ';
    const body = Buffer.from([0, 1, 92, 34, 255]);
    for (const change of [{}, failed()]) {
      const record = world.record(webhookId, { eventId: newEventId(), ...change, eventType: text });
      const request = { ...record.sent!, requestHeaders: text, responseHeaders: text, responseBody: body };
      await flush([{ ...record, sent: request }]);
      const row = await world.row('select request_headers, response_headers, response_body from attempts where event_id = $1', [
        record.eventId,
      ]);
      expect(row).toEqual({ request_headers: text, response_headers: text, response_body: body });
    }
    expect(await world.rows('select distinct event_type from webhook_stats where webhook_id = $1', [webhookId])).toEqual([
      { event_type: text },
    ]);
  });
});
