// What follows from an attempt. Pure: the clock and the random number come in, the decision goes out as data.
// An endpoint's misbehaviour is an outcome, never an exception.
import type { Reason } from './reasons.js';
import { retryAfterMs } from './retry-after.js';
import type { ErrorKind } from './statuses.js';

/** What an attempt saw. A response counts only with complete headers; `retryAfter` is that header as it came. */
export type AttemptOutcome =
  | { readonly kind: 'response'; readonly statusCode: number; readonly retryAfter: string | null }
  | { readonly kind: 'error'; readonly errorKind: ErrorKind };

export type FailedReason = Extract<Reason, 'exhausted' | 'rejected' | 'blocked_address'>;

/**
 * What follows. `holdWebhookMs`: the endpoint asked (429 with `Retry-After`) that nothing be sent to it for so long, so the whole webhook
 * waits; it may come with the last failure too. `disableWebhook`: the endpoint said that it is gone (410).
 */
export type Verdict =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'retry'; readonly delayMs: number; readonly holdWebhookMs?: number }
  | { readonly kind: 'failed'; readonly reason: FailedReason; readonly disableWebhook?: 'gone'; readonly holdWebhookMs?: number };

/** Delays before the 2nd, 3rd … 10th attempt, in seconds. */
export const defaultRetryScheduleS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;
/** Each delay is spread by ± this share. */
export const retryJitter = 0.2;
/** The longest `Retry-After` that is obeyed. */
export const retryAfterMaxMs = 24 * 3_600_000;

export type RetryPolicy = { readonly retryScheduleS: readonly number[] };

/**
 * Judges an attempt. `failuresBefore` counts the failed attempts of the delivery's present schedule before this one, `random` is in [0, 1).
 * A `Retry-After` (of 429 and 503) can only make the delay longer than the schedule says.
 */
export function judge(outcome: AttemptOutcome, failuresBefore: number, policy: RetryPolicy, nowMs: number, random: number): Verdict {
  if (outcome.kind === 'response' && outcome.statusCode >= 200 && outcome.statusCode <= 299) return { kind: 'succeeded' };
  // It was we who ended it: nothing is known of the endpoint, and nothing of its schedule is used up.
  if (isCutOff(outcome)) return { kind: 'retry', delayMs: 0 };
  if (outcome.kind === 'response' && outcome.statusCode === 410) return { kind: 'failed', reason: 'rejected', disableWebhook: 'gone' };
  const askedMs = askedDelayMs(outcome, nowMs);
  const hold = askedMs !== null && outcome.kind === 'response' && outcome.statusCode === 429 ? { holdWebhookMs: askedMs } : {};
  const scheduledS = policy.retryScheduleS[failuresBefore];
  if (scheduledS === undefined) return { kind: 'failed', reason: lastReason(outcome), ...hold };
  const scheduledMs = Math.round(scheduledS * 1000 * (1 - retryJitter + 2 * retryJitter * random));
  return { kind: 'retry', delayMs: Math.max(scheduledMs, askedMs ?? 0), ...hold };
}

/**
 * Whether an attempt enters the circuit at all (`foldFlush`): every one does, except 429 with `Retry-After`, whose endpoint is alive and says
 * when, and what our own stop cut off. A probe that does not count leaves the circuit as it is.
 */
export function countsForCircuit(outcome: AttemptOutcome, verdict: Verdict): boolean {
  const asksToWait = verdict.kind !== 'succeeded' && verdict.holdWebhookMs !== undefined;
  return !isCutOff(outcome) && !(outcome.kind === 'response' && outcome.statusCode === 429 && asksToWait);
}

const isCutOff = (outcome: AttemptOutcome): boolean => outcome.kind === 'error' && outcome.errorKind === 'cut_off';

function askedDelayMs(outcome: AttemptOutcome, nowMs: number): number | null {
  if (outcome.kind === 'error' || outcome.retryAfter === null) return null;
  if (outcome.statusCode !== 429 && outcome.statusCode !== 503) return null;
  const asked = retryAfterMs(outcome.retryAfter, nowMs);
  return asked === null ? null : Math.min(asked, retryAfterMaxMs);
}

/** A blocked address is tried again like any error, because a name can be repaired; the last failure says what it was. */
function lastReason(outcome: AttemptOutcome): FailedReason {
  return outcome.kind === 'error' && outcome.errorKind === 'blocked' ? 'blocked_address' : 'exhausted';
}
