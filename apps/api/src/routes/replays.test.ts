import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { errorKindCodes } from '@posthorn/core';
import { createReplayReader, findOpenReplays, stepReplay } from '@posthorn/db';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { newWebhook, pastDelivery, pastEvent } from '../../tests/past.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const post = (path: string, body?: unknown, key?: string) =>
  world.call('POST', path, { ...(key !== undefined && { key }), ...(body !== undefined && { body }) });
const get = (path: string, key?: string) => world.call('GET', path, key === undefined ? {} : { key });
const rows = async (text: string, ...values: unknown[]) => (await world.pool.query(text, values)).rows;
const audited = (id: string) => rows('select actor, action, subject_kind from audit_log where subject_id = $1 order by at', id);
type Ended = Parameters<typeof pastDelivery>[3];

/** A webhook with one delivery in each of these states. */
const webhookWith = async (states: readonly Ended[], tenant = 'acme', eventType = 'order.placed') => {
  const webhookId = await newWebhook(world, tenant);
  for (const state of states) await pastDelivery(world, await pastEvent(world, tenant, eventType), webhookId, state, tenant);
  return webhookId;
};

/** Steps all replays until nothing moves, as the scheduler does. */
const run = async (): Promise<void> => {
  const read = createReplayReader(world.pool);
  for (let more = true; more; ) {
    more = false;
    for (const replay of await findOpenReplays(world.pool, null, 20)) more = (await stepReplay(world.pool, read, replay, 0)) || more;
  }
};

const none = { pending: 0, held: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0 };

describe('a replay', () => {
  it('does what its dry run told, and says how far it is', async () => {
    const webhookId = await webhookWith(['failed', 'failed', 'skipped', 'succeeded', 'waiting']);
    for (const [filter, would] of [
      [
        { webhook_id: webhookId, status: ['failed', 'skipped'] },
        { total: 3, would_open: 3, already_waiting: 0, refused: 0 },
      ],
      [{ webhook_id: webhookId }, { total: 5, would_open: 1, already_waiting: 4, refused: 0 }],
    ] as const) {
      const dry = await post('/v1/replays', { filter, dry_run: true });
      expect(dry).toMatchObject({ status: 200, body: { dry_run: true, mode: 'original', filter, is_complete: true, ...would } });
      const made = await post('/v1/replays', { filter });
      const { id } = made.body;
      const facts = { id, mode: 'original', filter, recovers_webhook_id: null, total: would.total };
      expect(made).toMatchObject({ status: 202, headers: { location: `/v1/replays/${id}` } });
      expect(made.body).toEqual({
        ...facts,
        ...{
          status: 'running',
          opened: 0,
          already_waiting: 0,
          refused: 0,
          created_at: expect.any(String),
          ended_at: null,
          deliveries: none,
        },
      });
      await run();
      expect((await get(`/v1/replays/${id}`)).body).toMatchObject({
        ...facts,
        ...{ status: 'done', opened: would.would_open, already_waiting: would.already_waiting, refused: would.refused },
        ended_at: expect.any(String),
        deliveries: { ...none, pending: would.would_open },
      });
      expect(await audited(id)).toEqual([{ actor: 'admin', action: 'replay.created', subject_kind: 'replay' }]);
    }
  });

  it('covers what a list of deliveries shows by event, by code and by error', async () => {
    const [webhookId, other] = [await newWebhook(world), await newWebhook(world)];
    const answers = [
      [404, null],
      [503, null],
      [500, null],
      [null, 'timeout'],
      [null, null],
    ] as const;
    const eventIds: string[] = [];
    for (const [code, kind] of answers) {
      const eventId = await pastEvent(world);
      eventIds.push(eventId);
      await pastDelivery(world, eventId, other, 'failed');
      await pastDelivery(world, eventId, webhookId, 'failed');
      await rows(
        'update deliveries set last_status_code = $2, last_error_kind = $3 where event_id = $1',
        eventId,
        code,
        kind === null ? null : errorKindCodes[kind],
      );
    }
    const eventId = eventIds[1]!;
    const filters: readonly Readonly<Record<string, string>>[] = [
      { status_code: '5xx' },
      { status_code: '404' },
      { error_kind: 'timeout' },
      { error_kind: 'dns' },
      { event_id: eventId },
      { event_id: eventId, status_code: '404' },
    ];
    for (const filter of filters) {
      const query = new URLSearchParams({ webhook_id: webhookId, ...filter });
      const shown = (await get(`/v1/deliveries?${query}`)).body.data.map(({ id }: { id: string }) => id);
      const dry = await post('/v1/replays', { filter: { webhook_id: webhookId, ...filter }, dry_run: true });
      expect([filter, dry.body.would_open]).toEqual([filter, shown.length]);
      const made = await post('/v1/replays', { filter: { webhook_id: webhookId, ...filter } });
      expect(made.body).toMatchObject({ filter, total: shown.length });
      await run();
      const opened = (await get(`/v1/deliveries?replay_id=${made.body.id}`)).body.data.map(({ id }: { id: string }) => id);
      expect(opened).toEqual(shown);
      await rows('update deliveries set status = 2, due_at = null where replay_id = $1', made.body.id);
    }
    // Of one event, at all its webhooks; at one of them, also against the webhooks of today.
    expect((await post('/v1/replays', { filter: { event_id: eventIds[2] }, dry_run: true })).body).toMatchObject({ total: 2 });
    const ofOne = { event_id: eventIds[2], webhook_id: other };
    for (const [filter, total] of [
      [ofOne, 1],
      [{ ...ofOne, from: '2999-01-01T00:00:00Z' }, 0],
      [{ ...ofOne, to: '2000-01-01T00:00:00Z' }, 0],
    ] as const)
      for (const mode of ['original', 'current'])
        expect((await post('/v1/replays', { filter, mode, dry_run: true })).body).toMatchObject({ total });
  });

  it('against the webhooks of today reaches one that was made after the event', async () => {
    const eventType = 'late.order';
    await pastEvent(world, 'acme', eventType);
    const webhookId = await newWebhook(world, 'acme', { event_types: ['late.*'], name: 'late' });
    const filter = { event_type: 'late.*', webhook_id: webhookId };
    const dry = await post('/v1/replays', { filter, mode: 'current', dry_run: true });
    expect(dry.body).toMatchObject({ total: 1, would_open: 1 });
    const { id } = (await post('/v1/replays', { filter, mode: 'current' })).body;
    await run();
    expect((await get(`/v1/replays/${id}`)).body).toMatchObject({ status: 'done', opened: 1, deliveries: { ...none, pending: 1 } });
  });

  it('is cancelled with what waits of it; a second time changes nothing, and one that is done with all is refused', async () => {
    const webhookId = await webhookWith(['failed', 'failed']);
    const { id } = (await post('/v1/replays', { filter: { webhook_id: webhookId } })).body;
    await run();
    for (let times = 0; times < 2; times++) {
      const answer = await post(`/v1/replays/${id}/cancel`);
      expect(answer).toMatchObject({
        status: 200,
        body: { id, status: 'cancelled', opened: 2, ended_at: expect.any(String), deliveries: { ...none, cancelled: 2 } },
      });
    }
    expect(await audited(id)).toMatchObject([{ action: 'replay.created' }, { action: 'replay.cancelled' }, { action: 'replay.cancelled' }]);
    const early = (await post('/v1/replays', { filter: { webhook_id: webhookId } })).body;
    expect((await post(`/v1/replays/${early.id}/cancel`)).body).toMatchObject({ status: 'cancelled', opened: 0 });
    await run();
    expect((await get(`/v1/replays/${early.id}`)).body).toMatchObject({ status: 'cancelled', opened: 0 });
    const over = (await post('/v1/replays', { filter: { webhook_id: await webhookWith([]) } })).body;
    await run();
    expect(await post(`/v1/replays/${over.id}/cancel`)).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  it('is listed newest first, page by page', async () => {
    const key = await world.key('operator', 'pages');
    const webhookId = await newWebhook(world, 'pages');
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push((await post('/v1/replays', { filter: { webhook_id: webhookId } }, key)).body.id);
    const first = await get('/v1/replays?limit=2', key);
    const second = await get(`/v1/replays?limit=2&cursor=${first.body.next_cursor}`, key);
    expect([...first.body.data, ...second.body.data].map((each) => each.id)).toEqual([...ids].sort().reverse());
    expect(second.body.next_cursor).toBeNull();
  });

  it.each<[string, unknown, string, string]>([
    ['no span at all', { filter: {} }, 'invalid_field', '/filter'],
    ['a tenant alone', { filter: { tenant: 'acme' } }, 'invalid_field', '/filter'],
    ['no filter', {}, 'missing_field', '/filter'],
    ['an id that is none', { filter: { webhook_id: 'x' } }, 'invalid_field', '/filter/webhook_id'],
    [
      'a webhook that is not there',
      { filter: { webhook_id: '018f0000-0000-7000-8000-000000000000' } },
      'invalid_field',
      '/filter/webhook_id',
    ],
    ['a tenant that is not there', { filter: { tenant: 'nobody', event_type: 'a' } }, 'invalid_field', '/filter/tenant'],
    ['no event type', { filter: { event_type: 'a b' } }, 'invalid_field', '/filter/event_type'],
    ['a status that does not end', { filter: { event_type: 'a', status: ['waiting'] } }, 'invalid_field', '/filter/status/0'],
    ['no reason of the list', { filter: { event_type: 'a', reason: 'because' } }, 'invalid_field', '/filter/reason'],
    ['no time', { filter: { from: 'yesterday' } }, 'invalid_field', '/filter/from'],
    [
      'a span that ends before it begins',
      { filter: { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' } },
      'invalid_field',
      '/filter/to',
    ],
    ['an unknown field', { filter: { event_type: 'a', colour: 1 } }, 'unknown_field', '/filter/colour'],
    ['a mode that is none', { filter: { event_type: 'a' }, mode: 'both' }, 'invalid_field', '/mode'],
    [
      'the status of what need not exist',
      { filter: { event_type: 'a', status: ['failed'] }, mode: 'current' },
      'invalid_field',
      '/filter/status',
    ],
    ['an event that is none', { filter: { event_id: 'x' } }, 'invalid_field', '/filter/event_id'],
    ['a replay that is none', { filter: { replay_id: 'x' } }, 'invalid_field', '/filter/replay_id'],
    ['a replay that is not there', { filter: { replay_id: '0190a000-0000-7000-8000-000000000000' } }, 'invalid_field', '/filter/replay_id'],
    ['no status code', { filter: { event_type: 'a', status_code: '5x' } }, 'invalid_field', '/filter/status_code'],
    ['no kind of error', { filter: { event_type: 'a', error_kind: 'bad' } }, 'invalid_field', '/filter/error_kind'],
    ['a span that an answer alone would make', { filter: { status_code: '5xx' } }, 'invalid_field', '/filter'],
    [
      'the answer to what need not exist',
      { filter: { event_type: 'a', status_code: '5xx' }, mode: 'current' },
      'invalid_field',
      '/filter/status_code',
    ],
    ['our own events as of today', { filter: { event_type: 'posthorn.*' }, mode: 'current' }, 'invalid_field', '/filter/event_type'],
  ])('with %s is refused', async (_, body, code, pointer) => {
    const answer = await post('/v1/replays', body);
    expect(answer).toMatchObject({ status: 422, body: { code, errors: [{ pointer }] } });
  });

  it('is for admins and operators, within their environment and tenant', async () => {
    const webhookId = await webhookWith(['failed'], 'roles');
    const body = { filter: { webhook_id: webhookId } };
    const { id } = (await post('/v1/replays', body)).body;
    const paths = [`/v1/replays/${id}`, `/v1/replays/${id}/cancel`] as const;
    for (const key of [await world.key('viewer'), await world.key('publisher'), await world.key('channel', 'roles')]) {
      expect(await post('/v1/replays', body, key)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      expect((await get('/v1/replays', key)).status).toBe(403);
      expect((await post(paths[1], undefined, key)).status).toBe(403);
    }
    expect((await get(paths[0], await world.key('viewer'))).status).toBe(403);
    expect((await get(paths[0], await world.key('channel', 'roles'))).status).toBe(404);
    for (const key of [await world.key('operator', 'others'), await world.key('admin', undefined, await world.environment('test'))]) {
      expect((await get(paths[0], key)).status).toBe(404);
      expect((await post(paths[1], undefined, key)).status).toBe(404);
      expect((await get('/v1/replays', key)).body.data).toEqual([]);
      expect(await post('/v1/replays', body, key)).toMatchObject({ status: 422, body: { errors: [{ pointer: '/filter/webhook_id' }] } });
    }
    const bound = await world.key('operator', 'roles');
    expect(await post('/v1/replays', { filter: { event_type: '*', tenant: 'acme' } }, bound)).toMatchObject({
      status: 403,
      body: { code: 'tenant_forbidden' },
    });
    expect((await post('/v1/replays', { filter: { event_type: '*' }, dry_run: true }, bound)).body).toMatchObject({ total: 1 });
    expect((await get(paths[0], bound)).status).toBe(200);
    for (const path of ['/v1/replays/x', `/v1/replays/${world.newId()}`]) expect((await get(path)).status).toBe(404);
  });
});

describe('recovering a webhook', () => {
  it('brings back what was skipped, and what failed if asked', async () => {
    const webhookId = await webhookWith(['skipped', 'skipped', 'failed', 'succeeded', 'cancelled']);
    const first = await post(`/v1/webhooks/${webhookId}/recover`);
    expect(first).toMatchObject({
      status: 202,
      headers: { location: `/v1/replays/${first.body.id}` },
      body: { mode: 'original', filter: { webhook_id: webhookId, status: ['skipped'] }, recovers_webhook_id: webhookId, total: 2 },
    });
    await run();
    expect((await get(`/v1/replays/${first.body.id}`)).body).toMatchObject({ status: 'done', opened: 2, already_waiting: 0, refused: 0 });
    const second = await post(`/v1/webhooks/${webhookId}/recover`, { status: ['failed'], from: '2020-01-01T00:00:00Z' });
    expect(second.body).toMatchObject({ total: 1 });
    expect(await audited(second.body.id)).toEqual([{ actor: 'admin', action: 'webhook.recovered', subject_kind: 'replay' }]);
    expect((await post(`/v1/webhooks/${webhookId}/recover`, { to: '2020-01-01T00:00:00Z' })).body).toMatchObject({ total: 0 });
  });

  it('waits until the webhook is enabled', async () => {
    const webhookId = await webhookWith(['skipped']);
    await post(`/v1/webhooks/${webhookId}/disable`);
    expect(await post(`/v1/webhooks/${webhookId}/recover`)).toMatchObject({
      status: 409,
      body: { code: 'webhook_disabled', detail: expect.stringContaining(`/v1/webhooks/${webhookId}/enable`) },
    });
    await post(`/v1/webhooks/${webhookId}/enable`);
    expect((await post(`/v1/webhooks/${webhookId}/recover`)).status).toBe(202);
  });

  it('is for a channel too, if it is its own, and so is its progress', async () => {
    const webhookId = await webhookWith(['skipped'], 'shop');
    const path = `/v1/webhooks/${webhookId}/recover`;
    const channel = await world.key('channel', 'shop');
    const { status, body } = await post(path, {}, channel);
    expect(status).toBe(202);
    expect(await get(`/v1/replays/${body.id}`, channel)).toMatchObject({ status: 200, body: { id: body.id, total: 1 } });
    expect((await post(`/v1/replays/${body.id}/cancel`, undefined, channel)).status).toBe(403);
    const stranger = await world.key('channel', 'others');
    expect((await post(path, {}, stranger)).status).toBe(404);
    expect((await get(`/v1/replays/${body.id}`, stranger)).status).toBe(404);
    for (const role of ['viewer', 'publisher'] as const) expect((await post(path, {}, await world.key(role))).status).toBe(403);
    for (const wrong of [{ status: ['succeeded'] }, { status: [] }, { from: 'x' }, { colour: 1 }, []])
      expect((await post(path, wrong, channel)).status).toBe(422);
  });
});
