import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { attemptKindCodes, formatRfc3339, reasonCodes, storedStatusCodes, uuidv7TimeMs } from '@posthorn/core';
import { type DeliveryRecord, writeFlush } from '@posthorn/db';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const get = (path: string, key?: string) => world.call('GET', path, key === undefined ? {} : { key });
const publish = async (tenant: string, data = '{"big":12345678901234567890, "a":1.0}') =>
  (
    await world.call('POST', '/v1/events', {
      body: `{"event_type":"order.placed","tenant":"${tenant}","id":"${world.newId()}","data":${data}}`,
    })
  ).body.id as string;
const webhook = async (tenant: string) =>
  (await world.call('POST', '/v1/webhooks', { body: { tenant, url: 'http://127.0.0.1:9/' } })).body.id as string;

/** Records a first attempt of an event for a webhook: a success, but for what is given. */
const deliver = async (tenant: string, eventId: string, webhookId: string, changes: Partial<DeliveryRecord> = {}, ok = true) => {
  const record: DeliveryRecord = {
    environmentId: world.environmentId,
    tenantId: await world.tenantId(tenant),
    eventId,
    webhookId,
    eventType: 'order.placed',
    isNew: true,
    attempt: 1,
    status: ok ? storedStatusCodes.succeeded : storedStatusCodes.waiting,
    reason: null,
    dueInMs: ok ? null : 3_600_000,
    out: false,
    shape: 1,
    sent: {
      ok,
      counts: true,
      kind: attemptKindCodes.first,
      webhookVersion: 1,
      startedAtMs: Date.now(),
      statusCode: ok ? 200 : 503,
      errorKind: null,
      error: null,
      durationMs: 12,
      dnsMs: null,
      connectMs: 1,
      tlsMs: null,
      firstByteMs: 11,
      requestHeaders: 'webhook-id: x\n',
      responseHeaders: 'server: y\n',
      responseBody: Buffer.from('é'),
      responseTruncated: false,
    },
    epoch: 0,
    threshold: 10,
    holdMs: null,
    gone: false,
    replay: false,
    ...changes,
  };
  await writeFlush(world.pool, { records: [record], reports: [], finished: [] }, { slot: 0, cooldownS: 30, cooldownMaxS: 60, chunkMax: 5 });
};
const idsOf = (body: { data: { id: string }[] }) => body.data.map((each) => each.id);

describe('an event', () => {
  it('reads back with the bytes that came, and says where its fan-out is', async () => {
    const data = '{"n":12345678901234567890,"f":1.0,"a":2,"a":3,"s":"\\u0000\\ud800"}';
    const id = await publish('acme', data);
    const waiting = await get(`/v1/events/${id}`);
    expect(waiting.text).toContain(`"current_context":null,"data":${data},"resources":null}`);
    expect(waiting.headers['content-type']).toBe('application/json; charset=utf-8');
    const none = { pending: 0, held: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0 };
    expect(waiting.body).toMatchObject({
      id,
      tenant: 'acme',
      event_type: 'order.placed',
      project_flow: [],
      fan_out: 'waiting',
      deliveries: none,
    });
    await world.pool.query('delete from dispatches where $1 = any (event_ids)', [id]);
    expect((await get(`/v1/events/${id}`)).body).toMatchObject({ fan_out: 'done', deliveries: none });
  });

  it('says when it was received, and by which time it was matched, as far as something tells', async () => {
    const [id, first, off] = [await publish('acme'), await webhook('acme'), await webhook('acme')];
    const read = async () => (await get(`/v1/events/${id}`)).body;
    const receivedMs = Date.parse((await read()).received_at);
    expect(receivedMs).toBe(uuidv7TimeMs(id));
    const at = (ms: number) => formatRfc3339(receivedMs + ms);
    await deliver('acme', id, first);
    await world.pool.query('update attempts set started_at = $2 where event_id = $1', [id, at(9)]);
    expect(await read()).toMatchObject({ fan_out: 'waiting', matched_by: null });
    await world.pool.query('delete from dispatches where $1 = any (event_ids)', [id]);
    expect(await read()).toMatchObject({ fan_out: 'done', matched_by: at(9) });
    // What fan-out ended without a request tells too; what a person or a replay began later does not.
    await deliver('acme', id, off, { status: storedStatusCodes.skipped, reason: reasonCodes.webhook_disabled, sent: null, attempt: 0 });
    await world.pool.query('update deliveries set ended_at = $3 where event_id = $1 and webhook_id = $2', [id, off, at(7)]);
    expect(await read()).toMatchObject({ matched_by: at(7) });
    await world.pool.query('update deliveries set replay_id = $2 where event_id = $1', [id, id]);
    expect(await read()).toMatchObject({ matched_by: at(9) });
    await world.pool.query('update attempts set kind = $2 where event_id = $1', [id, attemptKindCodes.replay]);
    expect(await read()).toMatchObject({ matched_by: null });
  });

  it('counts its deliveries by status, those of a closed gate as held', async () => {
    const id = await publish('acme');
    const [good, bad, paused, off] = [await webhook('acme'), await webhook('acme'), await webhook('acme'), await webhook('acme')];
    await deliver('acme', id, good);
    await deliver('acme', id, bad, {}, false);
    await deliver('acme', id, paused, {}, false);
    await deliver('acme', id, off, { status: storedStatusCodes.skipped, reason: reasonCodes.webhook_disabled, sent: null, attempt: 0 });
    await world.pool.query('update webhook_state set paused_at = now() where webhook_id = $1', [paused]);
    const expected = { pending: 1, held: 1, succeeded: 1, failed: 0, skipped: 1, cancelled: 0 };
    expect((await get(`/v1/events/${id}`)).body.deliveries).toEqual(expected);
    const { body } = await get(`/v1/events/${id}/deliveries`);
    expect(Object.fromEntries(body.data.map((each: { webhook_id: string; status: string }) => [each.webhook_id, each.status]))).toEqual({
      [good]: 'succeeded',
      [bad]: 'pending',
      [paused]: 'held',
      [off]: 'skipped',
    });
    for (const [status, webhookId] of Object.entries({ pending: bad, held: paused, succeeded: good, skipped: off }))
      expect(idsOf((await get(`/v1/events/${id}/deliveries?status=${status}`)).body)).toEqual([`${id}.${webhookId}`]);
    const skipped = (await get(`/v1/deliveries?event_id=${id}&status=skipped`)).body.data[0];
    expect(skipped).toMatchObject({ reason: 'webhook_disabled', attempts: 0, next_attempt_at: null, ended_at: expect.any(String) });
    const pending = (await get(`/v1/deliveries?event_id=${id}&status=pending`)).body.data[0];
    expect(pending).toMatchObject({ attempts: 1, last_status_code: 503, next_attempt_at: expect.any(String), ended_at: null });
  });

  it('of another tenant or environment is not there', async () => {
    const id = await publish('acme');
    const strangers = [await world.key('viewer', 'globex'), await world.key('admin', undefined, await world.environment('test'))];
    for (const key of strangers)
      for (const path of [`/v1/events/${id}`, `/v1/events/${id}/deliveries`])
        expect(await get(path, key)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    for (const none of [world.newId(), 'x', '%00', id.toUpperCase()]) expect((await get(`/v1/events/${none}`)).status).toBe(404);
    expect((await get(`/v1/events/${id}`, await world.key('viewer', 'acme'))).status).toBe(200);
  });
});

describe('deliveries', () => {
  it('come page by page, newest event first, each once', async () => {
    const ids: string[] = [];
    const [one, two] = [await webhook('pages'), await webhook('pages')];
    for (let i = 0; i < 3; i++) {
      const id = await publish('pages');
      ids.push(`${id}.${one}`, `${id}.${two}`);
      await deliver('pages', id, one);
      await deliver('pages', id, two, {}, false);
    }
    const key = await world.key('viewer', 'pages');
    const read = async (query: string) => {
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const { body } = await get(`/v1/deliveries?limit=2${query}${cursor && `&cursor=${cursor}`}`, key);
        expect(body.data.length).toBeLessThanOrEqual(2);
        seen.push(...idsOf(body));
        cursor = body.next_cursor;
      }
      return seen;
    };
    const newestFirst = [...ids].sort().reverse();
    expect(await read('')).toEqual(newestFirst);
    expect(await read('&status=succeeded')).toEqual(newestFirst.filter((id) => id.endsWith(one)));
    expect(await read(`&webhook_id=${two}`)).toEqual(newestFirst.filter((id) => id.endsWith(two)));
  });

  it('of another tenant are in no list', async () => {
    const [id, hook] = [await publish('acme'), await webhook('acme')];
    await deliver('acme', id, hook);
    const key = await world.key('viewer', 'globex');
    for (const path of ['/v1/deliveries', `/v1/deliveries?event_id=${id}`, `/v1/deliveries?webhook_id=${hook}`])
      expect((await get(path, key)).body).toEqual({ data: [], next_cursor: null });
  });

  it.each(['status=constructor', 'status=waiting', 'event_id=x', 'webhook_id=%00', 'limit=0', 'colour=1'])('refuse ?%s', async (query) => {
    expect(await get(`/v1/deliveries?${query}`)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });
});

describe('attempts', () => {
  it('of a webhook come newest first, with what was sent and what came back', async () => {
    const [older, newer, hook] = [await publish('acme'), await publish('acme'), await webhook('acme')];
    await deliver('acme', older, hook);
    await deliver('acme', newer, hook, {}, false);
    const first = await get(`/v1/webhooks/${hook}/attempts?limit=1`);
    const second = await get(`/v1/webhooks/${hook}/attempts?limit=1&cursor=${first.body.next_cursor}`);
    const [last] = [older, newer].sort().reverse();
    expect(first.body.data[0].event_id).toBe(last);
    expect(second.body.next_cursor).toBeNull();
    const attempt = [first, second].map(({ body }) => body.data[0]).find((each) => each.event_id === older);
    expect(attempt).toMatchObject({
      delivery_id: `${older}.${hook}`,
      webhook_id: hook,
      attempt: 1,
      kind: 'first',
      succeeded: true,
      status_code: 200,
      error_kind: null,
      duration_ms: 12,
      phases: { dns_ms: null, connect_ms: 1, tls_ms: null, first_byte_ms: 11 },
      request_headers: 'webhook-id: x\n',
      response_headers: 'server: y\n',
      response_body: 'é',
      response_truncated: false,
    });
    expect(await get(`/v1/webhooks/${hook}/attempts?cursor=${first.body.next_cursor}x`)).toMatchObject({
      status: 400,
      body: { code: 'invalid_cursor' },
    });
  });

  it('are for everybody who reads deliveries, publishers too', async () => {
    const hook = await webhook('acme');
    for (const role of ['publisher', 'viewer'] as const)
      expect((await get(`/v1/webhooks/${hook}/attempts`, await world.key(role, 'acme'))).status).toBe(200);
  });
});
