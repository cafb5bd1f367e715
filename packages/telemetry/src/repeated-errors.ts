// Errors that come again and again while something is away: the first is logged at once, then one line for all of a while.
import type { LogEvent, LogFacts } from './log-catalogue.js';
import type { Logger } from './logger.js';

const quietMs = 10_000;

/** What stands in the line of an error beside the error and how often it came. */
type ErrorFacts<E extends LogEvent<'error'>> = Omit<LogFacts<E>, 'err' | 'repeated'>;

export type ErrorLog = <E extends LogEvent<'error'>>(
  event: E,
  error: unknown,
  ...facts: keyof ErrorFacts<E> extends never ? [] : [ErrorFacts<E>]
) => void;

/** Logs an error under an event name; the facts stand in the line. What was not logged is counted in the next line (`repeated`). */
export const createErrorLog = (logger: Logger): ErrorLog => {
  const last = new Map<string, { loggedAt: number; repeated: number }>();
  return (event, error, ...[given]) => {
    const facts: { readonly doing?: unknown } = given ?? {};
    const key = `${event} ${String(facts.doing ?? '')}`;
    const now = performance.now();
    const known = last.get(key);
    if (known !== undefined && now - known.loggedAt < quietMs) {
      known.repeated += 1;
      return;
    }
    const repeated = known !== undefined && known.repeated > 0 && { repeated: known.repeated };
    logger.error({ err: error, ...facts, ...repeated } as LogFacts<typeof event>, event);
    last.set(key, { loggedAt: now, repeated: 0 });
  };
};
