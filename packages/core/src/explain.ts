// Why an event was or was not delivered to a webhook: walks the steps below in their order and says where it stopped, on which clause and which
// value. Pure: the caller looks the facts up, and says of which time they are.
//
// A webhook's state decides only about events that it wants: one that is disabled gets a skipped delivery of an event that matches, and nothing of
// one that does not. So where both speak against an event, what the webhook asks for is the reason, and its state a failed step before it.
import type { ExplainedDelivery, ExplainedVersion, ExplainFacts } from './explain-facts.js';
import { type Finding, findings } from './explain-findings.js';
import { whyNoMatch } from './match.js';
import type { Reason } from './reasons.js';

/**
 * Every step is named after the reason for which one stops there. `stops`: what becomes of the event there (nothing at all, a delivery that is
 * skipped, held or waits, or one that has ended). `holds`: what is so if it goes on.
 */
export type ExplainStep = {
  readonly step: Reason;
  readonly stops: 'no delivery' | 'skipped' | 'held' | 'waiting' | 'ended';
  readonly holds: string;
};

/** In the order in which they are walked: each reason once. */
export const explainSteps: readonly ExplainStep[] = [
  { step: 'tenant', stops: 'no delivery', holds: 'The event and the webhook belong to the same tenant.' },
  { step: 'created_later', stops: 'no delivery', holds: 'The webhook was there before the event.' },
  { step: 'webhook_deleted', stops: 'no delivery', holds: 'The webhook is not deleted.' },
  { step: 'webhook_disabled', stops: 'skipped', holds: 'The webhook is not disabled.' },
  { step: 'webhook_paused', stops: 'held', holds: 'The webhook is not paused.' },
  { step: 'event_type', stops: 'no delivery', holds: 'The webhook wants events of this type.' },
  { step: 'project_flow', stops: 'no delivery', holds: 'The webhook wants the project flows of the event, or any.' },
  { step: 'context', stops: 'no delivery', holds: "The event's current_context has what the webhook's context asks for." },
  { step: 'filter', stops: 'no delivery', holds: "Every clause of the webhook's filter holds." },
  { step: 'circuit_open', stops: 'held', holds: 'The circuit is closed.' },
  { step: 'rate_limited', stops: 'waiting', holds: 'The rate limit leaves room, and the endpoint did not ask for patience.' },
  { step: 'in_flight_limit', stops: 'waiting', holds: 'Nothing of the webhook is before it.' },
  { step: 'retry_waiting', stops: 'waiting', holds: 'It is due.' },
  { step: 'exhausted', stops: 'ended', holds: 'The schedule has attempts left.' },
  { step: 'rejected', stops: 'ended', holds: 'The endpoint did not say that it is gone.' },
  { step: 'blocked_address', stops: 'ended', holds: 'The address may be called.' },
  { step: 'cancelled_by_hand', stops: 'ended', holds: 'Nobody cancelled it.' },
  { step: 'expired', stops: 'ended', holds: 'Its event is still kept.' },
  { step: 'erased', stops: 'ended', holds: 'Its content was not erased.' },
];

/** `passed`: whether it went on there; null: it did not come so far, or nobody knows any more. */
export type ExplainedStep = { readonly step: Reason; readonly passed: boolean | null; readonly detail: string | null };

/** `asOf`: the version of the webhook and the time that were looked at. */
export type Explanation = Finding & {
  readonly steps: readonly ExplainedStep[];
  readonly asOf: { readonly webhookVersion: number; readonly atMs: number; readonly fromHistory: boolean };
};

/** Explains one event and one webhook. */
export function explain(facts: ExplainFacts): Explanation {
  const { delivery, nowMs, event } = facts;
  const [first] = facts.versions;
  const asOf = (version: ExplainedVersion, atMs: number, fromHistory: boolean) => ({ webhookVersion: version.version, atMs, fromHistory });
  if (delivery !== null) {
    const finding = ofDelivery(facts, delivery);
    const atMs = delivery.endedAtMs ?? nowMs;
    return { ...finding, steps: stepsOf(facts, finding, false), asOf: asOf(first, atMs, delivery.endedAtMs !== null) };
  }
  const { finding, version, isMatch } = withoutDelivery(facts);
  const steps = stepsOf(facts, finding, isMatch);
  if (facts.fanOut === 'done')
    return { ...finding, steps, asOf: asOf(version, Math.max(version.atMs, event.acceptedAtMs ?? 0), version.fromHistory) };
  const waiting = facts.fanOut === 'waiting';
  const sentence = waiting ? `The event is not fanned out yet. As things stand: ${finding.sentence}` : finding.sentence;
  return { ...finding, outcome: waiting ? 'fan_out_waiting' : finding.outcome, sentence, steps, asOf: asOf(version, nowMs, false) };
}

function ofDelivery(facts: ExplainFacts, delivery: ExplainedDelivery): Finding {
  switch (delivery.status) {
    case 'succeeded':
      return findings.delivered(delivery);
    case 'failed':
    case 'skipped':
    case 'cancelled':
      return findings.ended(delivery.status, facts, delivery);
    case 'waiting':
      return ofWaiting(facts, delivery);
  }
}

/** In the order in which it is decided whether a delivery that waits goes out. */
function ofWaiting(facts: ExplainFacts, delivery: ExplainedDelivery): Finding {
  const { state, nowMs, event } = facts;
  if (delivery.isOut) return findings.underWay(state.circuit.state === 'half_open');
  if (event.isErased) return findings.aboutToEnd('erased', facts);
  if (state.deletedAtMs !== null) return findings.aboutToEnd('webhook_deleted', facts);
  if (state.disabled !== null) return findings.aboutToEnd('webhook_disabled', facts);
  const dueAtMs = delivery.dueAtMs ?? nowMs;
  return (
    gateOf(facts, dueAtMs) ?? (dueAtMs > nowMs ? findings.retryWaiting(delivery) : (queueOf(facts) ?? findings.willBeDelivered(facts)))
  );
}

/** What keeps all deliveries of the webhook from going out; a limit that ends before the delivery is due keeps nothing. */
function gateOf(facts: ExplainFacts, dueAtMs: number): Finding | null {
  const { state } = facts;
  if (state.pausedAtMs !== null) return findings.paused(facts);
  if (state.circuit.state !== 'closed') return findings.circuitNotClosed(facts);
  const untilMs = Math.max(state.holdUntilMs ?? Number.NEGATIVE_INFINITY, state.rateFullUntilMs ?? Number.NEGATIVE_INFINITY);
  return untilMs >= dueAtMs ? findings.rateLimited(facts) : null;
}

function queueOf(facts: ExplainFacts): Finding | null {
  return facts.state.ahead > 0 || facts.state.isChunkOut ? findings.queuedUp(facts) : null;
}

type Found = { readonly finding: Finding; readonly version: ExplainedVersion; readonly isMatch: boolean };

/** Why there is none, or what would come of it. */
function withoutDelivery(facts: ExplainFacts): Found {
  const [first] = facts.versions;
  const never = (finding: Finding): Found => ({ finding, version: first, isMatch: false });
  if (facts.event.tenant !== facts.webhook.tenant) return never(findings.otherTenant(facts));
  if (facts.webhook.isCreatedLater) return never(findings.createdLater(facts));
  if (isDeletedBefore(facts)) return never(findings.deletedThen(facts));
  for (const version of facts.versions) {
    const finding = missOf(facts, version);
    if (finding !== null) return { finding, version, isMatch: false };
  }
  const match = (finding: Finding): Found => ({ finding, version: first, isMatch: true });
  if (facts.event.isErased) return match(findings.erasedUnsent());
  if (facts.state.deletedAtMs !== null) return match(findings.deletedThen(facts));
  if (facts.fanOut === 'done') return match(findings.unknownWhy());
  if (facts.state.disabled !== null) return match(findings.disabled(facts));
  return match(gateOf(facts, facts.nowMs) ?? queueOf(facts) ?? findings.willBeDelivered(facts));
}

/** Of an erased event the type and the flows are left, so nothing is said about context and filter. */
function missOf({ event }: ExplainFacts, { webhook }: ExplainedVersion): Finding | null {
  const miss = whyNoMatch(event.isErased ? { ...webhook, context: {}, filter: null } : webhook, event);
  return miss === null ? null : findings.missed(miss);
}

/** Before the event, or, if it is still to be fanned out, at all. */
function isDeletedBefore({ state, event, fanOut }: ExplainFacts): boolean {
  if (state.deletedAtMs === null) return false;
  return fanOut !== 'done' || event.acceptedAtMs === null || state.deletedAtMs <= event.acceptedAtMs;
}

type Passed = Pick<ExplainedStep, 'passed' | 'detail'>;
const notAsked: Passed = { passed: null, detail: null };
const isAsked = ({ step, stops }: ExplainStep): boolean => stops === 'no delivery' && step !== 'webhook_deleted';

function stepsOf(facts: ExplainFacts, finding: Finding, isMatch: boolean): readonly ExplainedStep[] {
  const indexOf = (step: Reason): number => explainSteps.findIndex((each) => each.step === step);
  const stopped = finding.reason === null ? explainSteps.length : indexOf(finding.reason);
  const isForeign = stopped <= indexOf('created_later');
  return explainSteps.map((each, index): ExplainedStep => {
    const { step, stops, holds } = each;
    const is = ({ passed, detail }: Passed): ExplainedStep => ({ step, passed, detail });
    const yes: Passed = { passed: true, detail: holds };
    if (index === stopped) return is({ passed: false, detail: finding.sentence });
    if (isAsked(each)) return is(hasPassed(facts, step, isMatch || index < stopped) ? yes : notAsked);
    if (stops === 'ended') return is(facts.delivery === null ? notAsked : yes);
    if (isForeign || (facts.delivery !== null && facts.delivery.status !== 'waiting')) return is(notAsked);
    if (step === 'webhook_disabled' && facts.state.disabled !== null)
      return is({ passed: false, detail: findings.disabled(facts).sentence });
    if (step === 'webhook_paused' && facts.state.pausedAtMs !== null) return is({ passed: false, detail: findings.paused(facts).sentence });
    if (step === 'webhook_deleted' || step === 'webhook_disabled' || step === 'webhook_paused') return is(yes);
    return is(index < stopped && isOnItsWay(facts, step, isMatch) ? yes : notAsked);
  });
}

/** A delivery is there because the webhook wanted the event, whatever it asks for today; one to a webhook made later is a replay's. */
function hasPassed({ delivery, webhook }: ExplainFacts, step: Reason, isKnown: boolean): boolean {
  if (delivery === null) return isKnown;
  return step !== 'created_later' || !webhook.isCreatedLater;
}

/** Whether the steps that are asked of what is to be sent were asked. */
function isOnItsWay({ delivery, fanOut }: ExplainFacts, step: Reason, isMatch: boolean): boolean {
  if (delivery !== null) return !delivery.isOut;
  return isMatch && fanOut !== 'done' && step !== 'retry_waiting';
}
