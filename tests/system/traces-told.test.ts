// Traces where the queue lives in Postgres and endpoints are told: of batches, retries and probes, and what stands in the requests.
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, type Received, type Receiver, startReceiver } from '@posthorn/testkit';
import { type Product, startProduct } from './support/product.js';
import { type CollectedSpan, startTraceCollector, type TraceCollector } from './support/trace-collector.js';
import { newTrace, type OwnTrace, spansAbout, untilSpansAbout } from './support/tracing.js';
import { endCoolDown, untilKnown, untilWebhook } from './support/webhooks.js';

let product: Product;
let receiver: Receiver;
let collector: TraceCollector;

beforeAll(async () => {
  [collector, receiver] = await Promise.all([startTraceCollector(), startReceiver()]);
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin, POSTHORN_TRACE_ENDPOINTS: 'true' };
  product = await startProduct({ workers: 1, queue: 'postgres', env });
}, 90_000);
afterAll(async () => {
  await product?.stop();
  await Promise.all([receiver?.stop(), collector?.stop()]);
}, 60_000);

const publishIn = async ({ traceparent }: OwnTrace, eventType: string, data: unknown = 1, api = product.api): Promise<string> => {
  const answer = await api.send('POST', '/v1/events', { event_type: eventType, data }, { traceparent });
  expect(answer.status).toBe(202);
  return answer.body.id;
};
const makeWebhook = (eventType: string, more: object = {}): Promise<{ readonly id: string; readonly secret: string }> =>
  product.api.createWebhook({ url: receiver.url(`/${eventType}`), event_types: [eventType], ...more });
const received = (path: string): readonly Received[] => receiver.received.filter((one) => one.path === `/${path}`);
const toldBy = ({ traceId, spanId }: CollectedSpan): string => `00-${traceId}-${spanId}-01`;
const ofKind = (spans: readonly CollectedSpan[], kind: CollectedSpan['kind']) => spans.filter((span) => span.kind === kind);

describe('the trace of a batch', () => {
  it('is one, of a request and a commit, with a fan-out and an attempt for each of its events', async () => {
    await makeWebhook('told.batch');
    const own = newTrace();
    const events = [1, 2, 3].map((data) => ({ event_type: 'told.batch', data }));
    const answer = await product.api.send('POST', '/v1/events/batch', { events }, { traceparent: own.traceparent });
    expect(answer.status).toBe(202);
    const ids = answer.body.data.map(({ id }: { id: string }) => id);
    const spans = await untilSpansAbout(collector, own.traceId, 8);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([own.traceId]));
    expect(spans.flatMap(({ links }) => links)).toEqual([]);
    const [request, sending, ...rest] = spans;
    expect(request).toMatchObject({ name: 'POST /v1/events/batch', kind: 'server', parentSpanId: own.spanId });
    expect(sending).toMatchObject({
      name: 'send deliveries',
      parentSpanId: request?.spanId,
      attributes: { 'messaging.system': 'postgresql', 'messaging.batch.message_count': 3 },
    });
    const [processing, attempts] = [ofKind(rest, 'consumer'), ofKind(rest, 'client')];
    expect([processing.length, attempts.length]).toEqual([3, 3]);
    expect(processing.map(({ parentSpanId }) => parentSpanId)).toEqual([sending?.spanId, sending?.spanId, sending?.spanId]);
    expect(processing.map(({ attributes }) => attributes['messaging.message.id']).sort()).toEqual([...ids].sort());
    // Each attempt within the fan-out of its own event, and its endpoint told of just this attempt.
    for (const { spanId, attributes } of processing) {
      const eventId = attributes['messaging.message.id'];
      const attempt = attempts.find(({ parentSpanId }) => parentSpanId === spanId);
      expect(attempt?.attributes['cloudevents.event_id']).toBe(eventId);
      const request = received('told.batch').find(({ headers }) => headers['webhook-id'] === eventId);
      expect(request?.headers.traceparent).toBe(attempt && toldBy(attempt));
    }
  }, 60_000);
});

describe('the trace of what comes later', () => {
  /** What followed an event later: an attempt in a trace of its own, which is linked to the commit of the event. */
  const laterOf = (spans: readonly CollectedSpan[], own: OwnTrace): CollectedSpan | undefined => {
    const sent = spans.find(({ traceId, kind }) => traceId === own.traceId && kind === 'producer');
    const [processing, ...more] = spans.filter(({ traceId, kind }) => traceId !== own.traceId && kind === 'consumer');
    expect(more).toEqual([]);
    expect(processing).toMatchObject({ parentSpanId: '', links: [`${own.traceId} ${sent?.spanId}`] });
    return spans.find(({ traceId, parentSpanId }) => traceId === processing?.traceId && parentSpanId === processing.spanId);
  };
  const toldWith = (eventId: string): readonly (string | undefined)[] =>
    received('told.later')
      .filter(({ headers }) => headers['webhook-id'] === eventId)
      .map(({ headers }) => headers.traceparent);

  it('is linked to that of the event, for a retry and for a probe, which endpoints are told of', async () => {
    let isBroken = true;
    receiver.answer(() => ({ status: isBroken ? 500 : 200 }));
    const { id } = await makeWebhook('told.later', { retry_schedule_s: [1, 3600], circuit_threshold: 2 });
    const [opening, held] = [newTrace(), newTrace()];
    const openingId = await publishIn(opening, 'told.later');
    await untilWebhook(product, id, ({ circuit_state: circuit }) => circuit === 'open', 30_000);
    const spans = await untilSpansAbout(collector, opening.traceId, 6);
    const first = spans.find(({ traceId, kind }) => traceId === opening.traceId && kind === 'client');
    const retry = laterOf(spans, opening);
    expect(retry?.attributes).toMatchObject({ 'webhook.attempt.number': 2, 'webhook.attempt.kind': 'retry' });
    expect(toldWith(openingId)).toEqual([first && toldBy(first), retry && toldBy(retry)]);

    await untilKnown(product, id);
    const heldId = await publishIn(held, 'told.later');
    await untilWebhook(product, id, ({ statistics }) => statistics.held === 2);
    isBroken = false;
    await endCoolDown(product, id);
    await untilWebhook(product, id, ({ circuit_state: circuit }) => circuit === 'closed', 30_000);
    // Its fan-out made no attempt: the probe did.
    const probed = await untilSpansAbout(collector, held.traceId, 5);
    const probe = laterOf(probed, held);
    expect(probe?.attributes).toMatchObject({ 'webhook.attempt.kind': 'probe', 'webhook.outcome': 'succeeded' });
    expect(ofKind(probed, 'client')).toEqual([probe]);
    expect(toldWith(heldId)).toEqual([probe && toldBy(probe)]);
    receiver.answer({});
  }, 90_000);
});

describe('what endpoints are told', () => {
  it('changes nothing that is signed, and is shown with the attempt', async () => {
    const { id, secret } = await makeWebhook('told.signed');
    const own = newTrace();
    const eventId = await publishIn(own, 'told.signed', { n: 1 });
    const attempt = ofKind(await untilSpansAbout(collector, own.traceId, 4), 'client')[0];
    const [request] = received('told.signed');
    const { 'webhook-timestamp': at = '', 'webhook-signature': signature = '' } = request?.headers ?? {};
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    const signed = createHmac('sha256', key).update(`${eventId}.${at}.${request?.body}`).digest('base64');
    expect(signature).toBe(`v1,${signed}`);
    expect(request?.body.toString()).not.toContain(own.traceId);
    expect(request?.headers.traceparent).toBe(attempt && toldBy(attempt));
    await untilWebhook(product, id, ({ statistics }) => statistics.succeeded === 1);
    const { data } = (await product.api.get(`/v1/webhooks/${id}/attempts`)).body;
    expect(data[0].request_headers).toContain(`traceparent: ${request?.headers.traceparent}\n`);
  }, 60_000);

  it('is nothing of events that nobody traces, and nothing over what the webhook says itself', async () => {
    await makeWebhook('told.nothing');
    await makeWebhook('told.own', { headers: { Traceparent: 'mine' } });
    const { client } = await product.startApi({ OTEL_EXPORTER_OTLP_ENDPOINT: '' });
    const [untraced, unrecorded, traced] = [newTrace(), newTrace(false), newTrace()];
    await publishIn(untraced, 'told.nothing', 1, client);
    await publishIn(unrecorded, 'told.nothing', 2);
    await publishIn(traced, 'told.own');
    await untilSpansAbout(collector, traced.traceId, 4);
    expect(received('told.own').map(({ headers }) => headers.traceparent)).toEqual(['mine']);
    await eventually(() => received('told.nothing').length === 2);
    expect(received('told.nothing').map(({ headers }) => Object.keys(headers).includes('traceparent'))).toEqual([false, false]);
    expect([...spansAbout(collector, untraced.traceId), ...spansAbout(collector, unrecorded.traceId)]).toEqual([]);
  }, 60_000);
});
