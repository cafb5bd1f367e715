import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventLimits } from '@posthorn/core';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const event = { event_type: 'order.placed', data: { n: 1 } };
const batch = '/v1/events/batch';
const post = (body: unknown, rest: { key?: string; headers?: Record<string, string> } = {}, path = '/v1/events') =>
  world.call('POST', path, { body, ...rest });
const stored = async (id: string) => {
  const { rows } = await world.pool.query(
    `select e.*, t.key as tenant_key, (select d.event_ids from dispatches d where d.id = e.dispatch_id) as event_ids
       from events e join tenants t on t.id = e.tenant_id where e.id = $1`,
    [id],
  );
  return rows[0];
};
/** What a counter says, by its labels. */
const counted = async (name: 'eventsAccepted' | 'eventsRejected', code?: string) => {
  const { values } = await world.metrics[name].get();
  return values
    .filter((each) => code === undefined || (each.labels as { code?: string }).code === code)
    .reduce((sum, each) => sum + each.value, 0);
};

describe('publishing', () => {
  it('stores the event and its dispatch before it answers, byte for byte', async () => {
    const data = '{"n":12345678901234567890,"f":1.0,"b":1,"a":2,"a":3,"s":"\\u0000\\ud800"}';
    const answer = await post(
      `{"event_type":"order.placed", "data": ${data} ,"current_context":{"x":1e2},"event_time":"2025-01-31T12:00:00.123Z","tenant":"acme","project_flow":"f"}`,
    );
    expect(answer).toMatchObject({ status: 202, body: { id: expect.any(String) } });
    expect(await stored(answer.body.id)).toMatchObject({
      tenant_key: 'acme',
      environment_id: world.environmentId,
      event_type: 'order.placed',
      data,
      current_context: '{"x":1e2}',
      event_time: new Date('2025-01-31T12:00:00.123Z'),
      project_flows: ['f'],
      source_id: null,
      event_ids: [answer.body.id],
    });
  });

  it('makes the tenant once, also when a whole batch names it for the first time', async () => {
    const tenant = `new-${randomUUID()}`;
    const { status, body } = await post({ events: Array.from({ length: 1_000 }, () => ({ ...event, tenant })) }, {}, batch);
    expect([status, body.errors]).toEqual([202, 0]);
    const { rows } = await world.pool.query('select count(*)::int as n from tenants where key = $1', [tenant]);
    expect(rows[0].n).toBe(1);
  });

  it('with a bound key belongs to its tenant', async () => {
    const key = await world.key('publisher', 'globex');
    expect((await stored((await post(event, { key })).body.id)).tenant_key).toBe('globex');
    expect(await post({ ...event, tenant: 'acme' }, { key })).toMatchObject({
      status: 403,
      body: { code: 'tenant_forbidden', errors: [{ pointer: '/tenant' }] },
    });
    expect((await stored((await post(event)).body.id)).tenant_key).toBe('default');
  });

  it('answers a repeat with the first id, and counts each event once', async () => {
    const before = await counted('eventsAccepted');
    const one = { ...event, id: randomUUID() };
    const first = await post(one);
    const again = await post(one);
    const inBatch = await post({ events: [one, event] }, {}, batch);
    expect([again.body.id, again.headers['idempotent-replayed'], inBatch.body.data[0].id]).toEqual([first.body.id, 'true', first.body.id]);
    expect((await counted('eventsAccepted')) - before).toBe(2);
  });

  it('counts what is refused by its problem, in a batch too', async () => {
    const before = await Promise.all([counted('eventsRejected', 'missing_field'), counted('eventsRejected', 'body_too_large')]);
    await post({ data: 1 });
    await post({ events: [event, { data: 1 }, { data: 2 }] }, {}, batch);
    await post(' '.repeat(eventLimits.bytesMax + 1));
    const after = await Promise.all([counted('eventsRejected', 'missing_field'), counted('eventsRejected', 'body_too_large')]);
    expect(after.map((each, index) => each - (before[index] ?? 0))).toEqual([3, 1]);
  });

  it('takes the batch of an Idempotency-Key once, each event under its place', async () => {
    const headers = { 'idempotency-key': `"${'k'.repeat(128)}"` };
    const events = [event, { ...event, data: 2 }];
    const first = await post({ events }, { headers }, batch);
    const again = await post({ events }, { headers }, batch);
    const ids = first.body.data.map((each: { id: string }) => each.id);
    expect(again.body.data).toEqual(ids.map((id: string) => ({ id, replayed: true })));
    expect(await post({ events: [event, { ...event, data: 3 }] }, { headers }, batch)).toMatchObject({
      status: 202,
      body: { errors: 1, data: [{ id: ids[0] }, { error: { code: 'idempotency_mismatch' } }] },
    });
  });

  it('gives back the id of the request, or one of its own', async () => {
    expect((await post(event, { headers: { 'x-request-id': 'mine.1' } })).headers['x-request-id']).toBe('mine.1');
    const odd = await post({}, { headers: { 'x-request-id': 'not mine' } });
    expect(odd.headers['x-request-id']).toBe(odd.body.request_id);
    expect(odd.body.request_id).toMatch(/^[0-9a-f-]{36}$/);
  });
});
