// Attempts as metrics: what followed, what came back, how long its parts took, and how long the delivery took as a whole.
import type { Metrics } from '@posthorn/telemetry';
import type { AttemptDependencies, MadeAttempt } from './attempt.js';

type Counted = { readonly inc: () => void };

const phases = { dnsMs: 'dns', connectMs: 'connect', tlsMs: 'tls', firstByteMs: 'first_byte' } as const;
const phaseNames = Object.keys(phases) as (keyof typeof phases)[];

const classes = ['', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;
const answerOf = ({ outcome }: MadeAttempt): string =>
  outcome.kind === 'response' ? (classes[Math.floor(outcome.statusCode / 100)] ?? '5xx') : outcome.errorKind;

/** Deliveries that somebody opened again count from then on, so they tell nothing of the way of an event. */
const isOfEvent = ({ attempt }: MadeAttempt): boolean => !attempt.replay && attempt.kind !== 'manual' && attempt.kind !== 'replay';

/** What to do when an attempt was made, or was not. */
export const createAttemptMetrics = (metrics: Metrics): Pick<AttemptDependencies, 'onAttempt' | 'onUnsent'> => {
  // Labels are looked up by their text, which costs more than counting.
  const counters = { succeeded: new Map<string, Counted>(), retry: new Map<string, Counted>(), failed: new Map<string, Counted>() };
  const phaseHistograms = phaseNames.map((name) => [name, metrics.attemptPhaseSeconds.labels({ phase: phases[name] })] as const);
  const counterOf = (outcome: keyof typeof counters, answer: string): Counted => {
    let counter = counters[outcome].get(answer);
    if (counter === undefined) {
      counter = metrics.attempts.labels({ outcome, answer });
      counters[outcome].set(answer, counter);
    }
    return counter;
  };
  return {
    onAttempt: (made) => {
      const { outcome, verdict, attempt, startedAtMs } = made;
      counterOf(verdict, answerOf(made)).inc();
      metrics.attemptSeconds.observe(outcome.durationMs / 1_000);
      for (const [name, histogram] of phaseHistograms) {
        const tookMs = outcome.phases[name];
        if (tookMs !== null) histogram.observe(tookMs / 1_000);
      }
      if (verdict === 'succeeded' && isOfEvent(made))
        metrics.deliverySeconds.observe(Math.max(0, startedAtMs + outcome.durationMs - attempt.event.acceptedAtMs) / 1_000);
    },
    onUnsent: (reason) => metrics.attemptsUnsent.inc({ reason }),
  };
};
