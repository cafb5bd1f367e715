// The trace of an event from the beginning: a span of its request, where the producer's own trace goes on, and in it one of what is committed.
// Only requests that were let in make spans, so that strangers cannot fill a collector.
import { ProblemError } from '@posthorn/core';
import type { PreparedEvent } from '@posthorn/db';
import type { QueueLocation } from '@posthorn/queue';
import type { SpanFacts, TraceSpan, Traces } from '@posthorn/telemetry';
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Its span; null or absent: it is not traced. */
    trace?: TraceSpan | null;
  }
}

/** The trace of a request as a fact of its log lines; nothing if it is not traced. */
export const traceIdOf = ({ trace }: Pick<FastifyRequest, 'trace'>): { readonly trace_id?: string } =>
  trace?.traceId === undefined ? {} : { trace_id: trace.traceId };

/** Begins a span for each request of this scope, and ends it with the answer. */
export const traceRequests = (app: FastifyInstance, traces: Traces): void => {
  app.decorateRequest('trace', null);
  app.addHook('onRequest', (request, _reply, done) => {
    const { method, headers } = request;
    const route = request.routeOptions.url ?? '';
    request.trace = traces.begin({
      name: `${method} ${route}`,
      kind: 'server',
      parent: typeof headers.traceparent === 'string' ? headers.traceparent : undefined,
      facts: { 'http.request.method': method, 'http.route': route, 'posthorn.request_id': request.id },
    });
    done();
  });
  app.addHook('onResponse', (request, { statusCode }, done) => {
    request.trace?.end({ 'http.response.status_code': statusCode }, statusCode >= 500 ? String(statusCode) : undefined);
    done();
  });
};

/** How events are accepted: `accept` gets them with the trace that goes on. */
export type Sending = <T>(
  request: FastifyRequest,
  events: readonly PreparedEvent[],
  accept: (events: readonly PreparedEvent[]) => Promise<T>,
  factsOf?: (accepted: T) => SpanFacts,
) => Promise<T>;

/** As they are. */
export const untracedSending: Sending = (_request, events, accept) => accept(events);

/** Within a span of what is committed, which is the one that is kept with the events. */
export const createSending =
  (traces: Traces, queue: QueueLocation['kind']): Sending =>
  async (request, events, accept, factsOf = () => ({})) => {
    if (request.trace?.traceparent === undefined || events.length === 0) return accept(events);
    const span = traces.begin({
      name: 'send deliveries',
      kind: 'producer',
      parent: request.trace.traceparent,
      facts: {
        'messaging.system': queue === 'redis' ? 'bullmq' : 'postgresql',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'deliveries',
        'messaging.batch.message_count': events.length,
      },
    });
    const { traceparent } = span;
    try {
      const accepted = await accept(traceparent === undefined ? events : events.map((event) => ({ ...event, traceparent })));
      span.end(factsOf(accepted));
      return accepted;
    } catch (error) {
      span.end({}, error instanceof ProblemError ? error.code : 'internal');
      throw error;
    }
  };
