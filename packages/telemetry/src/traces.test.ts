import { describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace';
import type { TraceSampler, Traces } from './traces.js';
import { createTraces } from './traces-on.js';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const unsampled = traceparent.replace(/01$/, '00');

/** What was sent of the spans that `work` made. */
const spansOf = async (work: (traces: Traces) => void, sampler: TraceSampler = 'parentbased_always_on', sampleRatio = 1) => {
  const exporter = new InMemorySpanExporter();
  let sent: readonly ReadableSpan[] = [];
  const shutdown = exporter.shutdown.bind(exporter);
  // It forgets everything when it is shut down.
  exporter.shutdown = () => {
    sent = [...exporter.getFinishedSpans()];
    return shutdown();
  };
  const onError = (error: unknown): void => {
    throw error;
  };
  const traces = createTraces({ serviceName: 'posthorn', sampler, sampleRatio, role: 'api', exporter, onError });
  work(traces);
  await traces.stop();
  return sent;
};

describe('a trace', () => {
  it('goes on where its caller was, and from one span to the next; a stop sends what is left', async () => {
    const [request, sending] = await spansOf((traces) => {
      const first = traces.begin({ name: 'POST /v1/events', kind: 'server', parent: traceparent });
      const second = traces.begin({
        name: 'send deliveries',
        kind: 'producer',
        parent: first.traceparent,
        facts: { a: 1, none: undefined },
      });
      expect(second.traceId).toBe(traceparent.split('-')[1]);
      first.end();
      second.end({ b: 'x' }, 'timeout');
    });
    expect(request).toMatchObject({ name: 'POST /v1/events', kind: 1, parentSpanContext: { spanId: 'b7ad6b7169203331' } });
    expect(request?.resource.attributes).toMatchObject({ 'service.name': 'posthorn', 'posthorn.role': 'api' });
    expect(sending?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
    expect(sending).toMatchObject({ kind: 3, attributes: { a: 1, b: 'x', 'error.type': 'timeout' }, status: { code: 2 } });
    expect(sending?.attributes).not.toHaveProperty('none');
  });

  it.each(['', 'nonsense', '00-0-0-01', `${traceparent}\r\nx: y`])('begins anew where the caller sends %p', async (parent) => {
    const [span] = await spansOf((traces) => traces.begin({ name: 'a', kind: 'server', parent }).end());
    expect(span?.parentSpanContext).toBeUndefined();
  });

  it('of its own, linked to the one that it follows from, is recorded if that one was', async () => {
    const begin = (link: string) => (traces: Traces) => traces.begin({ name: 'a', kind: 'consumer', link }).end();
    const [span] = await spansOf(begin(traceparent), 'parentbased_traceidratio', 0);
    expect(span?.links).toEqual([{ context: expect.objectContaining({ spanId: 'b7ad6b7169203331' }) }]);
    expect(span?.spanContext().traceId).not.toBe(traceparent.split('-')[1]);
    expect(await spansOf(begin(unsampled), 'parentbased_traceidratio', 0)).toEqual([]);
  });

  it.each<[TraceSampler, number, number]>([
    ['always_on', 0, 2],
    ['always_off', 1, 0],
    ['traceidratio', 0, 0],
    ['traceidratio', 1, 2],
    ['parentbased_always_on', 0, 1],
    ['parentbased_always_off', 1, 0],
    ['parentbased_traceidratio', 1, 1],
  ])('is recorded as %s with %p says, or as its caller decided', async (sampler, ratio, count) => {
    const work = (traces: Traces): void => {
      const one = traces.begin({ name: 'a', kind: 'server' });
      if (one.traceparent === undefined) expect(one.traceId).toBeUndefined();
      one.end();
      traces.begin({ name: 'b', kind: 'server', parent: unsampled }).end();
    };
    expect(await spansOf(work, sampler, ratio)).toHaveLength(count);
  });

  it('has no secret in what strangers had a part in, and nothing without bounds', async () => {
    const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
    const [span] = await spansOf((traces) =>
      traces.begin({ name: 'a', kind: 'client', facts: { url: `https://a/${secret}`, long: 'x'.repeat(5_000) } }).end({ again: secret }),
    );
    expect(JSON.stringify(span?.attributes)).not.toContain(secret);
    expect(String(span?.attributes.long)).toHaveLength(1_024);
  });
});
