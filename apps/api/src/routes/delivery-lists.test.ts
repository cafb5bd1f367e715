// The filters of the lists of events, deliveries and attempts; that they go page by page is told beside the routes that read one of them.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { attemptKindCodes, errorKindCodes, formatRfc3339, reasonCodes, storedStatusCodes, uuidv7 } from '@posthorn/core';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { newWebhook } from '../../tests/past.js';

let world: ApiWorld;
/** Names of the events by id, and of the webhooks. */
const names = new Map<string, string>();
const hooks: Record<string, string> = {};
const ids: Record<string, string> = {};
const startMs = Date.now() - 3_600_000;
/** The nth minute after the first event. */
const minute = (n: number): string => encodeURIComponent(formatRfc3339(startMs + n * 60_000));

const insertEvent = async (name: string, minutes: number, type: string, tenant = 'acme', sourceId: string | null = null) => {
  const atMs = startMs + minutes * 60_000;
  const id = uuidv7(atMs, randomBytes(10));
  ids[name] = id;
  names.set(id, name);
  await world.pool.query(
    `insert into events (id, environment_id, tenant_id, event_type, source_id, event_time, data, dispatch_id, accepted_at)
     values ($1, $2, $3, $4, $5, now(), '{"secret":1}', $1, $6)`,
    [id, world.environmentId, await world.tenantId(tenant), type, sourceId, new Date(atMs + 3)],
  );
};
type Facts = { status: number; reason?: number; code?: number; error?: number; tenant?: string };
const insertDelivery = async (event: string, hook: string, { status, reason, code, error, tenant = 'acme' }: Facts) =>
  world.pool.query(
    `insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, reason, attempt, last_status_code, last_error_kind, due_at)
     values ($1, $2, $3, $4, $5, $6, 1, $7, $8, now())`,
    [world.environmentId, await world.tenantId(tenant), ids[event], hooks[hook], status, reason ?? null, code ?? null, error ?? null],
  );
const insertAttempt = async (event: string, n: number, kind: number, ok: boolean) =>
  world.pool.query(
    `insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, duration_ms)
     values ($1, $2, $3, $4, $5, $6, 1, now(), $7, 1)`,
    [world.environmentId, await world.tenantId('acme'), ids[event], hooks.first, n, kind, ok],
  );
const get = (path: string, key?: string) => world.call('GET', path, key === undefined ? {} : { key });
const eventsOf = async (query: string, key?: string): Promise<readonly (string | undefined)[]> =>
  (await get(`/v1/events?${query}`, key)).body.data.map((each: { id: string }) => names.get(each.id));
const deliveriesOf = async (path: string, key?: string): Promise<readonly string[]> =>
  (await get(path, key)).body.data.map(
    ({ event_id, webhook_id }: Record<string, string>) =>
      `${names.get(event_id ?? '')} ${Object.keys(hooks).find((name) => hooks[name] === webhook_id)}`,
  );
const attemptsOf = async (query: string): Promise<readonly string[]> =>
  (await get(`/v1/webhooks/${hooks.first}/attempts?${query}`)).body.data.map(
    ({ event_id, attempt }: { event_id: string; attempt: number }) => `${names.get(event_id)} ${attempt}`,
  );

beforeAll(async () => {
  world = await createApiWorld();
  for (const [name, tenant] of [
    ['first', 'acme'],
    ['second', 'acme'],
    ['held', 'acme'],
    ['other', 'globex'],
  ] as const)
    hooks[name] = await newWebhook(world, tenant);
  await world.pool.query('update webhook_state set paused_at = now() where webhook_id = $1', [hooks.held]);
  await insertEvent('a', 0, 'order.placed', 'acme', 'src-1');
  await insertEvent('b', 1, 'order.placed');
  await insertEvent('c', 2, 'order.paid');
  await insertEvent('d', 3, 'order.placed', 'globex', 'src-1');
  await insertEvent('tested', 4, 'posthorn.test');
  const { waiting, succeeded, failed, skipped, cancelled } = storedStatusCodes;
  await insertDelivery('a', 'first', { status: succeeded, code: 200 });
  await insertDelivery('a', 'second', { status: failed, reason: reasonCodes.exhausted, code: 503 });
  await insertDelivery('a', 'held', { status: waiting });
  await insertDelivery('b', 'first', { status: failed, reason: reasonCodes.rejected, code: 410 });
  await insertDelivery('b', 'second', { status: waiting, error: errorKindCodes.timeout });
  await insertDelivery('c', 'first', { status: skipped, reason: reasonCodes.webhook_disabled });
  await insertDelivery('c', 'second', { status: cancelled, reason: reasonCodes.webhook_deleted, error: errorKindCodes.dns });
  await insertDelivery('d', 'other', { status: succeeded, code: 204, tenant: 'globex' });
  await insertAttempt('a', 1, attemptKindCodes.first, false);
  await insertAttempt('a', 2, attemptKindCodes.retry, true);
  await insertAttempt('b', 1, attemptKindCodes.first, false);
  await insertAttempt('tested', 1, attemptKindCodes.test, true);
});
afterAll(() => world.close());

describe('events are found', () => {
  it.each<[string, readonly string[]]>([
    ['', ['tested', 'd', 'c', 'b', 'a']],
    ['event_type=order.placed', ['d', 'b', 'a']],
    ['event_type=order', []],
    ['source_id=src-1', ['d', 'a']],
    ['source_id=src-1&tenant=globex', ['d']],
    ['source_id=src-2', []],
    ['tenant=acme', ['tested', 'c', 'b', 'a']],
    ['tenant=nobody', []],
    ['event_type=order.placed&tenant=acme', ['b', 'a']],
  ])('by %s', async (query, expected) => {
    expect(await eventsOf(query)).toEqual(expected);
  });

  it('by when they were accepted', async () => {
    expect(await eventsOf(`accepted_at[gte]=${minute(2)}`)).toEqual(['tested', 'd', 'c']);
    expect(await eventsOf(`accepted_at[gt]=${minute(2)}`)).toEqual(['tested', 'd']);
    expect(await eventsOf(`accepted_at[lt]=${minute(2)}`)).toEqual(['b', 'a']);
    expect(await eventsOf(`accepted_at[lte]=${minute(2)}&accepted_at[gt]=${minute(0)}`)).toEqual(['c', 'b']);
    expect(await eventsOf('accepted_at[gte]=0001-01-01T00:00:00Z&accepted_at[lte]=9999-12-31T23:59:59.999Z')).toHaveLength(5);
    expect(await eventsOf('accepted_at[lt]=1969-01-01T00:00:00Z')).toEqual([]);
  });

  it('without what their producers sent', async () => {
    const { body, text } = await get('/v1/events?source_id=src-1&tenant=acme');
    const {
      data: _,
      current_context: _context,
      resources: _resources,
      deliveries: _counts,
      received_at: _received,
      matched_by: _matched,
      ...facts
    } = (await get(`/v1/events/${ids.a}`)).body;
    expect(body).toEqual({ data: [facts], next_cursor: null });
    expect(text).not.toContain('secret');
  });

  it('page by page, each that was there once, also while others come in', async () => {
    const walked: (string | undefined)[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await get(`/v1/events?limit=2${cursor}`);
      walked.push(...body.data.map((each: { id: string }) => names.get(each.id)));
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
      await insertEvent(`late ${walked.length}`, 5 + walked.length, 'late', 'late');
      expect((await get(`/v1/events?tenant=acme${cursor}`)).body.code).toBe('invalid_cursor');
    }
    expect(walked).toEqual(['tested', 'd', 'c', 'b', 'a']);
  });

  it('only within the reach of the key', async () => {
    const key = await world.key('publisher', 'globex');
    expect(await eventsOf('', key)).toEqual(['d']);
    expect(await eventsOf('source_id=src-1', key)).toEqual(['d']);
    expect(await eventsOf('tenant=acme', key)).toEqual([]);
    const elsewhere = await world.key('viewer', undefined, await world.environment('test'));
    expect(await eventsOf('source_id=src-1', elsewhere)).toEqual([]);
  });
});

describe('deliveries are found', () => {
  const all = ['d other', 'c second', 'c first', 'b second', 'b first', 'a held', 'a second', 'a first'];
  it.each<[string, readonly string[]]>([
    ['', all],
    ['status=pending', ['b second']],
    ['status=held', ['a held']],
    ['status=succeeded', ['d other', 'a first']],
    ['status=failed', ['b first', 'a second']],
    ['status=skipped', ['c first']],
    ['status=cancelled', ['c second']],
    ['reason=exhausted', ['a second']],
    ['reason=webhook_disabled', ['c first']],
    ['reason=erased', []],
    ['reason=webhook_paused', ['a held']],
    ['reason=circuit_open', []],
    ['event_type=order.paid', ['c second', 'c first']],
    ['event_type=order.placed&status=succeeded', ['d other', 'a first']],
    ['tenant=globex', ['d other']],
    ['tenant=nobody', []],
    ['status_code=200', ['a first']],
    ['status_code=2xx', ['d other', 'a first']],
    ['status_code=5xx', ['a second']],
    ['status_code=404', []],
    ['error_kind=timeout', ['b second']],
    ['error_kind=dns', ['c second']],
  ])('by %s', async (query, expected) => {
    expect([...(await deliveriesOf(`/v1/deliveries?${query}`))].sort()).toEqual([...expected].sort());
  });

  it('by webhook, event, and when the event came', async () => {
    expect(await deliveriesOf(`/v1/deliveries?webhook_id=${hooks.first}`)).toEqual(['c first', 'b first', 'a first']);
    expect(await deliveriesOf(`/v1/deliveries?webhook_id=${hooks.first}&event_id=${ids.b}`)).toEqual(['b first']);
    expect(await deliveriesOf(`/v1/deliveries?created_at[gte]=${minute(1)}&created_at[lt]=${minute(2)}&status=failed`)).toEqual([
      'b first',
    ]);
    expect(await deliveriesOf(`/v1/deliveries?created_at[gt]=${minute(2)}`)).toEqual(['d other']);
  });

  it('by the replay that was the last to open them', async () => {
    const replayId = world.newId();
    await world.pool.query('update deliveries set replay_id = $1 where event_id = any ($2)', [replayId, [ids.a, ids.d]]);
    expect(await deliveriesOf(`/v1/deliveries?replay_id=${replayId}`)).toHaveLength(4);
    expect(await deliveriesOf(`/v1/deliveries?replay_id=${replayId}&status=succeeded`)).toEqual(['d other', 'a first']);
    expect(await deliveriesOf(`/v1/events/${ids.d}/deliveries?replay_id=${replayId}`)).toEqual(['d other']);
    expect(await deliveriesOf(`/v1/deliveries?replay_id=${replayId}`, await world.key('channel', 'globex'))).toEqual(['d other']);
    expect(await deliveriesOf(`/v1/deliveries?replay_id=${world.newId()}`)).toEqual([]);
    expect((await get('/v1/deliveries?replay_id=x')).body.code).toBe('invalid_request');
  });

  it('of a webhook, by the same but itself', async () => {
    const path = `/v1/webhooks/${hooks.first}/deliveries`;
    expect(await deliveriesOf(path)).toEqual(['c first', 'b first', 'a first']);
    expect(await deliveriesOf(`${path}?status_code=4xx`)).toEqual(['b first']);
    expect(await deliveriesOf(`${path}?event_type=order.placed&created_at[lt]=${minute(1)}`)).toEqual(['a first']);
    expect(await deliveriesOf(`${path}?event_id=${ids.c}`)).toEqual(['c first']);
    expect((await get(`${path}?webhook_id=${hooks.first}`)).body.code).toBe('invalid_request');
    expect((await get(path, await world.key('viewer', 'globex'))).status).toBe(404);
    const first = (await get(`${path}?limit=1`)).body;
    expect(await deliveriesOf(`${path}?limit=1&cursor=${first.next_cursor}`)).toEqual(['b first']);
    for (const other of [`/v1/webhooks/${hooks.second}/deliveries`, '/v1/deliveries', `/v1/events/${ids.a}/deliveries`])
      expect((await get(`${other}?cursor=${first.next_cursor}`)).body.code).toBe('invalid_cursor');
  });

  it('of an event, by what they are', async () => {
    const path = `/v1/events/${ids.a}/deliveries`;
    expect([...(await deliveriesOf(path))].sort()).toEqual(['a first', 'a held', 'a second']);
    expect(await deliveriesOf(`${path}?webhook_id=${hooks.held}`)).toEqual(['a held']);
    expect(await deliveriesOf(`${path}?reason=exhausted&status_code=503`)).toEqual(['a second']);
    expect((await get(`${path}?event_id=${ids.a}`)).body.code).toBe('invalid_request');
  });

  it('with the time of their event', async () => {
    const { body } = await get(`/v1/deliveries?event_id=${ids.b}&webhook_id=${hooks.first}`);
    expect(body.data[0].created_at).toBe(formatRfc3339(startMs + 60_000));
  });
});

describe('attempts of a webhook are found', () => {
  it.each<[string, readonly string[]]>([
    ['', ['tested 1', 'b 1', 'a 2', 'a 1']],
    ['kind=first', ['b 1', 'a 1']],
    ['kind=retry', ['a 2']],
    ['kind=test', ['tested 1']],
    ['kind=probe', []],
    ['succeeded=true', ['tested 1', 'a 2']],
    ['succeeded=false', ['b 1', 'a 1']],
    ['kind=first&succeeded=true', []],
  ])('by %s', async (query, expected) => {
    expect(await attemptsOf(query)).toEqual(expected);
  });

  it('page by page under the same filter only', async () => {
    const { body } = await get(`/v1/webhooks/${hooks.first}/attempts?succeeded=false&limit=1`);
    expect(await attemptsOf(`succeeded=false&limit=1&cursor=${body.next_cursor}`)).toEqual(['a 1']);
    expect((await get(`/v1/webhooks/${hooks.first}/attempts?cursor=${body.next_cursor}`)).body.code).toBe('invalid_cursor');
  });
});

describe('what is not understood is refused', () => {
  it.each([
    '/v1/events?colour=red',
    '/v1/events?id=x',
    '/v1/events?event_type=order.*',
    '/v1/events?source_id=%00',
    '/v1/events?accepted_at=2026-01-01T00:00:00Z',
    '/v1/events?accepted_at[gte]=now',
    '/v1/deliveries?status=waiting',
    '/v1/deliveries?reason=because',
    '/v1/deliveries?status_code=99',
    '/v1/deliveries?status_code=1000',
    '/v1/deliveries?status_code=5x',
    '/v1/deliveries?status_code=0xx',
    '/v1/deliveries?error_kind=1',
    '/v1/deliveries?created_at[eq]=2026-01-01T00:00:00Z',
    '/v1/deliveries?event_type=',
  ])('%s', async (path) => {
    expect(await get(path)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  it.each(['kind=second', 'kind=0', 'succeeded=1'])('attempts?%s', async (query) => {
    expect((await get(`/v1/webhooks/${hooks.first}/attempts?${query}`)).status).toBe(400);
  });
});
