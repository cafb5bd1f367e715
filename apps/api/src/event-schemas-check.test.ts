import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ApiWorld, createApiWorld } from '../tests/api-world.js';
import { lastBefore } from '../tests/last-before.js';
import { schemaModeOf } from './event-schemas-check.js';
import { limits } from './limits.js';

type Place = { readonly key: string; readonly environmentId: string };

let world: ApiWorld;
let off: Place;
let warn: Place;
let reject: Place;
const schema = { type: 'object', required: ['id'], properties: { id: { type: 'integer' }, list: { items: { type: 'string' } } } };

const place = async (settings: Record<string, unknown>): Promise<Place> => {
  const environmentId = await world.environment('test');
  await world.pool.query('update environments set settings = $2 where id = $1', [environmentId, settings]);
  const key = await world.key('admin', undefined, environmentId);
  expect(await world.call('POST', '/v1/event-types', { key, body: { name: 'order', schema } })).toMatchObject({ status: 201 });
  expect((await world.call('POST', '/v1/event-types', { key, body: { name: 'plain' } })).status).toBe(201);
  return { key, environmentId };
};
beforeAll(async () => {
  world = await createApiWorld();
  off = await place({});
  warn = await place({ event_schemas: 'warn' });
  reject = await place({ event_schemas: 'reject' });
});
afterAll(() => world.close());

const publish = ({ key }: Place, body: unknown, headers: Record<string, string> = {}) =>
  world.call('POST', '/v1/events', { key, body, headers });
const publishAll = ({ key }: Place, events: readonly unknown[]) => world.call('POST', '/v1/events/batch', { key, body: { events } });
const order = (data: unknown, rest: Record<string, unknown> = {}) => ({ event_type: 'order', data, ...rest });
const write = ({ key }: Place, name: string, wanted: object | null) =>
  world.call('PATCH', `/v1/event-types/${name}`, { key, body: { schema: wanted } });
const storedCount = async ({ environmentId }: Place): Promise<number> =>
  (await world.pool.query('select count(*)::int as n from events where environment_id = $1', [environmentId])).rows[0].n;
const counted = async (name: 'eventsMismatched' | 'eventsRejected', labels: Record<string, string>): Promise<number> => {
  const { values } = await world.metrics[name].get();
  return values.find((each) => Object.entries(labels).every(([label, value]) => (each.labels as never)[label] === value))?.value ?? 0;
};
const id = expect.any(String);

describe('the setting event_schemas', () => {
  it('is off unless it says warn or reject', () => {
    for (const settings of [{}, { event_schemas: 'off' }, { event_schemas: null }, { event_schemas: 'on' }])
      expect(schemaModeOf(settings)).toBe('off');
    expect([schemaModeOf({ event_schemas: 'warn' }), schemaModeOf({ event_schemas: 'reject' })]).toEqual(['warn', 'reject']);
  });

  it('off never changes an answer, whatever the data', async () => {
    const open = await place({ event_schemas: 'off' });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('order', 'plain', 'unknown'), fc.jsonValue({ maxDepth: 3 }), async (event_type, data) => {
        expect(await publish(open, { event_type, data })).toMatchObject({ status: 202, body: { id } });
        const { text } = await publish(open, { event_type, data });
        expect(text).toMatch(/^\{"id":"[0-9a-f-]{36}"\}$/);
      }),
      { numRuns: 40 },
    );
    const { body } = await publishAll(off, [order('x'), order(null)]);
    expect(body).toEqual({ data: [{ id }, { id }], errors: 0 });
  });

  it('reject refuses an event whose data does not fit, and says where', async () => {
    const before = [await storedCount(reject), await counted('eventsRejected', { code: 'schema_mismatch' })];
    const answer = await publish(reject, order({ id: 'x', list: ['a', 1, 2] }));
    expect(answer).toMatchObject({ status: 422, body: { code: 'schema_mismatch', type: 'urn:posthorn:problem:schema_mismatch' } });
    expect(answer.body.errors).toEqual([
      { pointer: '/data/id', code: 'schema_mismatch', message: '/data/id must be integer' },
      { pointer: '/data/list/1', code: 'schema_mismatch', message: '/data/list/1 must be string' },
      { pointer: '/data/list/2', code: 'schema_mismatch', message: '/data/list/2 must be string' },
    ]);
    expect((await publish(reject, order([]))).body.errors).toEqual([
      { pointer: '/data', code: 'schema_mismatch', message: '/data must be object' },
    ]);
    expect((await publish(reject, order({ id: 1, list: Array(1_000).fill(1) }))).body.errors).toHaveLength(limits.schemaErrorsMax);
    expect([await storedCount(reject), await counted('eventsRejected', { code: 'schema_mismatch' })]).toEqual([
      before[0],
      Number(before[1]) + 3,
    ]);
  });

  it('reject takes what fits, what has no schema, and what is not in the catalogue, byte for byte', async () => {
    const data = '{"id":12345678901234567890,"b":1.0,"b":2}';
    const { status, text, body } = await world.call('POST', '/v1/events', {
      key: reject.key,
      body: `{"event_type":"order","data":${data}}`,
    });
    expect([status, text]).toEqual([202, `{"id":"${body.id}"}`]);
    expect((await world.pool.query('select data from events where id = $1', [body.id])).rows).toEqual([{ data }]);
    for (const event_type of ['plain', 'unknown']) expect((await publish(reject, { event_type, data: 'x' })).status).toBe(202);
  });

  it('reject judges the events of a batch one by one', async () => {
    const before = await storedCount(reject);
    const answer = await publishAll(reject, [order({ id: 1 }), order({}), { data: 1 }, { event_type: 'plain', data: 1 }]);
    expect(answer).toMatchObject({
      status: 202,
      body: {
        errors: 2,
        data: [
          { id },
          { error: { code: 'schema_mismatch', errors: [{ pointer: '/data/id', message: "/data/id must have required property 'id'" }] } },
          { error: { code: 'missing_field' } },
          { id },
        ],
      },
    });
    expect(await storedCount(reject)).toBe(before + 2);
    expect(await publishAll(reject, [order(1), order(2)])).toMatchObject({ status: 422, body: { errors: 2 } });
  });

  it('warn takes the event and says the same', async () => {
    const before = await counted('eventsMismatched', { reason: 'schema_mismatch' });
    const warnings = [{ pointer: '/data/id', code: 'schema_mismatch', message: '/data/id must be integer' }];
    const { status, body } = await publish(warn, order({ id: 'x' }));
    expect([status, body]).toEqual([202, { id, warnings }]);
    expect((await publish(warn, order({ id: 1 }))).body).toEqual({ id });
    expect(await publishAll(warn, [order({ id: 1 }), order({ id: 'x' })])).toMatchObject({
      status: 202,
      body: { errors: 0, data: [{ id }, { id, warnings }] },
    });
    expect(await counted('eventsMismatched', { reason: 'schema_mismatch' })).toBe(before + 2);
  });
});

describe('a repeat', () => {
  it('is answered with the first, however strict the schema is by now', async () => {
    const strict = await place({ event_schemas: 'reject' });
    const event = order({ id: 1 }, { id: randomUUID() });
    const first = await publish(strict, event);
    expect(first.status).toBe(202);
    expect((await write(strict, 'order', { type: 'string' })).status).toBe(200);
    expect(await publish(strict, order({ id: 1 }))).toMatchObject({ status: 422, body: { code: 'schema_mismatch' } });
    const again = await publish(strict, event);
    expect([again.status, again.body, again.headers['idempotent-replayed']]).toEqual([202, first.body, 'true']);
    expect(await publishAll(strict, [event, order({ id: 1 }, { id: randomUUID() })])).toMatchObject({
      status: 202,
      body: { data: [{ id: first.body.id, replayed: true }, { error: { code: 'schema_mismatch' } }] },
    });
    expect((await publish(strict, { ...event, data: 2 })).body).toMatchObject({ code: 'idempotency_mismatch' });
  });

  it('that is taken with warnings is counted once', async () => {
    const event = order({ id: 'x' }, { id: randomUUID() });
    const before = await counted('eventsMismatched', { reason: 'schema_mismatch' });
    const [first, again] = [await publish(warn, event), await publish(warn, event)];
    expect(again.body).toEqual(first.body);
    expect(await counted('eventsMismatched', { reason: 'schema_mismatch' })).toBe(before + 1);
  });
});

describe('a schema', () => {
  it('acts at once where it is written, and elsewhere within five seconds', async () => {
    const here = await place({ event_schemas: 'reject' });
    for (const [wanted, status] of [
      [{ type: 'string' }, 422],
      [null, 202],
      [schema, 202],
    ] as const) {
      expect((await write(here, 'order', wanted)).status).toBe(200);
      expect((await publish(here, order({ id: 1 }))).status).toBe(status);
    }
    expect((await world.call('DELETE', '/v1/event-types/order', { key: here.key })).status).toBe(204);
    expect((await publish(here, order('x'))).status).toBe(202);

    // What another process writes is a row that this one was not told of.
    await world.pool.query(
      `update event_types set schema = '{"type":"string"}', updated_at = now() where environment_id = $1 and name = 'plain'`,
      [here.environmentId],
    );
    const writtenAt = performance.now();
    expect(await lastBefore(422, () => publish(here, { event_type: 'plain', data: 1 }))).toBeLessThan(writtenAt + 5_000);
  });

  it('of one environment says nothing in another', async () => {
    const other = await place({ event_schemas: 'reject' });
    expect((await write(other, 'order', { type: 'string' })).status).toBe(200);
    expect((await publish(other, order({ id: 1 }))).status).toBe(422);
    expect((await publish(reject, order({ id: 1 }))).status).toBe(202);
  });

  it('that takes too long refuses nothing for good, and keeps nobody else waiting for long', async () => {
    const slow = { properties: { a: { type: 'string', pattern: '^(a+)+$' } } };
    const data = { a: `${'a'.repeat(60)}b` };
    for (const mode of ['reject', 'warn'] as const) {
      const hostile = await place({ event_schemas: mode });
      expect((await write(hostile, 'plain', slow)).status).toBe(200);
      const [first] = await Promise.all([publish(hostile, { event_type: 'plain', data }), publish(off, order(1))]);
      if (mode === 'warn')
        expect(first).toMatchObject({ status: 202, body: { id, warnings: [{ pointer: '/data', code: 'schema_unchecked' }] } });
      else expect(first).toMatchObject({ status: 503, body: { code: 'overloaded' }, headers: { 'retry-after': '1' } });
      const beganMs = performance.now();
      const { body } = await publishAll(hostile, Array(200).fill({ event_type: 'plain', data }));
      expect(body.errors).toBe(mode === 'warn' ? 0 : 200);
      // Less than they would take if each were checked until its time is over.
      expect(performance.now() - beganMs).toBeLessThan(200 * limits.schemaCheckMs);
      expect((await publish(hostile, { event_type: 'unknown', data })).body).toEqual({ id });
    }
    expect(await counted('eventsMismatched', { reason: 'schema_unchecked' })).toBe(201);
  });
});
