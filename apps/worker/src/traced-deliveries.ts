// The trace of an event goes on in the worker: a span of its fan-out, and in it one of each attempt. What is made later, by the scheduler's
// chunks or after another worker, has a trace of its own that is linked to the first: hours may lie between. An event without a trace makes none.
import type { LoadedEvent } from '@posthorn/db';
import type { QueueLocation } from '@posthorn/queue';
import type { SpanFacts, SpanStart, TraceSpan, Traces } from '@posthorn/telemetry';
import { type Attempt, type AttemptDependencies, type Attempted, type MadeAttempt, makeAttempt } from './attempt.js';
import type { DispatchDependencies } from './dispatch-job.js';
import type { DispatchOutcome } from './dispatch-summary.js';

export type Tracing = {
  readonly traces: Traces;
  readonly queue: QueueLocation['kind'];
  /** Whether requests to endpoints name their trace. */
  readonly tellsEndpoints: boolean;
};

const processing = (event: LoadedEvent, queue: QueueLocation['kind'], dispatchId?: string): SpanStart => ({
  name: 'process deliveries',
  kind: 'consumer',
  facts: {
    'messaging.system': queue === 'redis' ? 'bullmq' : 'postgresql',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'deliveries',
    'messaging.message.id': event.id,
    'messaging.message.body.size': event.data.length,
    'webhook.event.type': event.eventType,
    'posthorn.dispatch.id': dispatchId,
  },
});

/** The event as those find it who work within the span. */
const within = (event: LoadedEvent, { traceparent }: TraceSpan): LoadedEvent => ({ ...event, traceparent: traceparent ?? null });

const failed: ReadonlySet<DispatchOutcome> = new Set(['lost', 'set_aside', 'broken']);

/** What one dispatch is handled with, traced; to be made for each. */
export const traceDispatch = ({ traces, queue }: Tracing, dependencies: DispatchDependencies): DispatchDependencies => {
  let spans: readonly TraceSpan[] = [];
  return {
    ...dependencies,
    claim: async (ref) => {
      const begun: TraceSpan[] = [];
      const events = (await dependencies.claim(ref)).map((event) => {
        const { traceparent } = event;
        if (typeof traceparent !== 'string') return event;
        const before = ref.claim === 0 ? { parent: traceparent } : { link: traceparent };
        const span = traces.begin({ ...processing(event, queue, ref.id), ...before });
        begun.push(span);
        return within(event, span);
      });
      spans = begun;
      return events;
    },
    onEnded: (summary) => {
      const { outcome } = summary;
      for (const span of spans) span.end({ 'posthorn.dispatch.outcome': outcome }, failed.has(outcome) ? outcome : undefined);
      const traceIds = new Set(spans.map(({ traceId }) => traceId));
      const [traceId] = traceIds;
      dependencies.onEnded(
        traceIds.size === 1 && spans.length === summary.events && traceId !== undefined ? { ...summary, traceId } : summary,
      );
    },
  };
};

/** An attempt of a chunk, in a trace of its own. */
export const traceLeased =
  ({ traces, queue }: Tracing, make: (attempt: Attempt) => Promise<Attempted>) =>
  async (attempt: Attempt): Promise<Attempted> => {
    const { event } = attempt;
    if (typeof event.traceparent !== 'string') return make(attempt);
    const span = traces.begin({ ...processing(event, queue), link: event.traceparent });
    const attempted = await make({ ...attempt, event: within(event, span) });
    // What was not sent is no attempt.
    if (attempted !== null) span.end();
    return attempted;
  };

/** Where it goes, without user, password, query and fragment. */
const placeOf = (url: string): SpanFacts => {
  const { protocol, hostname, port, origin, pathname } = new URL(url);
  return {
    'server.address': hostname,
    'server.port': port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    'url.full': `${origin}${pathname}`,
  };
};

const attemptFacts = ({ event, webhook, n, kind }: Attempt): SpanFacts => ({
  'http.request.method': 'POST',
  'http.request.resend_count': n > 1 ? n - 1 : undefined,
  ...placeOf(webhook.url),
  'cloudevents.event_id': event.id,
  'cloudevents.event_type': event.eventType,
  'webhook.endpoint.id': webhook.id,
  'webhook.attempt.number': n,
  'webhook.attempt.kind': kind,
});

const failureOf = ({ outcome }: MadeAttempt): string | undefined => {
  if (outcome.kind === 'error') return outcome.errorKind;
  return outcome.statusCode >= 400 ? String(outcome.statusCode) : undefined;
};

/** `makeAttempt`, with a span from before the breaker to the answer. The endpoint is told of it only if it is to be. */
export const createTracedAttempts =
  ({ traces, tellsEndpoints }: Tracing): typeof makeAttempt =>
  async (attempt, isNew, dependencies) => {
    const parent = attempt.event.traceparent;
    if (typeof parent !== 'string') return makeAttempt(attempt, isNew, dependencies);
    const span = traces.begin({ name: 'POST', kind: 'client', parent, facts: attemptFacts(attempt) });
    const onAttempt: AttemptDependencies['onAttempt'] = (made) => {
      const { outcome, verdict } = made;
      span.end({ 'http.response.status_code': outcome.statusCode ?? undefined, 'webhook.outcome': verdict }, failureOf(made));
      dependencies.onAttempt(made);
    };
    const told = tellsEndpoints ? { ...attempt, traceparent: span.traceparent } : attempt;
    return makeAttempt(told, isNew, { ...dependencies, onAttempt });
  };
