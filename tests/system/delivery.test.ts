// What arrives at an endpoint: the producer's bytes in the envelope, signed; for every webhook that was there before the event, and for no
// other; however slow another endpoint is.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startReceiver } from '@posthorn/testkit';
import { Webhook } from 'standardwebhooks';
import { inParallel } from './support/api-client.js';
import { type Product, startProduct } from './support/product.js';
import { readTallies, recount, untilSettled } from './support/truth.js';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
}, 90_000);
afterAll(() => product?.stop());

// Each of these is changed by JSON.parse and JSON.stringify.
const data = String.raw`{"n":12345678901234567890,"f":1.0,"b":1,"a":2,"a":3,"s":"\u0000\ud800"}`;
const context = String.raw`{ "z" : 1e2, "é": "\/", "a":-0 }`;

describe('the bytes', () => {
  it('arrive as they were published, in the four keys of the envelope, under a signature that verifies', async () => {
    const { api } = product;
    const receiver = await startReceiver();
    const { secret } = await api.createWebhook({ url: receiver.url('/bytes'), event_types: ['bytes.*'] });
    const event = `{"data": ${data} ,"event_type":"bytes.sent","current_context":${context},"event_time":"2025-01-31T12:00:00+01:00"}`;
    const id = await api.publish(event);
    const other = await api.publish('{"event_type":"bytes.sent","data":null}');
    const received = await receiver.waitFor(2);
    const bodyOf = (eventId: string) => received.find((one) => one.headers['webhook-id'] === eventId)?.body.toString('utf8') ?? '';
    expect(bodyOf(id)).toBe(
      `{"event_time":"2025-01-31T11:00:00.000Z","event_type":"bytes.sent","current_context":${context},"data":${data}}`,
    );
    expect(Object.keys(JSON.parse(bodyOf(other)))).toEqual(['event_time', 'event_type', 'current_context', 'data']);
    expect(JSON.parse(bodyOf(other))).toMatchObject({ event_type: 'bytes.sent', current_context: null, data: null });
    for (const one of received) {
      expect(() => new Webhook(secret).verify(one.body, one.headers)).not.toThrow();
      expect(() => new Webhook(secret).verify(Buffer.concat([one.body, Buffer.from(' ')]), one.headers)).toThrow();
      expect(one.headers).toMatchObject({
        'content-type': 'application/json',
        'posthorn-event-type': 'bytes.sent',
        'posthorn-attempt': '1',
      });
    }
    const read = await api.get(`/v1/events/${id}`);
    expect(read.text).toContain(`"current_context":${context},"data":${data}`);
    await receiver.stop();
  });

  it('are the same in a batch, in every attempt, and under the same webhook-id', async () => {
    const { api } = product;
    const receiver = await startReceiver({ answer: (_, index) => (index === 0 ? { status: 500 } : {}) });
    await api.createWebhook({ url: receiver.url(), event_types: ['again'], retry_schedule_s: [1] });
    const answer = await api.send('POST', '/v1/events/batch', `{"events":[ {"event_type":"again","data":${data}}]}`);
    const [first, second] = await receiver.waitFor(2);
    expect(first?.body.toString('utf8')).toContain(`"data":${data}}`);
    expect(second?.body).toEqual(first?.body);
    expect([first?.headers['webhook-id'], second?.headers['webhook-id']]).toEqual([answer.body.data[0].id, answer.body.data[0].id]);
    expect(second?.headers['posthorn-attempt']).toBe('2');
    await receiver.stop();
  });
});

describe('the webhooks of an event', () => {
  it('are those that were made before it was accepted, to the moment, and none that was made after', async () => {
    const { api, pool } = product;
    const receiver = await startReceiver();
    const rounds = 100;
    const late: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const type = `round.r${round}`;
      await api.publish({ event_type: type, data: 'before the webhook' });
      await api.createWebhook({ url: receiver.url(`/${round}`), event_types: [type] });
      late.push(await api.publish({ event_type: type, data: 'after the webhook' }));
    }
    await receiver.waitFor(rounds, 20_000);
    await untilSettled(pool, 20_000);
    const arrived = receiver.received.map((one) => `${one.path} ${one.headers['webhook-id']}`);
    expect(arrived.sort()).toEqual(late.map((id, round) => `/${round} ${id}`).sort());
    await receiver.stop();
  }, 60_000);

  it('get it in their own tenant alone', async () => {
    const { api, pool } = product;
    const receiver = await startReceiver();
    for (const tenant of ['acme', 'globex']) await api.createWebhook({ url: receiver.url(`/${tenant}`), tenant });
    await api.publish({ event_type: 'tenant.made', tenant: 'acme', data: 1 });
    await api.publish({ event_type: 'tenant.made', tenant: 'globex', data: 2 });
    await api.publish({ event_type: 'tenant.made', tenant: 'initech', data: 3 });
    await receiver.waitFor(2);
    await untilSettled(pool, 20_000);
    expect(receiver.received.map((one) => [one.path, JSON.parse(one.body.toString()).data]).sort()).toEqual([
      ['/acme', 1],
      ['/globex', 2],
    ]);
    await receiver.stop();
  });
});

describe('an endpoint that never answers', () => {
  it('costs the others nothing: they get everything once, while its own deliveries wait', async () => {
    const { api, pool } = product;
    const good = await startReceiver();
    const hanging = await startReceiver({ answer: { hang: true } });
    const events = 500;
    const { id: hangingId } = await api.createWebhook({ url: hanging.url(), event_types: ['slow.*'], timeout_ms: 5_000 });
    await api.createWebhook({ url: good.url(), event_types: ['slow.*'] });
    const ids = await inParallel(events, 16, (index) => api.publish({ event_type: 'slow.sent', data: index }));
    await good.waitFor(events, 20_000);
    expect(good.received.map((one) => one.headers['webhook-id']).sort()).toEqual([...ids].sort());
    const { body } = await api.get(`/v1/webhooks/${hangingId}`);
    expect(body.statistics.succeeded).toBe(0);
    // Its endpoint comes back: everything that waited arrives, at the latest when the circuit's next probe is due.
    hanging.answer({});
    await untilProbed(hangingId);
    expect(new Set(hanging.received.map((one) => one.headers['webhook-id']))).toEqual(new Set(ids));
    expect(good.count()).toBe(events);
    expect(await readTallies(pool)).toEqual(await recount(pool));
    await Promise.all([good.stop(), hanging.stop()]);
  }, 90_000);
});

/** Waits for what still hangs to fail, then makes the webhook's retries and its probe due now. */
async function untilProbed(webhookId: string): Promise<void> {
  const { pool } = product;
  const hurry = async () => {
    await pool.query('update deliveries set due_at = now() where status = 0 and not out and webhook_id = $1 and due_at > now()', [
      webhookId,
    ]);
    await pool.query(
      'update webhook_state set due_at = now(), not_before = now(), changed_at = clock_timestamp() where webhook_id = $1 and circuit = 1',
      [webhookId],
    );
  };
  const timer = setInterval(() => void hurry(), 500);
  try {
    await untilSettled(pool, 60_000);
  } finally {
    clearInterval(timer);
  }
}
