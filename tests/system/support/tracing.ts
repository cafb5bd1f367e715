// Publishing within a trace of one's own, and finding what a collector got of it.
import { randomBytes } from 'node:crypto';
import { eventually } from '@posthorn/testkit';
import type { CollectedSpan, TraceCollector } from './trace-collector.js';

export type OwnTrace = { readonly traceId: string; readonly spanId: string; readonly traceparent: string };

/** The trace of a producer, which it has recorded or not. */
export const newTrace = (isRecorded = true): OwnTrace => {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${isRecorded ? '01' : '00'}` };
};

/** The spans that have to do with an event: those of its trace, and of the traces that are linked to it; in the order of their steps. */
export const spansAbout = (collector: TraceCollector, traceId: string): readonly CollectedSpan[] => {
  const all = collector.spans();
  const traceIds = new Set([
    traceId,
    ...all.filter(({ links }) => links.some((link) => link.startsWith(traceId))).map((span) => span.traceId),
  ]);
  return all.filter((span) => traceIds.has(span.traceId)).sort(byStep);
};

/** The same, once there are so many. */
export const untilSpansAbout = async (collector: TraceCollector, traceId: string, count: number): Promise<readonly CollectedSpan[]> => {
  await eventually(() => spansAbout(collector, traceId).length >= count, { timeoutMs: 30_000 });
  return spansAbout(collector, traceId);
};

const steps = ['server', 'producer', 'consumer', 'client'];
const byStep = (a: CollectedSpan, b: CollectedSpan): number => steps.indexOf(a.kind) - steps.indexOf(b.kind);
