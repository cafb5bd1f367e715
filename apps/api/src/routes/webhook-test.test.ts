import { createHmac, createSecretKey } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { secretKeyBytes, sign } from '@posthorn/core';
import { type Received, type Receiver, startReceiver } from '@posthorn/testkit';
import { type ApiWorld, type Call, createApiWorld } from '../../tests/api-world.js';

let world: ApiWorld;
let receiver: Receiver;
beforeAll(async () => {
  [world, receiver] = await Promise.all([createApiWorld(), startReceiver()]);
});
afterEach(() => {
  receiver.clear();
  receiver.answer({});
});
afterAll(() => Promise.all([world.close(), receiver.stop()]));

type Made = { readonly id: string; readonly secret: string };
const create = async (body: Record<string, unknown> = {}): Promise<Made> =>
  (await world.call('POST', '/v1/webhooks', { body: { url: receiver.url('/hook'), ...body } })).body;
const test = (id: string, body?: unknown, call: Call = {}) =>
  world.call('POST', `/v1/webhooks/${id}/test`, { ...(body !== undefined && { body }), ...call });
const attempts = async (id: string, query = '') => (await world.call('GET', `/v1/webhooks/${id}/attempts${query}`)).body;
const rows = async (text: string, ...values: unknown[]) => (await world.pool.query(text, values)).rows;
const only = (): Received => {
  expect(receiver.count()).toBe(1);
  return receiver.received[0] as Received;
};

describe('a test', () => {
  it('is one request like a delivery: its body, its headers, its signatures, what is secret hidden where it is kept', async () => {
    const { id, secret } = await create({
      authentication: { type: 'api_key', header: 'x-key', value: 'KEY-VALUE' },
      headers: { 'x-own': 'OWN-{event_type}' },
      signature_header: { name: 'x-sign', value: 'sha256={hex}' },
    });
    receiver.answer({ status: 201, body: 'thanks', headers: { 'x-answer': 'yes' } });
    const answer = await test(id);
    const { headers, body, path } = only();
    expect(answer).toMatchObject({
      status: 200,
      body: {
        webhook_id: id,
        delivery_id: null,
        attempt: 1,
        kind: 'test',
        webhook_version: 1,
        succeeded: true,
        status_code: 201,
        error_kind: null,
        error: null,
        response_body: 'thanks',
        response_headers: expect.stringContaining('x-answer: yes\n'),
        response_truncated: false,
      },
    });
    expect(path).toBe('/hook');
    const text = body.toString();
    expect(JSON.parse(text)).toEqual({
      event_time: expect.any(String),
      event_type: 'posthorn.test',
      current_context: null,
      data: { test: true },
    });
    const timestamp = Number(headers['webhook-timestamp']);
    expect(headers).toMatchObject({
      'webhook-id': answer.body.event_id,
      'webhook-signature': sign([createSecretKey(secretKeyBytes(secret))], answer.body.event_id, timestamp, text),
      'content-type': 'application/json',
      'posthorn-event-type': 'posthorn.test',
      'posthorn-attempt': '1',
      'x-key': 'KEY-VALUE',
      'x-own': 'OWN-posthorn.test',
      'x-sign': `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`,
    });
    expect(answer.body.request_headers).toContain('x-key: <hidden>\n');
    const kept = await rows('select * from attempts where webhook_id = $1', id);
    expect(kept).toMatchObject([{ kind: 5, n: 1, event_id: answer.body.event_id }]);
    for (const each of [answer.text, JSON.stringify(kept)]) expect(each).not.toMatch(/KEY-VALUE|OWN-posthorn/);
  });

  it('keeps and shows nothing secret that the endpoint sends back', async () => {
    const { id } = await create({ authentication: { type: 'bearer', token: 'TOKEN-OF-THE-ENDPOINT' } });
    receiver.answer(({ headers }) => ({ status: 500, headers: { 'x-echo': headers.authorization ?? '' }, body: JSON.stringify(headers) }));
    const answer = await test(id);
    expect(answer.body).toMatchObject({ response_headers: expect.stringContaining('x-echo: Bearer <hidden>\n') });
    expect(answer.body.response_body).toContain('"authorization":"Bearer <hidden>"');
    const kept = await rows('select encode(response_body, $2) as body, response_headers from attempts where webhook_id = $1', id, 'escape');
    for (const each of [answer.text, JSON.stringify(kept)]) expect(each).not.toContain('TOKEN-OF-THE-ENDPOINT');
  });

  it('carries the type and the data that were given, byte for byte, in the format of the webhook', async () => {
    const { id } = await create({ payload_format: 'data' });
    const answer = await test(id, '{"event_type": "posthorn.circuit_opened", "data" : {"b":1.0,"a":12345678901234567890,"b":2 }}');
    expect(answer.status).toBe(200);
    expect([only().body.toString(), only().headers['posthorn-event-type']]).toEqual([
      '{"b":1.0,"a":12345678901234567890,"b":2 }',
      'posthorn.circuit_opened',
    ]);
    receiver.clear();
    for (const data of ['null', '[]', '"x"']) expect((await test(id, `{"data":${data}}`)).body.succeeded).toBe(true);
    expect(receiver.received.map((each) => each.body.toString())).toEqual(['null', '[]', '"x"']);
  });

  it('needs no body; null is as good as none', async () => {
    const { id } = await create({ payload_format: 'data' });
    for (const body of [undefined, 'null', '{}']) expect((await test(id, body)).status).toBe(200);
    expect(receiver.received.map((each) => each.body.toString())).toEqual(Array(3).fill('{"test":true}'));
  });

  it('goes out in any state, and leaves state, statistics and deliveries as they are', async () => {
    const { id } = await create({ circuit_threshold: 1 });
    await world.call('POST', `/v1/webhooks/${id}/pause`);
    await world.call('POST', `/v1/webhooks/${id}/disable`);
    await rows('update webhook_state set circuit = 1, circuit_failure_count = 3 where webhook_id = $1', id);
    const before = await world.call('GET', `/v1/webhooks/${id}`);
    receiver.answer({ status: 500 });
    expect(await test(id)).toMatchObject({ status: 200, body: { succeeded: false, status_code: 500 } });
    only();
    expect((await world.call('GET', `/v1/webhooks/${id}`)).body).toEqual(before.body);
    for (const table of ['deliveries', 'webhook_stats']) expect(await rows(`select 1 from ${table} where webhook_id = $1`, id)).toEqual([]);
    expect((await rows('select action from audit_log where subject_id::text = $1 order by at desc limit 1', id))[0].action).toBe(
      'webhook.tested',
    );
  });

  it('is answered with what came back, whatever it was', async () => {
    const { id } = await create({ timeout_ms: 1_000 });
    receiver.answer({ reset: true });
    expect(await test(id)).toMatchObject({ status: 200, body: { succeeded: false, status_code: null, error_kind: 'reset' } });
    receiver.answer({ hang: true });
    expect(await test(id)).toMatchObject({ status: 200, body: { succeeded: false, error_kind: 'timeout', error: expect.any(String) } });
    await rows(`update webhooks set url = 'http://10.0.0.1/' where id = $1`, id);
    expect(await test(id)).toMatchObject({ status: 200, body: { succeeded: false, error_kind: 'blocked', response_headers: null } });
  });

  it.each<[string, string, number, string, string[]]>([
    ['an unknown field', '{"colour":1,"url":"x"}', 422, 'unknown_field', ['/colour', '/url']],
    ['a type that is none', '{"event_type":"a b"}', 422, 'invalid_field', ['/event_type']],
    ['a pattern as type', '{"event_type":"order.*"}', 422, 'invalid_field', ['/event_type']],
    ['a list as body', '[]', 422, 'invalid_field', []],
    ['no JSON', '{"data":', 400, 'not_json', []],
    ['data nested too deep', `{"data":${'['.repeat(100)}${']'.repeat(100)}}`, 422, 'nesting_too_deep', []],
  ])('with %s is refused and not sent', async (_, body, status, code, pointers) => {
    const { id } = await create();
    const answer = await test(id, body);
    expect(answer).toMatchObject({ status, body: { code } });
    expect(answer.body.errors.map((each: { pointer: string }) => each.pointer)).toEqual(pointers);
    expect(receiver.count()).toBe(0);
    expect((await attempts(id)).data).toEqual([]);
  });

  it('waits for others only so far: of too many at once the last is refused', async () => {
    const { id } = await create();
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    receiver.answer(async () => {
      await released;
      return {};
    });
    const waiting = Array.from({ length: 20 }, () => test(id));
    await receiver.waitFor(20);
    expect(await test(id)).toMatchObject({ status: 503, headers: { 'retry-after': '1' }, body: { code: 'overloaded' } });
    release();
    expect((await Promise.all(waiting)).map((each) => each.body.succeeded)).toEqual(Array(20).fill(true));
    expect((await test(id)).status).toBe(200);
  });

  it('is for admins, operators, and channels what is theirs', async () => {
    const { id } = await create({ tenant: 'mine' });
    for (const role of ['viewer', 'publisher'] as const)
      expect(await test(id, undefined, { key: await world.key(role) })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await test(id, undefined, { key: await world.key('channel', 'theirs') })).status).toBe(404);
    expect(receiver.count()).toBe(0);
    for (const key of [await world.key('operator'), await world.key('channel', 'mine')])
      expect((await test(id, {}, { key })).status).toBe(200);
    expect(receiver.count()).toBe(2);
  });
});

describe('the attempts of a webhook', () => {
  it('are those of its deliveries and its tests, newest event first, page by page', async () => {
    const { id } = await create({ tenant: 'pages' });
    const tenantId = await world.tenantId('pages');
    const expected: string[] = [];
    const deliver = async (attemptsOfIt: number) => {
      const eventId = world.newId();
      const place = [world.environmentId, tenantId, eventId, id];
      await rows(
        'insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, attempt) values ($1, $2, $3, $4, 2, $5)',
        ...place,
        attemptsOfIt,
      );
      for (let n = 1; n <= attemptsOfIt; n++) {
        await rows(
          `insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, duration_ms)
           values ($1, $2, $3, $4, $5, 0, 1, now(), false, 1)`,
          ...place,
          n,
        );
        expected.push(`${eventId} ${n}`);
      }
    };
    const once = async () => expected.push(`${(await test(id)).body.event_id} 1`);
    for (const step of [once, () => deliver(2), once, once, () => deliver(3)]) await step();
    const newestFirst = expected.sort().reverse();
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { data: { event_id: string; attempt: number }[]; next_cursor: string | null } = await attempts(
        id,
        `?limit=3${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...page.data.map((each) => `${each.event_id} ${each.attempt}`));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(newestFirst);
    const stranger = await world.key('channel', 'pages');
    expect((await world.call('GET', `/v1/webhooks/${id}/attempts`, { key: stranger })).body.data.length).toBe(8);
  });
});
