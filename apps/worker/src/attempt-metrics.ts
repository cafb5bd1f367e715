// Attempts as metrics: what followed, what came back, how long its parts took, and how long the delivery took as a whole.
import type { Metrics } from '@posthorn/telemetry';
import type { AttemptDependencies, MadeAttempt } from './attempt.js';

const outcomes = ['succeeded', 'retry', 'failed'] as const;
const phases = { dnsMs: 'dns', connectMs: 'connect', tlsMs: 'tls', firstByteMs: 'first_byte' } as const;
const phaseNames = Object.keys(phases) as (keyof typeof phases)[];

const answerOf = ({ outcome }: MadeAttempt): string =>
  outcome.kind === 'response' ? `${Math.floor(outcome.statusCode / 100)}xx` : outcome.errorKind;

/** Deliveries that somebody opened again count from then on, so they tell nothing of the way of an event. */
const isOfEvent = ({ attempt }: MadeAttempt): boolean => !attempt.replay && attempt.kind !== 'manual' && attempt.kind !== 'replay';

/** What to do when an attempt was made, or was not. */
export const createAttemptMetrics = (metrics: Metrics): Pick<AttemptDependencies, 'onAttempt' | 'onUnsent'> => {
  // Labels are looked up by their text, which costs more than counting.
  const counters = new Map<string, { inc: () => void }>();
  const phaseHistograms = phaseNames.map((name) => [name, metrics.attemptPhaseSeconds.labels({ phase: phases[name] })] as const);
  const counterOf = (outcome: (typeof outcomes)[number], answer: string) => {
    const key = `${outcome} ${answer}`;
    let counter = counters.get(key);
    if (counter === undefined) {
      counter = metrics.attempts.labels({ outcome, answer });
      counters.set(key, counter);
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
