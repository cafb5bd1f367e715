import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { newWebhook, pastDelivery, pastEvent } from '../../tests/past.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const rows = async (text: string, ...values: unknown[]) => (await world.pool.query(text, values)).rows;
const read = async (id: string, key?: string) => world.call('GET', `/v1/deliveries/${id}`, key === undefined ? {} : { key });
const act = (id: string, action: 'retry' | 'cancel', key?: string) =>
  world.call('POST', `/v1/deliveries/${id}/${action}`, key === undefined ? {} : { key });
const audited = (id: string) => rows('select actor, action, subject_kind from audit_log where subject_id = $1 order by at', id);
const set = (webhookId: string, state: string) => rows(`update webhook_state set ${state} where webhook_id = $1`, webhookId);
type Ended = Parameters<typeof pastDelivery>[3];
const made = async (state: Ended, tenant = 'acme') => {
  const [webhookId, eventId] = [await newWebhook(world, tenant), await pastEvent(world, tenant)];
  return { webhookId, eventId, id: await pastDelivery(world, eventId, webhookId, state, tenant) };
};
const statistics = async (webhookId: string) => (await world.call('GET', `/v1/webhooks/${webhookId}`)).body.statistics;

describe('a delivery', () => {
  it('reads with its reason and the number of its attempts', async () => {
    const { id, eventId, webhookId } = await made('failed');
    expect(await read(id)).toMatchObject({
      status: 200,
      body: {
        id,
        event_id: eventId,
        webhook_id: webhookId,
        status: 'failed',
        reason: 'exhausted',
        attempts: 1,
        ended_at: expect.any(String),
      },
    });
  });

  it.each<Ended>(['succeeded', 'failed', 'skipped', 'cancelled'])(
    'that is %s waits again after a retry, and its attempts stay',
    async (state) => {
      const { id, webhookId } = await made(state);
      const { attempts } = (await read(id)).body;
      const answer = await act(id, 'retry');
      expect(answer).toMatchObject({ status: 200, body: { id, status: 'pending', reason: null, attempts, ended_at: null } });
      expect(Date.parse(answer.body.next_attempt_at)).toBeLessThanOrEqual(Date.now() + 1_000);
      expect(answer.body).toEqual((await read(id)).body);
      expect(await statistics(webhookId)).toMatchObject({ pending: 1, succeeded: 0, failed: 0, skipped: 0, cancelled: 0 });
      expect(await audited(id)).toEqual([{ actor: 'admin', action: 'delivery.retried', subject_kind: 'delivery' }]);
    },
  );

  it('that waits is due now after a retry, any number of times', async () => {
    const { id, webhookId } = await made('waiting');
    for (let times = 0; times < 3; times++) {
      const answer = await act(id, 'retry');
      expect(answer).toMatchObject({ status: 200, body: { status: 'pending' } });
      expect(Date.parse(answer.body.next_attempt_at)).toBeLessThanOrEqual(Date.now() + 1_000);
    }
    expect(await statistics(webhookId)).toMatchObject({ pending: 1 });
    expect(await rows('select lane from deliveries where webhook_id = $1', webhookId)).toEqual([{ lane: 1 }]);
  });

  it('that cannot be retried says why, and which route helps', async () => {
    const cases: readonly [Ended, string, string, RegExp][] = [
      ['waiting', 'paused_at = now()', 'webhook_paused', /\/resume$/],
      ['waiting', 'circuit = 1', 'circuit_open', /\/reset-circuit/],
      ['waiting', 'circuit = 2', 'circuit_open', /\/reset-circuit/],
      ['failed', `disabled_at = now(), disabled_reason = 'gone'`, 'webhook_disabled', /\/enable first$/],
      ['failed', 'deleted_at = now()', 'conflict', /deleted/],
    ];
    for (const [state, change, code, detail] of cases) {
      const { id, webhookId } = await made(state);
      await set(webhookId, change);
      const before = (await read(id)).body;
      expect(await act(id, 'retry')).toMatchObject({ status: 409, body: { code, detail: expect.stringMatching(detail) } });
      expect((await read(id)).body).toEqual(before);
      expect(await audited(id)).toEqual([]);
    }
  });

  it('that has ended is held after a retry while its webhook is paused or its circuit is open', async () => {
    for (const change of ['paused_at = now()', 'circuit = 1']) {
      const { id, webhookId } = await made('failed');
      await set(webhookId, change);
      expect(await act(id, 'retry')).toMatchObject({ status: 200, body: { status: 'held' } });
    }
  });

  it('that waits is cancelled, also while it is under way; one that has ended is not', async () => {
    for (const out of [false, true]) {
      const { id, webhookId } = await made('waiting');
      await rows('update deliveries set out = $2, attempt = 1 where webhook_id = $1', webhookId, out);
      expect(await act(id, 'cancel')).toMatchObject({
        status: 200,
        body: { status: 'cancelled', reason: 'cancelled_by_hand', next_attempt_at: null },
      });
      expect(await act(id, 'cancel')).toMatchObject({ status: 409, body: { code: 'conflict' } });
      expect(await statistics(webhookId)).toMatchObject({ pending: 0, cancelled: 1 });
    }
    const { id } = await made('succeeded');
    expect(await act(id, 'cancel')).toMatchObject({
      status: 409,
      body: { code: 'conflict', detail: expect.stringContaining('succeeded') },
    });
  });

  it('is acted on by admins, operators, and channels if it is theirs', async () => {
    const { id } = await made('failed', 'roles');
    for (const role of ['viewer', 'publisher'] as const)
      for (const action of ['retry', 'cancel'] as const)
        expect(await act(id, action, await world.key(role))).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    const strangers = [
      await world.key('channel', 'others'),
      await world.key('operator', 'others'),
      await world.key('admin', undefined, await world.environment('test')),
    ];
    for (const key of strangers) {
      expect((await read(id, key)).status).toBe(404);
      for (const action of ['retry', 'cancel'] as const) expect((await act(id, action, key)).status).toBe(404);
    }
    expect(await audited(id)).toEqual([]);
    expect((await read(id)).body).toMatchObject({ status: 'failed' });
    for (const key of [await world.key('channel', 'roles'), await world.key('operator')]) {
      expect((await act(id, 'retry', key)).status).toBe(200);
      expect((await act(id, 'cancel', key)).status).toBe(200);
    }
    for (const none of ['x', '%00', `x.${world.newId()}`, id.toUpperCase(), `${world.newId()}.${world.newId()}`]) {
      expect((await read(none)).status).toBe(404);
      expect((await act(none, 'retry')).status).toBe(404);
    }
  });
});

describe('erasing an event', () => {
  const erase = (id: string, key?: string) => world.call('DELETE', `/v1/events/${id}`, key === undefined ? {} : { key });

  it('leaves nothing of its content, cancels what waits, and can be done again', async () => {
    const { eventId, webhookId } = await made('succeeded');
    const waits = await pastDelivery(world, eventId, await newWebhook(world), 'waiting');
    for (let times = 0; times < 2; times++) expect(await erase(eventId)).toMatchObject({ status: 204, text: '' });
    expect((await world.call('GET', `/v1/events/${eventId}`)).body).toMatchObject({
      id: eventId,
      data: null,
      current_context: null,
      resources: null,
    });
    expect((await read(waits)).body).toMatchObject({ status: 'cancelled', reason: 'erased' });
    const { text } = await world.call('GET', `/v1/webhooks/${webhookId}/attempts`);
    expect(text).not.toMatch(/private|authorization/);
    expect(await act(waits, 'retry')).toMatchObject({ status: 409, body: { code: 'conflict', detail: expect.stringContaining('erased') } });
    expect(await audited(eventId)).toEqual(Array(2).fill({ actor: 'admin', action: 'event.erased', subject_kind: 'event' }));
  });

  it('is for admins alone, and for those of its environment and tenant', async () => {
    const id = await pastEvent(world, 'roles');
    for (const key of [
      await world.key('operator'),
      await world.key('viewer'),
      await world.key('publisher'),
      await world.key('channel', 'roles'),
    ])
      expect(await erase(id, key)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    for (const key of [await world.key('admin', 'others'), await world.key('admin', undefined, await world.environment('test'))])
      expect((await erase(id, key)).status).toBe(404);
    for (const none of ['x', world.newId()]) expect((await erase(none)).status).toBe(404);
    expect((await world.call('GET', `/v1/events/${id}`)).body).toMatchObject({ data: { secret: 1 } });
    expect((await erase(id, await world.key('admin', 'roles'))).status).toBe(204);
  });
});
