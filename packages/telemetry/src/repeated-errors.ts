// Errors that come again and again while something is away: the first is logged at once, then one line for all of a while.
import type { Logger } from './logger.js';

const quietMs = 10_000;

/** Logs an error under an event name; `facts` stand in the line. What was not logged is counted in the next line (`repeated`). */
export const createErrorLog = (logger: Logger): ((event: string, error: unknown, facts?: Readonly<Record<string, unknown>>) => void) => {
  const last = new Map<string, { loggedAt: number; repeated: number }>();
  return (event, error, facts = {}) => {
    const key = `${event} ${String(facts.doing ?? '')}`;
    const now = performance.now();
    const known = last.get(key);
    if (known !== undefined && now - known.loggedAt < quietMs) {
      known.repeated += 1;
      return;
    }
    logger.error({ err: error, ...facts, ...(known !== undefined && known.repeated > 0 && { repeated: known.repeated }) }, event);
    last.set(key, { loggedAt: now, repeated: 0 });
  };
};
