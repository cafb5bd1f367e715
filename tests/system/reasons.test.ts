// Every reason of the closed list, brought about through API and worker as it happens in life, and explained: the reason, the clause, what was
// asked for and what was there instead, in a sentence. A reason without a case fails.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Reason, reasons } from '@posthorn/core';
import { expireDeliveries } from '@posthorn/db';
import { type Answer, eventually, freePort, type Received, type Receiver, startReceiver } from '@posthorn/testkit';
import { type Product, startProduct } from './support/product.js';

let product: Product;
let receiver: Receiver;
let refusedPort: number;

const answerOf = ({ path }: Received): Answer => {
  if (path === '/hang') return { hang: true };
  if (path === '/patience') return { status: 429, headers: { 'retry-after': '3600' } };
  return { status: Number(path.slice(1)) || 200 };
};

beforeAll(async () => {
  receiver = await startReceiver({ answer: answerOf });
  refusedPort = await freePort();
  // One port alone: a name may be written down whatever it leads to, and is refused when it is called.
  product = await startProduct({ env: { POSTHORN_EGRESS_ALLOW: `127.0.0.1/32:${receiver.port}` } });
}, 90_000);
afterAll(async () => {
  await receiver?.stop();
  await product?.stop();
}, 60_000);

type Explained = {
  readonly outcome: string;
  readonly reason: Reason | null;
  readonly sentence: string;
  readonly what_helps: string | null;
  readonly steps: readonly { readonly step: Reason; readonly passed: boolean | null }[];
  readonly [field: string]: unknown;
};
type Pair = { readonly event: string; readonly webhook: string };

const explained = async ({ event, webhook }: Pair): Promise<Explained> => {
  const { status, body, text } = await product.api.get(`/v1/events/${event}/explain?webhook_id=${webhook}`);
  if (status !== 200) throw new Error(text);
  return body;
};

const untilExplained = (pair: Pair, outcome: string, reason: Reason | null): Promise<Explained> =>
  eventually(
    async () => {
      const found = await explained(pair);
      if (found.outcome !== outcome || found.reason !== reason) throw new Error(JSON.stringify(found));
      return found;
    },
    { timeoutMs: 20_000, everyMs: 100 },
  );

/** Each case is a tenant of its own. */
const makeWebhook = async (tenant: string, fields: Readonly<Record<string, unknown>> = {}, path = '/200') =>
  (await product.api.createWebhook({ tenant, url: receiver.url(path), ...fields })).id;
const publish = (tenant: string, fields: Readonly<Record<string, unknown>> = {}) =>
  product.api.publish({ tenant, event_type: 'order.placed', data: { total: 42 }, ...fields });
const call = async (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<void> => {
  const { status, text } = await product.api.send(method, path, body);
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
};

/** An event for a webhook that was made before it. */
const pairOf = async (tenant: string, webhookFields = {}, eventFields = {}, path = '/200'): Promise<Pair> => {
  const webhook = await makeWebhook(tenant, webhookFields, path);
  return { webhook, event: await publish(tenant, eventFields) };
};

/** A delivery that waits at a paused webhook. */
const heldPair = async (tenant: string): Promise<Pair> => {
  const webhook = await makeWebhook(tenant);
  await call('POST', `/v1/webhooks/${webhook}/pause`);
  const pair = { webhook, event: await publish(tenant) };
  await untilExplained(pair, 'held', 'webhook_paused');
  return pair;
};

const anHour = 3600;
const aTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

type Case = {
  readonly make: () => Promise<Pair>;
  readonly outcome: string;
  readonly clause?: string;
  readonly expected?: unknown;
  readonly value?: unknown;
};

const cases: Readonly<Record<Reason, Case>> = {
  tenant: {
    make: async () => ({ webhook: await makeWebhook('one'), event: await publish('another') }),
    outcome: 'not_delivered',
    expected: 'one',
    value: 'another',
  },
  created_later: {
    make: async () => {
      const event = await publish('later');
      return { event, webhook: await makeWebhook('later') };
    },
    outcome: 'not_delivered',
    expected: aTime,
    value: aTime,
  },
  webhook_disabled: {
    make: async () => {
      const webhook = await makeWebhook('disabled');
      await call('POST', `/v1/webhooks/${webhook}/disable`);
      return { webhook, event: await publish('disabled') };
    },
    outcome: 'skipped',
    value: expect.objectContaining({ attempts: 0, disabled_reason: 'by_hand', disabled_at: aTime }),
  },
  webhook_paused: { make: () => heldPair('paused'), outcome: 'held', value: { paused_at: aTime } },
  event_type: {
    make: () => pairOf('type', { event_types: ['order.shipped', 'invoice.*'] }),
    outcome: 'not_delivered',
    expected: ['order.shipped', 'invoice.*'],
    value: 'order.placed',
  },
  project_flow: {
    make: () => pairOf('flow', { project_flows: ['north'] }, { project_flow: 'south' }),
    outcome: 'not_delivered',
    expected: ['north'],
    value: ['south'],
  },
  context: {
    make: () => pairOf('context', { context: { survey: '', group: '7' } }, { current_context: { group: 7 } }),
    outcome: 'not_delivered',
    clause: '/group',
    expected: '7',
    value: 7,
  },
  filter: {
    make: () => pairOf('filter', { filter: { data: { total: { $gte: 100 } } } }),
    outcome: 'not_delivered',
    clause: '/data/total/$gte',
    expected: 100,
    value: 42,
  },
  circuit_open: {
    make: () => pairOf('circuit', { circuit_threshold: 1, retry_schedule_s: [anHour] }, {}, '/500'),
    outcome: 'held',
    expected: 'closed',
    value: { circuit_state: 'open', circuit_failure_count: 1, circuit_opened_at: aTime, circuit_retry_at: aTime },
  },
  rate_limited: {
    make: async () => {
      const { webhook, event } = await pairOf('rate', { rate_limit: { max: 1, per_seconds: anHour } });
      await untilExplained({ webhook, event }, 'delivered', null);
      return { webhook, event: await publish('rate') };
    },
    outcome: 'waiting',
    expected: { max: 1, per_seconds: anHour },
    value: { asked_by_endpoint: false, until: aTime },
  },
  in_flight_limit: {
    make: async () => {
      const webhook = await makeWebhook('behind', { max_in_flight: 1, timeout_ms: 30_000 }, '/hang');
      for (let n = 1; n < 5; n++) await publish('behind');
      return { webhook, event: await publish('behind') };
    },
    outcome: 'waiting',
    expected: 1,
    value: { position: expect.any(Number) },
  },
  retry_waiting: {
    make: () => pairOf('retry', { retry_schedule_s: [anHour] }, {}, '/503'),
    outcome: 'waiting',
    expected: { attempts_max: 2 },
    value: { attempt: 2, due_at: aTime, last_status_code: 503, last_error_kind: null, last_error: null },
  },
  exhausted: {
    make: () => pairOf('exhausted', { retry_schedule_s: [1] }, {}, '/500'),
    outcome: 'failed',
    expected: { attempts_max: 2 },
    value: expect.objectContaining({ attempts: 2, last_status_code: 500, ended_at: aTime }),
  },
  rejected: {
    make: () => pairOf('rejected', {}, {}, '/410'),
    outcome: 'failed',
    value: expect.objectContaining({ attempts: 1, last_status_code: 410 }),
  },
  blocked_address: {
    make: () => pairOf('blocked', { url: `http://localhost:${refusedPort}/`, retry_schedule_s: [] }),
    outcome: 'failed',
    value: expect.objectContaining({ last_status_code: null, last_error_kind: 'blocked', last_error: expect.any(String) }),
  },
  webhook_deleted: {
    make: async () => {
      const pair = await heldPair('deleted');
      await call('DELETE', `/v1/webhooks/${pair.webhook}`);
      return pair;
    },
    outcome: 'cancelled',
    value: expect.objectContaining({ attempts: 0, deleted_at: aTime, ended_at: aTime }),
  },
  cancelled_by_hand: {
    make: async () => {
      const pair = await heldPair('cancelled');
      await call('POST', `/v1/deliveries/${pair.event}.${pair.webhook}/cancel`);
      return pair;
    },
    outcome: 'cancelled',
    value: expect.objectContaining({ ended_at: aTime }),
  },
  expired: {
    make: async () => {
      const pair = await heldPair('expired');
      // What retention does with what is older than it keeps: here, than the next event.
      await expireDeliveries(product.pool, await publish('after'), 1000, 0);
      return pair;
    },
    outcome: 'failed',
    value: expect.objectContaining({ attempts: 0, ended_at: aTime }),
  },
  erased: {
    make: async () => {
      const pair = await heldPair('erased');
      await call('DELETE', `/v1/events/${pair.event}`);
      return pair;
    },
    outcome: 'cancelled',
    value: expect.objectContaining({ ended_at: aTime }),
  },
};

describe('every reason', () => {
  it.each(reasons)(
    'is brought about and explained: %s',
    async (reason) => {
      const { make, outcome, clause = null, expected = null, value = null } = cases[reason];
      const found = await untilExplained(await make(), outcome, reason);
      expect(found).toMatchObject({ clause, expected, value, sentence: expect.stringMatching(/^[A-Z].{10,}\.$/) });
      expect(found.what_helps).toEqual(expect.any(String));
      expect(found.steps.map(({ step }) => step).sort()).toEqual([...reasons].sort());
      expect(found.steps.filter(({ passed }) => passed === false).map(({ step }) => step)).toEqual([reason]);
    },
    30_000,
  );
});

describe('explain', () => {
  it('says of an event that was delivered that it was, and that all went well', async () => {
    const pair = await pairOf('fine');
    const found = await untilExplained(pair, 'delivered', null);
    expect(found).toMatchObject({ clause: null, delivery: { id: `${pair.event}.${pair.webhook}`, status: 'succeeded', attempts: 1 } });
    expect(found.sentence).toMatch(/^The endpoint accepted it with 200 at /);
  });

  it('says how long an endpoint that answered 429 asked to be left alone', async () => {
    const first = await pairOf('patience', { retry_schedule_s: [1] }, {}, '/patience');
    const found = await untilExplained(first, 'waiting', 'rate_limited');
    expect(found.value).toEqual({ asked_by_endpoint: true, until: aTime });
    const second = { webhook: first.webhook, event: await publish('patience') };
    expect((await untilExplained(second, 'waiting', 'rate_limited')).value).toEqual(found.value);
  });

  it('speaks of the time of the event: what was changed afterwards does not change why', async () => {
    const pair = await pairOf('history', { filter: { data: { total: 1 } } });
    await untilExplained(pair, 'not_delivered', 'filter');
    await call('PATCH', `/v1/webhooks/${pair.webhook}`, { filter: null });
    expect(await explained(pair)).toMatchObject({
      reason: 'filter',
      clause: '/data/total',
      value: 42,
      as_of: { webhook_version: 1, at: aTime, from_history: true },
    });
    const next = { webhook: pair.webhook, event: await publish('history') };
    await untilExplained(next, 'delivered', null);
    await call('DELETE', `/v1/webhooks/${pair.webhook}`);
    expect(await explained(pair)).toMatchObject({ reason: 'filter' });
    expect(await explained({ ...pair, event: await publish('history') })).toMatchObject({ reason: 'webhook_deleted' });
  });

  it('has an answer for all webhooks of the tenant, and for an event that is not published', async () => {
    const [wanting, other] = [await makeWebhook('all'), await makeWebhook('all', { event_types: ['other'] })];
    const event = await publish('all');
    await untilExplained({ event, webhook: wanting }, 'delivered', null);
    const all = (await product.api.get(`/v1/events/${event}/explain`)).body.data;
    expect(all.map((each: Explained) => [each.webhook_id, each.outcome, each.reason])).toEqual([
      [other, 'not_delivered', 'event_type'],
      [wanting, 'delivered', null],
    ]);
    const dry = await product.api.send('POST', '/v1/explain', { event: { tenant: 'all', event_type: 'other', data: 1 } });
    expect(dry.body.data.map((each: Explained) => [each.webhook_id, each.outcome])).toEqual([
      [other, 'will_be_delivered'],
      [wanting, 'will_be_delivered'],
    ]);
  });
});
