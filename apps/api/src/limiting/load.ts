// Whether the process keeps up: a timer that comes late says how long everything else waits. Only what the process computed meanwhile counts: on a
// machine that is busy with others' work, refusing ours would help nobody. A single pause, such as a collection of garbage, is no load either, so
// it judges by a moving average; and what it once refused it takes again only when it is calm.
import { limits } from '../limits.js';

export type Load = {
  /** Whether requests are to be refused. */
  readonly isTooHigh: () => boolean;
  /** The moving average in ms. */
  readonly lagMs: () => number;
  readonly stop: () => void;
};

/** What is known of the lag. */
export type Lag = { readonly averageMs: number; readonly isTooHigh: boolean };

const looksAveraged = 4;

export const calm: Lag = { averageMs: 0, isTooHigh: false };

/** What follows from a look that came so late. */
export const nextLag = (lag: Lag, lateMs: number): Lag => {
  const averageMs = lag.averageMs + (Math.max(lateMs, 0) - lag.averageMs) / looksAveraged;
  return { averageMs, isTooHigh: averageMs > (lag.isTooHigh ? limits.loopLagMsCalm : limits.loopLagMsMax) };
};

export const watchLoad = (): Load => {
  let lag = calm;
  let lookedAtMs = performance.now();
  let cpu = process.cpuUsage();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const { user, system } = process.cpuUsage(cpu);
    lag = nextLag(lag, Math.min(nowMs - lookedAtMs - limits.loopLookMs, (user + system) / 1_000));
    lookedAtMs = nowMs;
    cpu = process.cpuUsage();
  }, limits.loopLookMs);
  timer.unref();
  return { isTooHigh: () => lag.isTooHigh, lagMs: () => lag.averageMs, stop: () => clearInterval(timer) };
};
