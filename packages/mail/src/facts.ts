// What a fact says in words, from the data of the last event of its kind. Data of another shape says less, and fails nothing.
import { noSuccessS, type Reason, reasonDescriptions, type TroubleFact } from '@posthorn/core';
import type { Point, Tone } from './content.js';
import { countOf, numberOf, plain, textCharsMax, timeOf } from './plain.js';

type Words = {
  readonly tone: Tone;
  /** For the subject, before the webhook's name. */
  readonly headline: (fact: TroubleFact) => string;
  /** What happened. */
  readonly sentence: (fact: TroubleFact) => string;
  /** What is known of it beyond that. */
  readonly detail?: (fact: TroubleFact) => string;
  /** What will happen, or can be done. */
  readonly next: (fact: TroubleFact) => string;
  /** `next` for many webhooks at once. */
  readonly note: { readonly text: string; readonly rest: string };
};

const textOf = ({ details }: TroubleFact, key: string): string | null => (typeof details[key] === 'string' ? details[key] : null);
const wholeOf = ({ details }: TroubleFact, key: string): number | null =>
  Number.isSafeInteger(details[key]) && Number(details[key]) > 0 ? Number(details[key]) : null;
const momentOf = (fact: TroubleFact, key: string): string | null => {
  const at = new Date(textOf(fact, key) ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? null : timeOf(at);
};

/** `at 09:41`, or how often in which time. */
const whenOf = ({ count, firstAt, lastAt }: TroubleFact): string =>
  count === 1 ? `at ${timeOf(lastAt)}` : `${numberOf(count)} times between ${timeOf(firstAt)} and ${timeOf(lastAt)}`;

/** Says of which of several something is said next. */
const ofLast = ({ count }: TroubleFact): string => (count === 1 ? '' : ', the last time');

const failuresOf = (fact: TroubleFact): string | null => {
  const failures = wholeOf(fact, 'circuit_failure_count');
  return failures === null ? null : countOf(failures, 'failed attempt', 'failed attempts in a row');
};

const noSuccessHours = noSuccessS / 3_600;
const retries =
  'Deliveries are tried again with growing pauses. If the failures go on, the circuit opens and deliveries wait until the endpoint answers.';
const probes = `Deliveries wait and go out once a probe succeeds. After ${noSuccessHours} hours without a success the webhook is disabled.`;
const enabling =
  'Nothing is sent until somebody enables the webhook; until then its deliveries are skipped. Afterwards recover brings them back.';

const failing: Words = {
  tone: 'bad',
  headline: () => 'Webhook failing',
  sentence: (fact) => {
    const [failures, since] = [failuresOf(fact), momentOf(fact, 'failing_since')];
    if (fact.count > 1) return `It began to fail ${whenOf(fact)}.`;
    const attempts = failures === null ? '' : `: ${failures}`;
    return since === null
      ? `It is failing, as was seen at ${timeOf(fact.lastAt)}${attempts}.`
      : `It has had no success since ${since}${attempts}.`;
  },
  next: () => retries,
  note: { text: 'Failing:', rest: retries },
};

const opened: Words = {
  tone: 'bad',
  headline: () => 'Circuit opened',
  sentence: (fact) => {
    const failures = failuresOf(fact);
    return `The circuit opened ${whenOf(fact)}${failures === null ? '' : `${ofLast(fact)} after ${failures}`}.`;
  },
  next: (fact) => {
    const retryAt = momentOf(fact, 'circuit_retry_at');
    if (retryAt !== null) return `The first probe is due at ${retryAt}. ${probes}`;
    return fact.details.circuit_retry_at === null
      ? 'Nothing is sent until somebody resets the circuit, as its recovery is manual. Deliveries wait until then.'
      : probes;
  },
  note: { text: 'Circuit opened:', rest: `${probes} Where recovery is manual, they wait until somebody resets the circuit.` },
};

const disabledBecause: Readonly<Record<string, string>> = {
  by_hand: 'by hand',
  gone: 'because its endpoint said that it is gone (410)',
  no_success: `because nothing succeeded for ${noSuccessHours} hours`,
};

const disabled: Words = {
  tone: 'bad',
  headline: () => 'Webhook disabled',
  sentence: (fact) => {
    const reason = textOf(fact, 'disabled_reason');
    const known = reason !== null && Object.hasOwn(disabledBecause, reason) ? disabledBecause[reason] : null;
    const because = known ?? (reason === null ? '' : `for the reason ${plain(reason, textCharsMax.name)}`);
    return `It was disabled ${whenOf(fact)}${because === '' ? '' : `${ofLast(fact)} ${because}`}.`;
  },
  next: () => enabling,
  note: { text: 'Disabled:', rest: enabling },
};

const descriptionOf = (fact: TroubleFact) => {
  const reason = textOf(fact, 'reason');
  return reason !== null && Object.hasOwn(reasonDescriptions, reason) ? reasonDescriptions[reason as Reason] : null;
};

/** What came back last: a status, an error, or both where a response was cut off. */
const answerOf = (fact: TroubleFact): string => {
  const [status, error] = [wholeOf(fact, 'status_code'), plain(textOf(fact, 'error') ?? '', textCharsMax.error)];
  if (status !== null) return `The last answer was ${status}${error === '' ? '' : ` (${error})`}.`;
  return error === '' ? '' : `The last error was: ${error}.`;
};

const lost: Words = {
  tone: 'bad',
  headline: ({ count }) => (count === 1 ? 'Delivery failed' : `${numberOf(count)} deliveries failed`),
  sentence: ({ count, firstAt, lastAt }) =>
    count === 1
      ? `A delivery failed for good at ${timeOf(lastAt)}.`
      : `${numberOf(count)} deliveries failed for good between ${timeOf(firstAt)} and ${timeOf(lastAt)}.`,
  detail: (fact) => {
    const type = plain(textOf(fact, 'event_type') ?? '', textCharsMax.eventType);
    const attempt = wholeOf(fact, 'attempt');
    const after = attempt === null ? '' : ` after ${countOf(attempt, 'attempt', 'attempts')}`;
    const which = type === '' ? '' : `${fact.count === 1 ? 'Its event was' : 'The last one was'} of type ${type}${after}.`;
    return [which, descriptionOf(fact)?.meaning ?? '', answerOf(fact)].filter((part) => part !== '').join(' ');
  },
  next: (fact) => {
    const alone = fact.count === 1 ? 'It is not tried again by itself.' : 'They are not tried again by themselves.';
    return `${alone} ${descriptionOf(fact)?.whatHelps ?? ''}`.trimEnd();
  },
  note: {
    text: 'Failed deliveries:',
    rest: 'They are not tried again by themselves. Repair the endpoint, then retry them, recover the webhook, or replay.',
  },
};

const longerKept = 'Nothing of that can be sent any more. A longer POSTHORN_RETENTION_DAYS keeps the next ones.';
const deliveriesOf = (fact: TroubleFact): string => countOf(fact.count, 'delivery', 'deliveries');

const expired: Words = {
  tone: 'bad',
  headline: ({ count }) => (count === 1 ? 'Delivery expired' : `${numberOf(count)} deliveries expired`),
  sentence: (fact) =>
    `${deliveriesOf(fact)} that still waited ${fact.count === 1 ? 'was' : 'were'} given up by ${timeOf(fact.lastAt)}: ${fact.count === 1 ? 'its event is' : 'their events are'} older than is kept.`,
  next: () => longerKept,
  note: { text: 'Expired:', rest: longerKept },
};

const rescue = 'Resume the webhook, reset its circuit, or repair its endpoint, so that they still go out.';

const expiring: Words = {
  tone: 'bad',
  headline: () => 'Deliveries are about to expire',
  sentence: (fact) => {
    const [waiting, days] = [wholeOf(fact, 'count'), wholeOf(fact, 'within_days')];
    const which = waiting === null ? 'Deliveries wait' : waiting === 1 ? '1 delivery waits' : `${numberOf(waiting)} deliveries wait`;
    return `${which} whose events are given up ${days === null ? 'soon' : `within ${countOf(days, 'day', 'days')}`}.`;
  },
  next: () => rescue,
  note: { text: 'About to expire:', rest: rescue },
};

const recovered: Words = {
  tone: 'good',
  headline: () => 'Recovered',
  sentence: (fact) => {
    const since = momentOf(fact, 'failing_since');
    const before = since === null ? '' : `${ofLast(fact)} after failures since ${since}`;
    return `It takes deliveries again: the endpoint recovered ${whenOf(fact)}${before}.`;
  },
  next: () => 'What waits goes out now, in steps.',
  note: { text: 'Recovered:', rest: 'What waits goes out now, in steps.' },
};

export const wordsOf: Readonly<Record<TroubleFact['kind'], Words>> = {
  webhook_disabled: disabled,
  circuit_opened: opened,
  webhook_failing: failing,
  deliveries_expiring: expiring,
  deliveries_expired: expired,
  delivery_failed: lost,
  webhook_recovered: recovered,
};

const byWeight = Object.keys(wordsOf) as readonly TroubleFact['kind'][];

/** The kinds among these, in the order in which a person wants to know of them. */
export const kindsOf = (facts: readonly TroubleFact[]): readonly TroubleFact['kind'][] =>
  byWeight.filter((kind) => facts.some((fact) => fact.kind === kind));

/**
 * The fact that tells how a webhook stands. Disabled is disabled. A circuit that opened or a streak that began is over if the recovery came after it, but
 * a delivery that was lost meanwhile stays lost. Null: there is none.
 */
export const mainFact = (facts: readonly TroubleFact[]): TroubleFact | null => {
  const of = (kind: TroubleFact['kind']): TroubleFact | undefined => facts.find((fact) => fact.kind === kind);
  const end = of('webhook_recovered');
  const isOpen = (fact: TroubleFact | undefined): boolean => fact !== undefined && (end === undefined || end.lastAt <= fact.lastAt);
  const streak = [of('circuit_opened'), of('webhook_failing')].find(isOpen);
  return (
    of('webhook_disabled') ??
    streak ??
    of('deliveries_expiring') ??
    of('deliveries_expired') ??
    of('delivery_failed') ??
    end ??
    facts[0] ??
    null
  );
};

/** Whether what the fact says comes next is still to come: what was overtaken by another fact is history. */
const isCurrent = ({ kind }: TroubleFact, main: TroubleFact | null): boolean =>
  kind === main?.kind ||
  kind === 'delivery_failed' ||
  kind === 'deliveries_expiring' ||
  kind === 'deliveries_expired' ||
  (kind === 'webhook_recovered' && main?.kind === 'delivery_failed');

/** The facts of a webhook, how it stands first, then the newest. @param isAlone else what comes next is said once for all webhooks, in the notes */
export const pointsOf = (facts: readonly TroubleFact[], isAlone: boolean): readonly Point[] => {
  const main = mainFact(facts);
  const inOrder = facts.toSorted(
    (one, other) => Number(other === main) - Number(one === main) || other.lastAt.getTime() - one.lastAt.getTime(),
  );
  return inOrder.map((fact) => {
    const { tone, sentence, detail, next } = wordsOf[fact.kind];
    const rest = [detail?.(fact) ?? '', isAlone && isCurrent(fact, main) ? next(fact) : ''].filter((part) => part !== '').join(' ');
    return { tone, text: sentence(fact), rest: rest === '' ? null : rest };
  });
};
