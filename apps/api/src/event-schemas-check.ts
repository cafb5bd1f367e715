// What an environment asks of the data of its events (its setting `event_schemas`): nothing, to be told what does not fit, or to refuse it. The data
// is read for the check alone; what is stored and sent stays the producer's bytes.
import { type FieldError, type ProblemError, problem } from '@posthorn/core';
import type { PreparedEvent } from '@posthorn/db';
import type { AcceptDependencies } from './accept-events.js';
import type { EventSchemas } from './event-schemas.js';
import type { DataVerdict } from './event-schemas-compiler.js';
import { limits } from './limits.js';

export type SchemaMode = 'off' | 'warn' | 'reject';

/** The mode that an environment's settings say; `off` unless they say another. */
export const schemaModeOf = (settings: Readonly<Record<string, unknown>>): SchemaMode => {
  const mode = settings.event_schemas;
  return mode === 'warn' || mode === 'reject' ? mode : 'off';
};

/** What an accepted event has against its schema. */
export type SchemaWarning = { readonly pointer: string; readonly code: 'schema_mismatch' | 'schema_unchecked'; readonly message: string };
export type SchemaWarnings = readonly SchemaWarning[];
export type Objection = ProblemError | SchemaWarnings;
/** By event; an event that fits, or has no schema, is not in it. */
export type Objections = ReadonlyMap<PreparedEvent, Objection>;

export type CheckDependencies = Pick<AcceptDependencies, 'findKept'> & { readonly eventSchemas: EventSchemas };

const nothing: Objections = new Map();

const warningsOf = (verdict: Exclude<DataVerdict, { kind: 'fits' }>): SchemaWarnings => {
  if (verdict.kind === 'unchecked') return [{ pointer: '/data', code: 'schema_unchecked', message: `the schema ${verdict.why}` }];
  return verdict.complaints.map(({ pointer, message }) => {
    const place = `/data${pointer}`;
    return { pointer: place, code: 'schema_mismatch', message: `${place} ${message}` };
  });
};

/** What could not be checked may be sent again: nobody knows that it is wrong. */
const refusalOf = (event: PreparedEvent, verdict: Exclude<DataVerdict, { kind: 'fits' }>): ProblemError => {
  if (verdict.kind === 'unchecked')
    return problem('overloaded', `the data could not be compared with the schema of ${event.eventType}, which ${verdict.why}`, {
      headers: { 'retry-after': String(limits.retryAfterS) },
    });
  const errors: readonly FieldError[] = warningsOf(verdict);
  return problem('schema_mismatch', `${errors[0]?.message}, says the schema of ${event.eventType}`, { errors });
};

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Judges one by one, so that others have their turn in between. */
const judgeAll = async (
  events: readonly PreparedEvent[],
  { eventSchemas }: CheckDependencies,
): Promise<ReadonlyMap<PreparedEvent, Exclude<DataVerdict, { kind: 'fits' }>>> => {
  const verdicts = new Map<PreparedEvent, Exclude<DataVerdict, { kind: 'fits' }>>();
  let spentMs = 0;
  let turnBeganMs = performance.now();
  for (const event of events) {
    const judge = await eventSchemas.find(event.environmentId, event.eventType);
    if (judge === null) continue;
    if (performance.now() - turnBeganMs > limits.schemaTurnMs) {
      await nextTurn();
      turnBeganMs = performance.now();
    }
    const beganMs = performance.now();
    const isLate = spentMs >= limits.schemaRequestMs;
    const verdict: DataVerdict = isLate
      ? { kind: 'unchecked', why: `was not reached: the events before took ${limits.schemaRequestMs} ms` }
      : judge(JSON.parse(event.data), event.data.length);
    spentMs += performance.now() - beganMs;
    if (verdict.kind !== 'fits') verdicts.set(event, verdict);
  }
  return verdicts;
};

/**
 * What the schemas of their types have against events: warnings, or in mode `reject` the problems to refuse them with. An event that was accepted
 * before under its key is not refused, however strict the schema is by now: its repeat is answered with the first's id.
 */
export const checkEvents = async (
  events: readonly PreparedEvent[],
  mode: SchemaMode,
  dependencies: CheckDependencies,
): Promise<Objections> => {
  if (mode === 'off') return nothing;
  const verdicts = await judgeAll(events, dependencies);
  if (mode === 'warn') return new Map([...verdicts].map(([event, verdict]) => [event, warningsOf(verdict)]));
  const keys = [...verdicts.keys()].flatMap(({ tenantId, key }) => (key === null ? [] : [{ tenantId, key }]));
  const kept = keys.length === 0 ? new Map() : await dependencies.findKept(keys);
  return new Map(
    [...verdicts]
      .filter(([{ tenantId, key }]) => key === null || !kept.has(`${tenantId}/${key}`))
      .map(([event, verdict]) => [event, refusalOf(event, verdict)]),
  );
};
