// What an accepted event is: durable, once per key. The winner of a key is stored; a repeat gets the winner's id if its bytes are the same,
// and is refused if they are not.
import { createHash } from 'node:crypto';
import { type ParsedEvent, type ProblemError, problem } from '@posthorn/core';
import type { KeptEvent, PreparedEvent } from '@posthorn/db';
import { limits } from './limits.js';
import type { Accepted, MicroBatcher } from './micro-batcher.js';

export type Answer = { readonly id: string; readonly replayed: boolean };

export type AcceptDependencies = {
  readonly batcher: MicroBatcher;
  readonly findKept: (keys: readonly { tenantId: string; key: string }[]) => Promise<ReadonlyMap<string, KeptEvent>>;
};

const mapKey = (event: PreparedEvent): string => `${event.tenantId}/${event.key}`;

/** The row of a parsed event. `raw` is the producer's bytes, for telling a repeat from another event under the same key. */
export const prepareEvent = (
  event: ParsedEvent,
  place: { readonly environmentId: string; readonly tenantId: string },
  raw: string,
  key: string | null,
): PreparedEvent => ({
  environmentId: place.environmentId,
  tenantId: place.tenantId,
  eventType: event.eventType,
  sourceId: event.sourceId ?? key,
  eventTimeMs: event.eventTimeMs,
  projectFlows: event.projectFlows,
  data: event.data,
  currentContext: event.currentContext,
  resources: event.resources,
  bodyHash: key === null ? null : createHash('sha256').update(raw).digest(),
  key,
});

const repeatOf = (event: PreparedEvent, kept: KeptEvent): Answer | ProblemError =>
  event.bodyHash !== null && kept.bodyHash.equals(event.bodyHash)
    ? { id: kept.eventId, replayed: true }
    : problem('idempotency_mismatch', `the key ${event.key} was used with another body`);

/** Accepts one event; throws an `idempotency_mismatch`. */
export const acceptEvent = async (event: PreparedEvent, dependencies: AcceptDependencies): Promise<Answer> => {
  for (let tries = 0; tries < limits.keyTriesMax; tries++) {
    const accepted = await dependencies.batcher.accept(event);
    if (accepted.kind === 'stored') return { id: accepted.id, replayed: false };
    const kept = await findKept([event], dependencies);
    const answer = kept.get(mapKey(event));
    if (answer === undefined) continue;
    const repeat = repeatOf(event, answer);
    if (repeat instanceof Error) throw repeat;
    return repeat;
  }
  throw problem('overloaded', 'the same key is being used by many requests at once', {
    headers: { 'retry-after': String(limits.retryAfterS) },
  });
};

const findKept = (events: readonly PreparedEvent[], dependencies: AcceptDependencies): Promise<ReadonlyMap<string, KeptEvent>> =>
  dependencies.findKept(events.map(({ tenantId, key }) => ({ tenantId, key: key ?? '' })));

/** Accepts events in one transaction; answers stand in the order of the events. A key that stands twice is decided here, before SQL. */
export const acceptBatch = async (
  events: readonly PreparedEvent[],
  dependencies: AcceptDependencies,
): Promise<readonly (Answer | ProblemError)[]> => {
  const first = new Map<string, number>();
  const firstOf = events.map((event, index) => {
    if (event.key === null) return index;
    const known = first.get(mapKey(event));
    if (known === undefined) first.set(mapKey(event), index);
    return known ?? index;
  });
  const unique = events.filter((_, index) => firstOf[index] === index);
  const accepted = unique.length === 0 ? [] : await dependencies.batcher.acceptAll(unique);
  const lost = unique.filter((_, index) => accepted[index]?.kind === 'kept');
  const kept = lost.length === 0 ? new Map<string, KeptEvent>() : await findKept(lost, dependencies);
  const answers = new Map<PreparedEvent, Answer | ProblemError>();
  unique.forEach((event, index) => {
    answers.set(event, answerOf(event, accepted[index], kept.get(mapKey(event))));
  });
  return events.map((event, index) => {
    const winner = events[firstOf[index] ?? index] as PreparedEvent;
    const answer = answers.get(winner) as Answer | ProblemError;
    if (winner === event) return answer;
    // Where an earlier event has the key, each is compared with that one, not with the other.
    const earlier = kept.get(mapKey(event));
    if (earlier !== undefined) return repeatOf(event, earlier);
    if (answer instanceof Error) return answer;
    return repeatOf(event, { eventId: answer.id, bodyHash: winner.bodyHash ?? Buffer.alloc(0) });
  });
};

const answerOf = (event: PreparedEvent, accepted: Accepted | undefined, kept: KeptEvent | undefined): Answer | ProblemError => {
  if (accepted?.kind === 'stored') return { id: accepted.id, replayed: false };
  if (kept !== undefined) return repeatOf(event, kept);
  return problem('overloaded', `the key ${event.key} is being used by another request; send this event again`);
};
