// The live stream: who sees what, what is told once, and how one comes back after a break.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createLiveTeller, type LiveMessage, type LiveTeller } from '@posthorn/db';
import { eventually } from '@posthorn/testkit';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { newWebhook, pastDelivery, pastEvent } from '../../tests/past.js';

type Told = { readonly id: string; readonly event: string; readonly data: ReturnType<typeof JSON.parse> };
type Stream = {
  readonly status: number;
  readonly told: Told[];
  readonly headers: Headers;
  readonly close: () => void;
  readonly ended: Promise<void>;
};

let world: ApiWorld;
let teller: LiveTeller;
const open: Stream[] = [];
beforeAll(async () => {
  world = await createApiWorld();
  teller = createLiveTeller(world.pool, () => undefined);
  teller.start();
});
afterEach(() => {
  for (const { close } of open.splice(0)) close();
});
afterAll(async () => {
  teller.stop();
  await world.close();
});

const messagesIn = (text: string): readonly Told[] =>
  text
    .split('\n\n')
    .slice(0, -1)
    .map((block) => Object.fromEntries(block.split('\n').map((line) => line.split(/:\s?([\s\S]*)/) as [string, string])))
    .filter(({ data }) => data !== undefined)
    .map(({ id = '', event = '', data = 'null' }) => ({ id, event, data: JSON.parse(data) }));

const follow = async (
  query = '',
  { key = world.admin, lastId }: { readonly key?: string; readonly lastId?: string } = {},
): Promise<Stream> => {
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${key}`, ...(lastId !== undefined && { 'last-event-id': lastId }) };
  const answer = await fetch(`${world.origin}/v1/stream${query}`, { headers, signal: stop.signal });
  const told: Told[] = [];
  const read = async (): Promise<void> => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const bytes of answer.body ?? []) {
      text += decoder.decode(bytes, { stream: true });
      const end = text.lastIndexOf('\n\n') + 2;
      if (end < 2) continue;
      told.push(...messagesIn(text.slice(0, end)));
      text = text.slice(end);
    }
  };
  const stream = { status: answer.status, told, headers: answer.headers, close: () => stop.abort(), ended: read().catch(() => undefined) };
  open.push(stream);
  return stream;
};
const isLive = () => eventually(() => teller.isLive(), { timeoutMs: 15_000 });

let turn = 0;
const attempt = (facts: object = {}, environmentId = world.environmentId): LiveMessage => ({
  ...{
    kind: 'attempt',
    environment_id: environmentId,
    tenant_id: null,
    event_id: `e${++turn}`,
    webhook_id: 'w',
    event_type: 'a',
    attempt: 1,
  },
  ...{
    attempt_kind: 'first',
    ok: true,
    status_code: 200,
    error_kind: null,
    duration_ms: 3,
    started_at_ms: 1_700_000_000_000,
    status: 1,
    gated: false,
  },
  ...facts,
});
const idsIn = ({ told }: Stream): readonly string[] => told.filter(({ event }) => event === 'attempt').map(({ data }) => data.event_id);
/** Tells, and waits until the last of them has arrived. */
const tell = async (stream: Stream, ...messages: readonly LiveMessage[]): Promise<void> => {
  for (const message of messages) teller.tell(message);
  const last = messages.at(-1)?.event_id;
  await eventually(() => idsIn(stream).includes(String(last)), { timeoutMs: 10_000 });
};

describe('the stream', () => {
  it('tells of attempts, of accepted events and of what is switched, as they happen', async () => {
    const stream = await follow();
    expect([stream.status, stream.headers.get('content-type'), stream.headers.get('x-request-id')]).toEqual([
      200,
      expect.stringContaining('text/event-stream'),
      expect.any(String),
    ]);
    await isLive();
    const message = attempt();
    await tell(stream, message);
    const { data, id } = stream.told.find(({ event }) => event === 'attempt') ?? { data: null, id: '' };
    expect(data).toEqual({
      ...{
        tenant_id: null,
        event_id: message.event_id,
        webhook_id: 'w',
        event_type: 'a',
        attempt: 1,
        attempt_kind: 'first',
        ok: true,
        status_code: 200,
      },
      ...{ error_kind: null, duration_ms: 3, started_at: '2023-11-14T22:13:20.000Z', status: 'succeeded' },
    });
    expect(id).toMatch(/\.\d+$/);

    const webhookId = await newWebhook(world, 'live');
    await world.call('POST', `/v1/webhooks/${webhookId}/pause`);
    const paused = {
      tenant_id: await world.tenantId('live'),
      webhook_id: webhookId,
      circuit_state: 'closed',
      is_paused: true,
      is_active: true,
    };
    await eventually(() => stream.told.some(({ event, data }) => event === 'circuit' && data.is_paused && data.webhook_id === webhookId), {
      timeoutMs: 10_000,
    });
    expect(stream.told.filter(({ event, data }) => event === 'circuit' && data.is_paused).map(({ data }) => data)).toEqual([paused]);

    const published = await eventually(
      async () => {
        const { body } = await world.call('POST', '/v1/events', {
          body: { event_type: 'order.placed', data: 1, id: `s${crypto.randomUUID()}` },
        });
        return stream.told.some(({ event }) => event === 'event') ? body.id : undefined;
      },
      { timeoutMs: 15_000 },
    );
    const told = await eventually(() => stream.told.find(({ event, data }) => event === 'event' && data.event_id === published)?.data);
    const source = expect.stringMatching(/^s[0-9a-f-]{36}$/);
    expect(told).toEqual({
      ...{ tenant_id: await world.tenantId('default'), event_id: published, event_type: 'order.placed', source_id: source },
    });

    const deliveryId = await pastDelivery(world, await pastEvent(world, 'live'), webhookId, 'waiting', 'live');
    await world.call('POST', `/v1/deliveries/${deliveryId}/cancel`);
    await world.call('POST', `/v1/deliveries/${deliveryId}/retry`);
    const ofDelivery = () => stream.told.filter(({ event }) => event === 'delivery').map(({ data }) => data);
    await eventually(() => ofDelivery().length === 2);
    const [event_id, webhook_id] = deliveryId.split('.');
    const place = { tenant_id: await world.tenantId('live'), event_id, webhook_id, event_type: 'order.placed' };
    expect(ofDelivery()).toEqual([
      { ...place, status: 'cancelled', reason: 'cancelled_by_hand' },
      { ...place, status: 'held', reason: 'webhook_paused' },
    ]);
  }, 60_000);

  it('shows each key what is in its reach, and what it asks for', async () => {
    const [all, own, narrow, kinds] = [
      await follow(),
      await follow('', { key: await world.key('viewer', 'tenant-a') }),
      await follow(`?webhook_id=${'0'.repeat(8)}-0000-7000-8000-000000000000`),
      await follow('?kinds=circuit'),
    ];
    await isLive();
    const [ours, foreign, elsewhere] = [
      attempt({ tenant_id: await world.tenantId('tenant-a') }),
      attempt({ tenant_id: await world.tenantId('tenant-b') }),
      attempt({}, await world.environment('test')),
    ];
    const last = attempt({ webhook_id: '00000000-0000-7000-8000-000000000000' });
    await tell(all, ours, foreign, elsewhere, last);
    expect(idsIn(all)).toEqual([ours.event_id, foreign.event_id, last.event_id]);
    await eventually(() => idsIn(own).length > 1);
    expect(idsIn(own)).toEqual([ours.event_id, last.event_id]);
    await eventually(() => idsIn(narrow).length > 0);
    expect([idsIn(narrow), idsIn(kinds)]).toEqual([[last.event_id], []]);
  }, 30_000);

  it('goes on after a break, and says so where it cannot', async () => {
    const first = await follow();
    await isLive();
    await tell(first, attempt(), attempt());
    const lastId = first.told.at(-1)?.id ?? '';
    first.close();
    await first.ended;
    const other = await follow();
    const [missed, next] = [attempt(), attempt()];
    await tell(other, missed);
    const back = await follow('', { lastId });
    await tell(back, next);
    expect(idsIn(back)).toEqual([missed.event_id, next.event_id]);
    for (const unknown of ['x', `${lastId}0000`, 'another-process.1']) {
      const lost = await follow('', { lastId: unknown });
      await eventually(() => lost.told.length > 0);
      expect(lost.told[0]).toMatchObject({ event: 'reset', data: {} });
    }
  }, 30_000);

  it('says how many were not told when there are too many', async () => {
    const stream = await follow();
    await isLive();
    for (let i = 0; i < 1_500; i++) teller.tell(attempt());
    await eventually(() => stream.told.some(({ event }) => event === 'dropped'), { timeoutMs: 15_000 });
    const dropped = () => stream.told.filter(({ event }) => event === 'dropped').reduce((sum, { data }) => sum + data.count, 0);
    await eventually(() => dropped() + idsIn(stream).length >= 1_500);
    expect(dropped() + idsIn(stream).length).toBe(1_500);
  }, 30_000);

  it('ends when its key is revoked', async () => {
    const key = await world.key('viewer');
    const stream = await follow('', { key });
    const { rows } = await world.pool.query<{ id: string }>(`select id from api_keys order by created_at desc limit 1`);
    await world.call('DELETE', `/v1/api-keys/${rows[0]?.id}`);
    await stream.ended;
    expect((await follow('', { key })).status).toBe(401);
  }, 30_000);

  it.each(['kinds=colour', 'webhook_id=x', 'colour=red', 'event_id='])('refuses ?%s', async (query) => {
    expect(await world.call('GET', `/v1/stream?${query}`)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });
});
