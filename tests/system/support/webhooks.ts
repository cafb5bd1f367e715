// Steering the webhooks of a product and reading what became of them.
import { eventually, type Receiver } from '@posthorn/testkit';
import type { Product } from './product.js';

export type Statistics = Readonly<Record<'succeeded' | 'failed' | 'pending' | 'held' | 'skipped' | 'cancelled' | 'attempts', number>>;

export type WebhookState = {
  readonly id: string;
  readonly version: number;
  readonly status: 'active' | 'paused' | 'disabled';
  readonly disabled_reason: string | null;
  readonly circuit_state: 'closed' | 'open' | 'half_open';
  readonly circuit_failure_count: number;
  readonly circuit_opened_at: string | null;
  readonly circuit_retry_at: string | null;
  readonly statistics: Statistics;
};

export type ShownDelivery = { readonly id: string; readonly event_id: string; readonly status: string; readonly reason: string | null };

export type ShownAttempt = {
  readonly event_id: string;
  readonly attempt: number;
  readonly kind: string;
  readonly succeeded: boolean;
  readonly status_code: number | null;
  readonly error_kind: string | null;
  readonly error: string | null;
  readonly request_headers: string | null;
  readonly response_headers: string | null;
};

/** The answer's body; throws unless it is a 2xx. */
export const call = async (product: Product, method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown) => {
  const answer = await product.api.send(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.body;
};

export const readWebhook = (product: Product, id: string): Promise<WebhookState> => call(product, 'GET', `/v1/webhooks/${id}`);

/** Resolves with the webhook once it is so. */
export const untilWebhook = (
  product: Product,
  id: string,
  is: (state: WebhookState) => boolean,
  timeoutMs = 15_000,
): Promise<WebhookState> =>
  eventually(
    async () => {
      const state = await readWebhook(product, id);
      if (!is(state)) throw new Error(`the webhook is ${JSON.stringify(state)}`);
      return state;
    },
    { timeoutMs, everyMs: 50 },
  );

export const listDeliveries = async (product: Product, webhookId: string): Promise<readonly ShownDelivery[]> =>
  (await call(product, 'GET', `/v1/deliveries?webhook_id=${webhookId}&limit=200`)).data;

/** Of one delivery, oldest first, as far as it is among the webhook's newest 200. */
export const listAttempts = async (product: Product, deliveryId: string): Promise<readonly ShownAttempt[]> => {
  const [eventId, webhookId] = deliveryId.split('.');
  const { data } = await call(product, 'GET', `/v1/webhooks/${webhookId}/attempts?limit=200`);
  return data.filter((one: ShownAttempt) => one.event_id === eventId).sort((a: ShownAttempt, b: ShownAttempt) => a.attempt - b.attempt);
};

const batchEvents = 100;

/** Publishes so many events as they come from `event`, in batches; returns their ids in order. */
export const publishMany = async (product: Product, count: number, event: (index: number) => unknown): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (let first = 0; first < count; first += batchEvents) {
    const events = Array.from({ length: Math.min(batchEvents, count - first) }, (_, n) => event(first + n));
    ids.push(...(await product.api.publishBatch(events)));
  }
  return ids;
};

/**
 * Resolves when all workers know that the webhook was paused, disabled, or enabled, or that its circuit was opened: they act on a change within
 * 1 s, and until then one that has not looked yet may still send.
 */
export const untilKnown = (product: Product, webhookId: string): Promise<true> =>
  eventually(async () => {
    const sql = `select clock_timestamp() > max(at) + interval '1 s' as known from webhook_timeline where webhook_id = $1`;
    return (await product.pool.query<{ known: boolean }>(sql, [webhookId])).rows[0]?.known === true;
  });

/** The injected clock: the cool-down of an open circuit is over. */
export const endCoolDown = (product: Product, webhookId: string): Promise<unknown> =>
  product.pool.query(
    `update webhook_state set not_before = now(), circuit_retry_at = now(), changed_at = clock_timestamp()
      where webhook_id = $1 and circuit = 1`,
    [webhookId],
  );

/**
 * Resolves when everything that was due by now would have gone out: a delivery of another webhook has failed, waited for its retry and come back,
 * and the scheduler has looked at what is due many times meanwhile. For proving that something was not sent.
 */
export const untilSchedulerWentRound = async (product: Product, witness: Receiver): Promise<void> => {
  const tenant = `witness-${crypto.randomUUID()}`;
  const path = `/${tenant}`;
  await product.api.createWebhook({ url: witness.url(path), tenant, retry_schedule_s: [1] });
  await product.api.publish({ event_type: 'witness', tenant, data: 1 });
  await eventually(() => witness.received.filter((one) => one.path === path).length === 2, { timeoutMs: 20_000 });
};

/** The script of a receiver that is a witness: its first request fails, the next succeeds. */
export const failOnce = (): ((received: { readonly path: string }) => { readonly status: number }) => {
  const seen = new Set<string>();
  return ({ path }) => {
    const status = seen.has(path) ? 200 : 500;
    seen.add(path);
    return { status };
  };
};
