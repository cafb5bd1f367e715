import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventLimits, explainSteps } from '@posthorn/core';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const makeWebhook = async (tenant: string, fields = {}): Promise<string> =>
  (await world.call('POST', '/v1/webhooks', { body: { tenant, url: 'http://127.0.0.1:9/', ...fields } })).body.id;
const publish = async (tenant: string): Promise<string> =>
  (await world.call('POST', '/v1/events', { body: { tenant, event_type: 'order.placed', data: { total: 42 } } })).body.id;
/** As a worker does that found no webhook which wants it. */
const fanOut = (eventId: string) => world.pool.query('delete from dispatches where $1 = any (event_ids)', [eventId]);
const explain = (eventId: string, query = '', key = world.admin) => world.call('GET', `/v1/events/${eventId}/explain${query}`, { key });
const tryOut = (body: unknown, key = world.admin, query = '') => world.call('POST', `/v1/explain${query}`, { body, key });

describe('explaining an event', () => {
  it('names the clause and the value, the steps in their order, and what was looked at', async () => {
    const webhook = await makeWebhook('acme', { filter: { data: { total: { $gte: 100 } } } });
    const event = await publish('acme');
    const waiting = await explain(event, `?webhook_id=${webhook}`);
    expect(waiting).toMatchObject({ status: 200, body: { outcome: 'fan_out_waiting', reason: 'filter', as_of: { from_history: false } } });
    await fanOut(event);
    const { body } = await explain(event, `?webhook_id=${webhook}`);
    const { steps, ...rest } = body;
    expect(rest).toEqual({
      event_id: event,
      webhook_id: webhook,
      outcome: 'not_delivered',
      reason: 'filter',
      clause: '/data/total/$gte',
      expected: 100,
      value: 42,
      sentence: "The filter's clause /data/total/$gte wants at least 100, and the event has 42.",
      what_helps: expect.any(String),
      delivery: null,
      as_of: { webhook_version: 1, at: expect.any(String), from_history: true },
    });
    expect(steps.map((each: { step: string }) => each.step)).toEqual(explainSteps.map(({ step }) => step));
    expect(steps.find((each: { step: string }) => each.step === 'filter')).toEqual({
      step: 'filter',
      passed: false,
      detail: body.sentence,
    });
  });

  it('answers for all webhooks of its tenant, page by page', async () => {
    const ids = [await makeWebhook('pages'), await makeWebhook('pages'), await makeWebhook('pages')];
    await makeWebhook('other');
    const event = await publish('pages');
    const first = (await explain(event, '?limit=2')).body;
    const second = (await explain(event, `?limit=2&cursor=${first.next_cursor}`)).body;
    expect([...first.data, ...second.data].map((each) => each.webhook_id)).toEqual(ids.reverse());
    expect([first.data.length, second.next_cursor]).toEqual([2, null]);
    expect(await explain(await publish('pages'), `?cursor=${first.next_cursor}`)).toMatchObject({ body: { code: 'invalid_cursor' } });
  });

  it('is for all roles that may read webhooks, in their reach; what is beyond is not there', async () => {
    const [webhook, foreign, event] = [await makeWebhook('acme'), await makeWebhook('globex'), await publish('acme')];
    for (const role of ['admin', 'operator', 'viewer', 'channel'] as const) {
      const bound = await world.key(role, 'acme');
      expect((await explain(event, `?webhook_id=${webhook}`, bound)).status).toBe(200);
      expect((await explain(event, '', bound)).status).toBe(200);
      expect((await explain(event, `?webhook_id=${foreign}`, bound)).status).toBe(404);
      expect((await explain(event, '', await world.key(role, 'globex'))).status).toBe(404);
    }
    expect((await explain(event, '', await world.key('publisher', 'acme'))).status).toBe(403);
    expect((await explain(event, `?webhook_id=${foreign}`)).body).toMatchObject({ reason: 'tenant', expected: 'globex', value: 'acme' });
    const stranger = await world.key('admin', undefined, await world.environment('test'));
    expect((await explain(event, '', stranger)).status).toBe(404);
    for (const none of [world.newId(), 'x', '%00']) expect((await explain(event, `?webhook_id=${none}`)).status).toBe(404);
    for (const none of [world.newId(), 'x']) expect((await explain(none)).status).toBe(404);
    expect(await explain(event, '?colour=1')).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  it('knows deleted webhooks still', async () => {
    const webhook = await makeWebhook('gone');
    expect((await world.call('DELETE', `/v1/webhooks/${webhook}`)).status).toBe(204);
    const event = await publish('gone');
    expect((await explain(event, `?webhook_id=${webhook}`)).body).toMatchObject({ reason: 'webhook_deleted', outcome: 'fan_out_waiting' });
    expect((await explain(event)).body.data).toEqual([]);
  });
});

describe('a dry run', () => {
  it('says what would become of an event, by its own bytes, and stores nothing', async () => {
    const exact = await makeWebhook('dry', { filter: { data: { n: { $gt: 1 } } } });
    const paused = await makeWebhook('dry');
    await world.call('POST', `/v1/webhooks/${paused}/pause`);
    const count = async () =>
      (
        await world.pool.query(
          'select (select count(*) from events) as e, (select count(*) from dispatches) as d, (select count(*) from tenants) as t',
        )
      ).rows;
    const before = await count();
    const body = '{"webhook_id":null,"event": {"tenant":"dry","event_type":"a","data":{"n":1,"n":2} } }';
    const { body: all } = await tryOut(body);
    expect(all.data.map((each: Record<string, unknown>) => [each.webhook_id, each.event_id, each.outcome, each.reason])).toEqual([
      [paused, null, 'held', 'webhook_paused'],
      [exact, null, 'will_be_delivered', null],
    ]);
    const one = await tryOut({ event: { tenant: 'dry', event_type: 'a', data: { n: 1 } }, webhook_id: exact });
    expect(one.body).toMatchObject({ outcome: 'not_delivered', reason: 'filter', clause: '/data/n/$gt', value: 1, delivery: null });
    expect((await tryOut({ event: { tenant: 'nobody', event_type: 'a', data: 1 } })).body).toEqual({ data: [], next_cursor: null });
    const next = await tryOut(body, world.admin, '?limit=1');
    expect(
      (await tryOut(body, world.admin, `?cursor=${next.body.next_cursor}`)).body.data.map(
        (each: { webhook_id: string }) => each.webhook_id,
      ),
    ).toEqual([exact]);
    expect(await count()).toEqual(before);
  });

  it('takes an event as large as one that is published, and refuses what publishing refuses', async () => {
    const sized = (bytes: number) => `{"event_type":"a","tenant":"big","data":"${'x'.repeat(bytes - 43)}"}`;
    expect(sized(100)).toHaveLength(100);
    expect((await tryOut(`{"event":${sized(eventLimits.bytesMax)}}`)).status).toBe(200);
    expect(await tryOut(`{"event":${sized(eventLimits.bytesMax + 1)}}`)).toMatchObject({ status: 413, body: { code: 'event_too_large' } });
    expect((await tryOut(`{"event":${sized(eventLimits.bytesMax * 2)}}`)).body.code).toBe('body_too_large');
    expect((await tryOut(`{"event":{"event_type":"a","data":${'['.repeat(70)}${']'.repeat(70)}}}`)).body.code).toBe('nesting_too_deep');
    expect((await tryOut({ event: { event_type: 'posthorn.x', data: 1 } })).body.code).toBe('reserved_event_type');
    const wrong = (await tryOut({ event: { event_type: 'a b', colour: 1 } })).body;
    expect(wrong.errors.map((each: { pointer: string }) => each.pointer).sort()).toEqual([
      '/event/colour',
      '/event/data',
      '/event/event_type',
    ]);
  });

  it.each([
    ['x', 'not_json'],
    ['[]', 'invalid_request'],
    [`${'['.repeat(70)}${']'.repeat(70)}`, 'nesting_too_deep'],
    ['{}', 'missing_field'],
    ['{"event":{"event_type":"a","data":x}}', 'not_json'],
    ['{"event":1}', 'invalid_request'],
    ['{"event":{"event_type":"a","data":1},"event":{}}', 'invalid_field'],
    ['{"event":{"event_type":"a","data":1},"colour":1}', 'unknown_field'],
    ['{"event":{"event_type":"a","data":1},"webhook_id":1}', 'invalid_field'],
    ['{"event":{"event_type":"a","data":1},"webhook_id":"x"}', 'not_found'],
  ])('refuses %s as %s', async (body, code) => {
    expect((await tryOut(body)).body.code).toBe(code);
  });

  it('stays within the tenant of the key', async () => {
    const key = await world.key('channel', 'acme');
    const foreign = await makeWebhook('globex');
    const event = { event_type: 'a', data: 1 };
    expect((await tryOut({ event }, key)).status).toBe(200);
    expect(await tryOut({ event: { ...event, tenant: 'globex' } }, key)).toMatchObject({
      status: 403,
      body: { code: 'tenant_forbidden', errors: [{ pointer: '/event/tenant' }] },
    });
    expect((await tryOut({ event, webhook_id: foreign }, key)).status).toBe(404);
    expect((await tryOut({ event, webhook_id: foreign })).body).toMatchObject({ reason: 'tenant', value: 'default' });
    expect((await tryOut({ event }, 'ph_test_none')).status).toBe(401);
  });
});
