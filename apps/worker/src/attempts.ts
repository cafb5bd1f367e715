// The attempts of a worker: sent through its egress seam, judged by its breakers, counted as they end, and traced where somebody traces.
import type { BreakerRegistry } from '@posthorn/breaker';
import { type Attempt, makeAttempt } from './attempt.js';
import { createAttemptMetrics } from './attempt-metrics.js';
import type { InlineDelivery } from './deliver-inline.js';
import type { DeliveringOptions } from './delivering.js';
import { createTracedAttempts, traceLeased } from './traced-deliveries.js';

/** How attempts are made: through the breakers and the egress seam, counted as they end. */
export const createAttempts = ({ egress, clock, metrics, tracing }: DeliveringOptions, fire: BreakerRegistry['fire']) => {
  const dependencies = {
    send: egress.send,
    fire,
    nowMs: clock.nowMs,
    random: Math.random,
    ...createAttemptMetrics(metrics),
  };
  const make = tracing === null ? makeAttempt : createTracedAttempts(tracing);
  const leased = (attempt: Attempt) => make(attempt, false, dependencies);
  return {
    first: ({ event, webhook, n, epoch, mayWrite }: InlineDelivery) =>
      make(
        {
          event,
          webhook,
          n,
          kind: 'first',
          failures: 0,
          shape: webhook.version,
          body: webhook.sender().shape,
          epoch,
          replay: false,
          mayWrite,
        },
        true,
        dependencies,
      ),
    leased: tracing === null ? leased : traceLeased(tracing, leased),
  };
};
