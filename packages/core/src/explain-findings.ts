// What explain can find, each as one sentence for a person, with the clause, what stands there, and the value that it met.
import { aheadMax, type ExplainedDelivery, type ExplainFacts } from './explain-facts.js';
import { explainWords } from './explain-words.js';
import type { NoMatch } from './match.js';
import type { Reason } from './reasons.js';

/**
 * `fan_out_waiting`: the event is not matched yet; reason and sentence say what would come of it now. `will_be_delivered`: nothing stands in the
 * way. `held` and `waiting`: it goes out later. `not_delivered`: there is no delivery.
 */
export const explainOutcomes = [
  'delivered',
  'under_way',
  'will_be_delivered',
  'held',
  'waiting',
  'failed',
  'skipped',
  'cancelled',
  'not_delivered',
  'fan_out_waiting',
] as const;
export type ExplainOutcome = (typeof explainOutcomes)[number];

/** `clause` points into the webhook's context or filter; `expected` is what the webhook asks for, `value` what there is instead. */
export type Finding = {
  readonly outcome: ExplainOutcome;
  readonly reason: Reason | null;
  readonly clause: string | null;
  readonly expected: unknown;
  readonly value: unknown;
  readonly sentence: string;
};

/** Everything that can be found. */
export const findings = {
  aboutToEnd,
  circuitNotClosed,
  createdLater,
  deletedThen,
  delivered,
  disabled,
  ended,
  erasedUnsent,
  missed,
  otherTenant,
  paused,
  queuedUp,
  rateLimited,
  retryWaiting,
  underWay,
  unknownWhy,
  willBeDelivered,
} as const;

const { at, cut, missSentence, shortened, time, timeOrNull } = explainWords;

type Facts = Omit<Finding, 'outcome' | 'reason' | 'sentence'>;
const nothing: Facts = { clause: null, expected: null, value: null };

const found = (outcome: ExplainOutcome, reason: Reason | null, sentence: string, facts: Partial<Facts> = {}): Finding => {
  const { clause, expected, value } = { ...nothing, ...facts };
  return { outcome, reason, clause, expected: shortened(expected), value: shortened(value), sentence };
};

function delivered(delivery: ExplainedDelivery): Finding {
  const status = delivery.lastStatusCode === null ? '' : ` with ${delivery.lastStatusCode}`;
  return found('delivered', null, `The endpoint accepted it${status}${at(delivery.endedAtMs)}.`);
}

function underWay(isProbe: boolean): Finding {
  return found('under_way', null, isProbe ? 'It is the probe of the open circuit, and under way.' : 'A request is under way.');
}

function willBeDelivered(facts: ExplainFacts): Finding {
  if (facts.delivery !== null) return found('will_be_delivered', null, 'It is due, and goes out at the next turn of its webhook.');
  return found('will_be_delivered', null, 'The webhook wants the event, and nothing stands in the way.');
}

/** The event was fanned out, and nothing that is kept speaks against it. */
function unknownWhy(): Finding {
  const sentence =
    'There is no delivery, though the webhook would want the event: it was changed while the event was fanned out, in a way of which nothing is kept.';
  return found('not_delivered', null, sentence);
}

function otherTenant({ event, webhook }: ExplainFacts): Finding {
  const sentence = `The event belongs to the tenant ${event.tenant}, and the webhook to the tenant ${webhook.tenant}.`;
  return found('not_delivered', 'tenant', sentence, { expected: webhook.tenant, value: event.tenant });
}

function createdLater({ event, webhook }: ExplainFacts): Finding {
  const accepted = event.acceptedAtMs === null ? null : time(event.acceptedAtMs);
  const sentence = `The webhook was made${at(webhook.createdAtMs)}, after the event was accepted${at(event.acceptedAtMs)}.`;
  return found('not_delivered', 'created_later', sentence, { expected: time(webhook.createdAtMs), value: accepted });
}

/** What the webhook asks for and the event does not have. */
function missed({ reason, clause, expected, value }: NoMatch): Finding {
  return found('not_delivered', reason, missSentence(reason, clause, expected, value), { clause, expected, value });
}

/** Deleted before the event was fanned out. */
function deletedThen({ state }: ExplainFacts): Finding {
  const value = { deleted_at: timeOrNull(state.deletedAtMs) };
  return found('not_delivered', 'webhook_deleted', `The webhook was deleted${at(state.deletedAtMs)}.`, { value });
}

function erasedUnsent(): Finding {
  return found('not_delivered', 'erased', 'The content of the event was erased, and there is no delivery of it.');
}

/** A delivery that waits, and is ended as soon as somebody looks at it. */
function aboutToEnd(reason: 'webhook_deleted' | 'webhook_disabled' | 'erased', { state }: ExplainFacts): Finding {
  switch (reason) {
    case 'erased':
      return found('waiting', reason, 'The content of the event was erased; the delivery is about to be cancelled.');
    case 'webhook_deleted': {
      const value = { deleted_at: timeOrNull(state.deletedAtMs) };
      return found('waiting', reason, `The webhook was deleted${at(state.deletedAtMs)}; the delivery is about to be cancelled.`, { value });
    }
    case 'webhook_disabled':
      return found('waiting', reason, `${disabledText(state)}; the delivery is about to be skipped.`, { value: disabledValue(state) });
  }
}

function disabled({ state }: ExplainFacts): Finding {
  return found('skipped', 'webhook_disabled', `${disabledText(state)}, so the delivery is recorded as skipped.`, {
    value: disabledValue(state),
  });
}

function paused({ state }: ExplainFacts): Finding {
  const value = { paused_at: timeOrNull(state.pausedAtMs) };
  return found('held', 'webhook_paused', `The webhook was paused${at(state.pausedAtMs)}; the delivery goes out when it is resumed.`, {
    value,
  });
}

function circuitNotClosed({ state }: ExplainFacts): Finding {
  const { circuit } = state;
  const what = circuit.state === 'open' ? 'is open' : 'is half open: a probe is under way';
  const next =
    circuit.state !== 'open'
      ? 'If it succeeds, the held deliveries go out.'
      : circuit.retryAtMs === null
        ? 'It waits for a person who resets it.'
        : `The next probe is sent from ${time(circuit.retryAtMs)} on.`;
  const sentence = `The circuit ${what}, after ${circuit.failureCount} failed attempts in a row, opened${at(circuit.openedAtMs)}. ${next}`;
  const value = {
    circuit_state: circuit.state,
    circuit_failure_count: circuit.failureCount,
    circuit_opened_at: timeOrNull(circuit.openedAtMs),
    circuit_retry_at: timeOrNull(circuit.retryAtMs),
  };
  return found('held', 'circuit_open', sentence, { expected: 'closed', value });
}

function rateLimited({ state }: ExplainFacts): Finding {
  const { holdUntilMs, rateFullUntilMs, rateLimit } = state;
  const isAsked = holdUntilMs !== null && holdUntilMs >= (rateFullUntilMs ?? 0);
  const untilMs = isAsked ? holdUntilMs : rateFullUntilMs;
  const value = { asked_by_endpoint: isAsked, until: timeOrNull(untilMs) };
  const expected = rateLimit === null ? null : { max: rateLimit.max, per_seconds: rateLimit.perSeconds };
  const sentence = isAsked
    ? `The endpoint answered 429 and asked that nothing be sent before ${value.until}.`
    : `The webhook allows ${rateLimit?.max} requests in ${rateLimit?.perSeconds} s, and these are made; there is room again from ${value.until} on.`;
  return found('waiting', 'rate_limited', sentence, { expected, value });
}

function queuedUp({ state }: ExplainFacts): Finding {
  const { ahead, maxInFlight } = state;
  const many = ahead >= aheadMax ? `${aheadMax} or more` : `${ahead}`;
  const before = ahead === 0 ? 'others are under way' : `${many} are due before it`;
  const sentence = `It waits for its turn: of the deliveries of the webhook ${before}, and max_in_flight is ${maxInFlight}.`;
  return found('waiting', 'in_flight_limit', sentence, { expected: maxInFlight, value: { position: ahead } });
}

function retryWaiting(delivery: ExplainedDelivery): Finding {
  const next = delivery.failures + 1;
  const nextAt = timeOrNull(delivery.dueAtMs);
  const sentence =
    delivery.failures === 0
      ? `It is due at ${nextAt}.`
      : `The last attempt ${lastText(delivery)}. Attempt ${next} of ${delivery.attemptsMax} is due at ${nextAt}.`;
  const value = { attempt: next, due_at: nextAt, ...lastValue(delivery) };
  return found('waiting', 'retry_waiting', sentence, { expected: { attempts_max: delivery.attemptsMax }, value });
}

/** A delivery that has ended otherwise than well, for the reason that is recorded. */
function ended(outcome: 'failed' | 'skipped' | 'cancelled', facts: ExplainFacts, delivery: ExplainedDelivery): Finding {
  const { reason, endedAtMs } = delivery;
  const value = { ended_at: timeOrNull(endedAtMs), attempts: delivery.attempts, ...lastValue(delivery) };
  const say = (sentence: string, more: Partial<Facts> = {}): Finding => found(outcome, reason, sentence, { value, ...more });
  switch (reason) {
    case 'exhausted':
      return say(`All ${delivery.failures} attempts of the schedule failed; the last one ${lastText(delivery)}.`, {
        expected: { attempts_max: delivery.attemptsMax },
      });
    case 'rejected':
      return say(`The endpoint said that it is gone (${delivery.lastStatusCode ?? 410})${at(endedAtMs)}, so it is not tried again.`);
    case 'blocked_address':
      return say(`All attempts failed; the last one would have gone to an address that may not be called: ${lastText(delivery)}.`);
    case 'webhook_disabled':
      return say(`The webhook was disabled when it was the delivery's turn${at(endedAtMs)}, so it was skipped.`, {
        value: { ...value, ...disabledValue(facts.state) },
      });
    case 'webhook_deleted':
      return say(`The webhook was deleted, so the delivery was cancelled${at(endedAtMs)}.`, {
        value: { ...value, deleted_at: timeOrNull(facts.state.deletedAtMs) },
      });
    case 'cancelled_by_hand':
      return say(`Somebody cancelled the delivery${at(endedAtMs)}.`);
    case 'expired':
      return say(`The delivery still waited${at(endedAtMs)}, when the time for which events are kept was over.`);
    case 'erased':
      return say(`The content of the event was erased, so the delivery was cancelled${at(endedAtMs)}.`);
    default:
      return say(`The delivery ended as ${outcome}${at(endedAtMs)}.`);
  }
}

function lastText({ lastStatusCode, lastErrorKind, lastError }: ExplainedDelivery): string {
  if (lastErrorKind !== null) return `ended with ${lastErrorKind}${lastError === null ? '' : ` (${cut(lastError)})`}`;
  return lastStatusCode === null ? 'failed' : `was answered with ${lastStatusCode}`;
}

function lastValue({ lastStatusCode, lastErrorKind, lastError }: ExplainedDelivery) {
  return { last_status_code: lastStatusCode, last_error_kind: lastErrorKind, last_error: lastError };
}

const disabledWhy: Readonly<Record<string, string>> = {
  by_hand: ' by hand',
  gone: ' because its endpoint said that it is gone (410)',
  no_success: ' because no attempt had succeeded for 120 hours',
};

function disabledText({ disabled }: ExplainFacts['state']): string {
  return `The webhook was disabled${disabledWhy[disabled?.reason ?? ''] ?? ''}${at(disabled?.atMs ?? null)}`;
}

function disabledValue({ disabled }: ExplainFacts['state']) {
  return { disabled_at: timeOrNull(disabled?.atMs ?? null), disabled_reason: disabled?.reason ?? null };
}
