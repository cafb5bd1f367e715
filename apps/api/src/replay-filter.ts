// What a replay covers, as people write it: read whole, every mistake at its place.
import {
  type ErrorKind,
  errorKinds,
  eventTypeCharsMax,
  type FieldError,
  isEventTypePattern,
  isName,
  isReservedEventType,
  isUuid,
  parseRfc3339,
  problem,
  readStatusCodes,
  reasons,
} from '@posthorn/core';
import type { ReplayFilter, ReplayMode } from '@posthorn/db';
import { type Static, Type } from 'typebox';

const statuses = ['succeeded', 'failed', 'skipped', 'cancelled'] as const;
const recoverable = ['skipped', 'failed'] as const;
const listOf = <T extends string>(values: readonly T[]) =>
  Type.Optional(Type.Array(Type.Unsafe<T>({ type: 'string', enum: values }), { minItems: 1, maxItems: values.length, uniqueItems: true }));
const time = Type.Optional(Type.String({ maxLength: 64 }));

export const replayBody = Type.Object(
  {
    filter: Type.Object(
      {
        webhook_id: Type.Optional(Type.String({ maxLength: 64 })),
        event_id: Type.Optional(Type.String({ maxLength: 64 })),
        replay_id: Type.Optional(Type.String({ maxLength: 64, description: 'The replay that opened it last.' })),
        tenant: Type.Optional(Type.String({ maxLength: 128 })),
        event_type: Type.Optional(Type.String({ maxLength: eventTypeCharsMax })),
        status: listOf(statuses),
        reason: Type.Optional(Type.Unsafe<(typeof reasons)[number]>({ type: 'string', enum: reasons })),
        status_code: Type.Optional(
          Type.String({ maxLength: 3, description: 'Of the last attempt: a status code (`404`) or a class of them (`4xx`).' }),
        ),
        error_kind: Type.Optional(Type.Unsafe<ErrorKind>({ type: 'string', enum: errorKinds, description: 'Of the last attempt.' })),
        from: time,
        to: time,
      },
      { additionalProperties: false },
    ),
    mode: Type.Optional(Type.Unsafe<ReplayMode>({ type: 'string', enum: ['original', 'current'] })),
    dry_run: Type.Optional(Type.Boolean()),
  },
  { $id: 'NewReplay', additionalProperties: false, description: 'Which deliveries to make again.' },
);
export type ReplayBody = Static<typeof replayBody>;

export type RecoverBody = {
  readonly from?: string;
  readonly to?: string;
  readonly status?: readonly (typeof recoverable)[number][];
} | null;
/** No body is as good as an empty one. */
export const recoverBody = Type.Unsafe<RecoverBody>({
  $id: 'Recovery',
  description: 'Which deliveries to make again; by default all that are skipped.',
  type: ['object', 'null'],
  properties: { from: time, to: time, status: listOf(recoverable) },
  additionalProperties: false,
});

const wrongTimes = ({ from, to }: Pick<ReplayFilter, 'from' | 'to'>, at: string): readonly FieldError[] => {
  const wrong = (name: string, message: string): FieldError => ({ pointer: `${at}/${name}`, code: 'invalid_field', message });
  const [fromMs, toMs] = [from, to].map((text) => (text === undefined ? undefined : parseRfc3339(text)));
  const errors: FieldError[] = [];
  if (fromMs === null) errors.push(wrong('from', 'from must be an RFC 3339 time'));
  if (toMs === null) errors.push(wrong('to', 'to must be an RFC 3339 time'));
  if (typeof fromMs === 'number' && typeof toMs === 'number' && fromMs >= toMs) errors.push(wrong('to', 'to must be later than from'));
  return errors;
};

const refuse = (errors: readonly FieldError[]): void => {
  const [first] = errors;
  if (first !== undefined) throw problem('invalid_field', first.message, { errors });
};

/** Throws a problem that names everything that is wrong with a filter. */
export const checkFilter = (filter: ReplayFilter, mode: ReplayMode): void => {
  const errors: FieldError[] = [];
  const wrong = (name: keyof ReplayFilter, message: string) => errors.push({ pointer: `/filter/${name}`, code: 'invalid_field', message });
  const { webhook_id: webhookId, event_id: eventId, replay_id: replayId, tenant, event_type: eventType, status_code: statusCode } = filter;
  if (webhookId !== undefined && !isUuid(webhookId)) wrong('webhook_id', 'webhook_id must be an id');
  if (eventId !== undefined && !isUuid(eventId)) wrong('event_id', 'event_id must be an id');
  if (replayId !== undefined && !isUuid(replayId)) wrong('replay_id', 'replay_id must be an id');
  if (statusCode !== undefined && readStatusCodes(statusCode) === null)
    wrong('status_code', 'status_code must be a status code (404) or a class of them (4xx)');
  if (tenant !== undefined && !isName(tenant)) wrong('tenant', 'tenant must be 1 to 128 letters, digits or one of _ . : -');
  if (eventType !== undefined && !isEventTypePattern(eventType)) wrong('event_type', `${eventType} is no event type and no pattern`);
  if (mode === 'current') {
    for (const name of ['replay_id', 'status', 'reason', 'status_code', 'error_kind'] as const)
      if (filter[name] !== undefined) wrong(name, `${name} is of deliveries that exist: mode original`);
    if (eventType !== undefined && isReservedEventType(eventType)) wrong('event_type', 'our own events are replayed in mode original only');
  }
  const narrowing = [webhookId, eventId, replayId, eventType, filter.from];
  if (narrowing.every((value) => value === undefined)) {
    const message = 'the filter must have webhook_id, event_id, replay_id, event_type or from';
    errors.push({ pointer: '/filter', code: 'missing_field', message });
  }
  refuse([...errors, ...wrongTimes(filter, '/filter')]);
};

/** The filter of a recovery of one webhook: what was skipped, unless it says otherwise. */
export const recoveryFilter = (webhookId: string, body: RecoverBody): ReplayFilter => {
  const { from, to, status = ['skipped'] } = body ?? {};
  refuse(wrongTimes({ from, to } as Pick<ReplayFilter, 'from' | 'to'>, ''));
  return { webhook_id: webhookId, status, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
};
