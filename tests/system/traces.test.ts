// Traces over all processes: from the producer's own trace over the request and the fan-out to each attempt, at a real collector.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, type Receiver, startReceiver } from '@posthorn/testkit';
import { type Product, startProduct } from './support/product.js';
import { type CollectedSpan, startTraceCollector, type TraceCollector } from './support/trace-collector.js';
import { newTrace, spansAbout, untilSpansAbout } from './support/tracing.js';

let product: Product;
let receiver: Receiver;
let collector: TraceCollector;
const canary = 'c4n4ry';

beforeAll(async () => {
  collector = await startTraceCollector();
  receiver = await startReceiver();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin, OTEL_EXPORTER_OTLP_HEADERS: `x-collector=${canary}`, LOG_LEVEL: 'debug' };
  product = await startProduct({ workers: 1, env });
}, 90_000);
afterAll(async () => {
  await product?.stop();
  await Promise.all([receiver?.stop(), collector?.stop()]);
}, 60_000);

const publishTraced = async (eventType: string, traceparent: string, api = product.api): Promise<string> => {
  const answer = await api.send('POST', '/v1/events', { event_type: eventType, data: { canary } }, { traceparent });
  expect(answer.status).toBe(202);
  return answer.body.id;
};

const makeWebhook = (eventType: string) =>
  product.api.createWebhook({
    url: `${receiver.url('/hook')}?token=${canary}`,
    event_types: [eventType],
    retry_schedule_s: [1],
    authentication: { type: 'bearer', token: canary },
  });

const spansOf = (traceId: string): readonly CollectedSpan[] => spansAbout(collector, traceId);
const waitForSpans = (traceId: string, count: number) => untilSpansAbout(collector, traceId, count);

describe('the trace of an event', () => {
  it('goes from the producer over request, fan-out and attempt; a retry has its own, linked to it', async () => {
    receiver.answer((_received, index) => ({ status: index === 0 ? 500 : 200 }));
    const webhook = await makeWebhook('traced.retried');
    const own = newTrace();
    const eventId = await publishTraced('traced.retried', own.traceparent);
    const spans = await waitForSpans(own.traceId, 6);
    const [request, sending, processing, first, ...more] = spans.filter(({ traceId }) => traceId === own.traceId);
    expect(more).toEqual([]);
    expect(request).toMatchObject({ name: 'POST /v1/events', kind: 'server', role: 'api', parentSpanId: own.spanId, links: [] });
    expect(request?.attributes).toMatchObject({ 'http.route': '/v1/events', 'http.response.status_code': 202 });
    expect(sending).toMatchObject({ name: 'send deliveries', kind: 'producer', role: 'api', parentSpanId: request?.spanId });
    expect(sending?.attributes).toMatchObject({ 'messaging.system': 'bullmq', 'messaging.message.id': eventId });
    expect(processing).toMatchObject({
      name: 'process deliveries',
      kind: 'consumer',
      role: 'worker',
      parentSpanId: sending?.spanId,
      links: [],
    });
    expect(first).toMatchObject({ name: 'POST', kind: 'client', role: 'worker', parentSpanId: processing?.spanId, isFailed: true });
    expect(first?.attributes).toMatchObject({
      'url.full': `${receiver.origin}/hook`,
      'server.port': receiver.port,
      'http.response.status_code': 500,
      'error.type': '500',
      'cloudevents.event_id': eventId,
      'webhook.endpoint.id': webhook.id,
      'webhook.attempt.number': 1,
      'webhook.outcome': 'retry',
    });

    const [again, second] = spans.filter(({ traceId }) => traceId !== own.traceId);
    expect(again).toMatchObject({ kind: 'consumer', parentSpanId: '', links: [`${own.traceId} ${sending?.spanId}`] });
    expect(second).toMatchObject({ kind: 'client', traceId: again?.traceId, parentSpanId: again?.spanId, isFailed: false });
    expect(second?.attributes).toMatchObject({
      'http.request.resend_count': 1,
      'webhook.attempt.number': 2,
      'webhook.outcome': 'succeeded',
    });
  }, 90_000);

  it('stands in the lines of the log', async () => {
    const own = newTrace();
    await publishTraced('traced.logged', own.traceparent);
    const linesWith = (output: string): readonly unknown[] =>
      output
        .split('\n')
        .filter((line) => line.includes(own.traceId))
        .map((line) => (JSON.parse(line) as { msg: unknown }).msg);
    await eventually(() => linesWith(product.workers[0]?.output() ?? '').length > 0, { timeoutMs: 20_000 });
    expect(linesWith(product.apiProcess.output())).toEqual(['request.answered']);
    expect(linesWith(product.workers[0]?.output() ?? '')).toEqual(['dispatch.ended']);
  }, 60_000);

  it('is no business of those who have no key', async () => {
    const own = newTrace();
    const answer = await product.api.send('POST', '/v1/events', {}, { traceparent: own.traceparent, authorization: 'Bearer nobody' });
    expect(answer.status).toBe(401);
    const after = newTrace();
    await publishTraced('traced.known', after.traceparent);
    await waitForSpans(after.traceId, 3);
    expect(spansOf(own.traceId)).toEqual([]);
  }, 60_000);

  it('is none where the API does not trace, and nothing is kept of it', async () => {
    const { client } = await product.startApi({ OTEL_EXPORTER_OTLP_ENDPOINT: '' });
    await makeWebhook('traced.off');
    receiver.clear();
    const [off, on] = [newTrace(), newTrace()];
    const id = await publishTraced('traced.off', off.traceparent, client);
    await receiver.waitFor(1);
    expect((await product.pool.query('select traceparent from events where id = $1', [id])).rows).toEqual([{ traceparent: null }]);
    // What comes after it is there, so it would be.
    await publishTraced('traced.off', on.traceparent);
    await waitForSpans(on.traceId, 4);
    expect(spansOf(off.traceId)).toEqual([]);
    expect(collector.spans().filter(({ attributes }) => attributes['messaging.message.id'] === id)).toEqual([]);
  }, 60_000);

  it('is not told to endpoints, and tells the collector no secret', () => {
    expect(receiver.received.length).toBeGreaterThan(0);
    for (const { headers } of receiver.received) expect(headers).not.toHaveProperty('traceparent');
    expect(collector.received.every(({ headers }) => headers['x-collector'] === canary)).toBe(true);
    for (const { body } of collector.received) expect(body.toString()).not.toMatch(/c4n4ry|whsec_|ph_test_/);
  });

  // The last: it ends the processes.
  it('is whole when the processes are stopped', async () => {
    receiver.clear();
    const own = newTrace();
    await makeWebhook('traced.stopped');
    const id = await publishTraced('traced.stopped', own.traceparent);
    // Not one that an earlier test left: the processes are stopped as soon as it is there.
    await eventually(() => receiver.received.some(({ headers }) => headers['webhook-id'] === id));
    const ends = await Promise.all([product.apiProcess, ...product.workers].map((one) => one.kill('SIGTERM')));
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    expect(
      spansOf(own.traceId)
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['client', 'consumer', 'producer', 'server']);
  }, 60_000);
});
