// Reads what a producer publishes: checks every field, keeps `data`, `current_context` and `resources` as the bytes that came.
// An optional field that is `null` counts as absent.
import { isEventType, isReservedEventType } from './event-type.js';
import { checkJson, type JsonMember, scanArray, scanObject } from './json-scanner.js';
import { type FieldError, type ProblemCode, type ProblemError, problem } from './problems.js';
import { parseRfc3339 } from './rfc3339.js';

export type EventLimits = { readonly depthMax: number; readonly bytesMax: number };
export type BatchLimits = EventLimits & { readonly eventsMax: number };

/** What the API promises to take. `batchBytesMax` bounds a whole batch request and is the server's to check. */
export const eventLimits = { depthMax: 64, bytesMax: 256 * 1024, eventsMax: 1000, batchBytesMax: 8 * 1024 * 1024 } as const;
/** How many project flows an event may name, and how long each may be. */
export const projectFlowsMax = 64;
export const projectFlowCharsMax = 128;

/** How many wrong fields an answer names, and how many characters of an unknown name it repeats. */
export const fieldErrorsMax = 20;
export const echoedFieldCharsMax = 128;

const name = /^[A-Za-z0-9_.:-]{1,128}$/;
// No control characters and no lone surrogates: Postgres stores neither in text.
const flow = new RegExp(`^[^\\p{Cc}\\p{Cs}]{1,${projectFlowCharsMax}}$`, 'u');
/** Members of an event or a batch that are looked at; what has more is no event, and not worth a list of all that is wrong with it. */
const membersMax = 1_000;
const eventFields: ReadonlySet<string> = new Set([
  'event_type',
  'data',
  'current_context',
  'event_time',
  'tenant',
  'id',
  'project_flow',
  'resources',
]);

/** An event as published. `data`, `currentContext` and `resources` are JSON text, byte for byte the producer's. */
export type ParsedEvent = {
  readonly eventType: string;
  readonly tenant: string | null;
  readonly sourceId: string | null;
  readonly eventTimeMs: number | null;
  readonly projectFlows: readonly string[];
  readonly data: string;
  readonly currentContext: string | null;
  readonly resources: string | null;
};

export type EventResult = { readonly ok: true; readonly event: ParsedEvent } | { readonly ok: false; readonly error: ProblemError };
export type BatchItem = { readonly raw: string } & EventResult;
export type BatchResult =
  | { readonly ok: true; readonly items: readonly BatchItem[] }
  | { readonly ok: false; readonly error: ProblemError };

/** Whether `text` names a tenant or may be an event's `id` given by the producer. */
export function isName(text: string): boolean {
  return name.test(text);
}

/** Reads one event. `raw` is the body, or an element of a batch; all wrong fields are reported at once. */
export function parseEvent(raw: string, limits: EventLimits): EventResult {
  if (isLongerThan(raw, limits.bytesMax)) return refuse('event_too_large', `an event has at most ${limits.bytesMax} bytes`);
  const scan = scanObject(raw, 0, raw.length, limits.depthMax, membersMax);
  if (!scan.ok) return scan.error === 'count' ? tooManyMembers() : { ok: false, error: notAnObject(raw, limits.depthMax) };
  const fields = parseObject(raw);
  if (fields === null) return refuse('not_json');
  const slices = new Map<string, string>();
  const errors: FieldError[] = [];
  for (const member of scan.members) {
    const error = refusedMember(member, slices);
    if (error === null) slices.set(member.key, raw.slice(member.start, member.end));
    else errors.push(error);
  }
  const event = readFields(fields, slices, errors);
  return event === null ? refuse(errors[0]!.code as ProblemCode, errors[0]!.message, errors) : { ok: true, event };
}

/**
 * Reads `{"events": […]}`. Events are judged one by one; the whole is refused only if it is no such object, not JSON, or its number of
 * events is not 1 … `eventsMax`. The JSON of an event that is refused for its size or depth is not looked into.
 */
export function parseBatch(raw: string, limits: BatchLimits): BatchResult {
  // Scanning costs the same at any depth; it is each event's own depth that counts.
  const scan = scanObject(raw, 0, raw.length, Number.POSITIVE_INFINITY, membersMax);
  if (!scan.ok) return scan.error === 'count' ? tooManyMembers() : { ok: false, error: notAnObject(raw, limits.depthMax + 2) };
  const errors: FieldError[] = scan.members.filter((member) => member.key !== 'events').map(unknownField);
  if (errors.length > 0) return refuse('unknown_field', errors[0]!.message, errors);
  const [member, second] = scan.members;
  if (member === undefined) return refuseField('/events', 'missing_field', 'events is missing');
  if (second !== undefined) return refuseField('/events', 'invalid_field', 'events is given twice');
  if (raw[member.start] !== '[') return refuseField('/events', 'invalid_field', 'events must be a list');
  const list = scanArray(raw, member.start, member.end, Number.POSITIVE_INFINITY, limits.eventsMax);
  if (!list.ok && list.error !== 'count') return refuse('not_json');
  if (!list.ok || list.elements.length < 1)
    return refuse('batch_size', `a batch has 1 to ${limits.eventsMax} events, not ${list.ok ? 'none' : 'more'}`);
  const items = list.elements.map(({ start, end }): BatchItem => {
    const text = raw.slice(start, end);
    return { raw: text, ...parseEvent(text, limits) };
  });
  // The scanner saw to what stands between the events: if each of them is JSON, so is the whole, and the other way round.
  const broken = items.some((item) => !item.ok && item.error.code === 'not_json');
  return broken ? refuse('not_json') : { ok: true, items };
}

type Refusal = { readonly ok: false; readonly error: ProblemError };
type Fields = Readonly<Record<string, unknown>>;

function refuse(code: ProblemCode, detail?: string, errors: readonly FieldError[] = []): Refusal {
  return { ok: false, error: problem(code, detail, { errors: errors.slice(0, fieldErrorsMax) }) };
}

function tooManyMembers(): Refusal {
  return refuse('unknown_field', `there are more than ${membersMax} fields`);
}

function refuseField(pointer: string, code: ProblemCode, message: string): Refusal {
  return refuse(code, message, [{ pointer, code, message }]);
}

/** UTF-8 takes one to three bytes per UTF-16 unit, so most texts need no count. */
function isLongerThan(text: string, bytesMax: number): boolean {
  if (text.length * 3 <= bytesMax) return false;
  return text.length > bytesMax || Buffer.byteLength(text) > bytesMax;
}

function notAnObject(raw: string, depthMax: number): ProblemError {
  switch (checkJson(raw, depthMax)) {
    case 'ok':
      return problem('invalid_request', 'a JSON object is expected');
    case 'depth':
      return problem('nesting_too_deep', `nesting is limited to ${depthMax} levels`);
    case 'syntax':
      return problem('not_json');
  }
}

function parseObject(raw: string): Fields | null {
  try {
    return JSON.parse(raw) as Fields;
  } catch {
    return null;
  }
}

function unknownField(member: JsonMember): FieldError {
  const pointer = `/${member.key.slice(0, echoedFieldCharsMax).replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return { pointer, code: 'unknown_field', message: `${pointer} is not a field` };
}

function refusedMember(member: JsonMember, seen: ReadonlyMap<string, string>): FieldError | null {
  if (!eventFields.has(member.key)) return unknownField(member);
  if (!seen.has(member.key)) return null;
  return { pointer: `/${member.key}`, code: 'invalid_field', message: `${member.key} is given twice` };
}

/** The event, or null after adding to `errors`. */
function readFields(fields: Fields, slices: ReadonlyMap<string, string>, errors: FieldError[]): ParsedEvent | null {
  const add = (field: string, code: ProblemCode, message: string): void => {
    errors.push({ pointer: `/${field}`, code, message: `${field} ${message}` });
  };
  const eventType = readEventType(fields.event_type, add);
  const data = slices.get('data');
  if (data === undefined) add('data', 'missing_field', 'is missing');
  const tenant = readName(fields.tenant, 'tenant', add);
  const sourceId = readName(fields.id, 'id', add);
  const eventTimeMs = readTime(fields.event_time, add);
  const projectFlows = readFlows(fields.project_flow, add);
  // Any JSON value; `null` is the default, so it needs no text of its own.
  const currentContext = fields.current_context == null ? null : (slices.get('current_context') ?? null);
  const resources = sliceOfObject(fields.resources, 'resources', slices, add);
  if (errors.length > 0 || data === undefined) return null;
  return { eventType, tenant, sourceId, eventTimeMs, projectFlows, data, currentContext, resources };
}

type AddError = (field: string, code: ProblemCode, message: string) => void;

function readEventType(value: unknown, add: AddError): string {
  if (value === undefined) add('event_type', 'missing_field', 'is missing');
  else if (typeof value !== 'string' || !isEventType(value))
    add('event_type', 'invalid_field', 'must be words of letters, digits and _, joined by one of . : / -, at most 128 characters');
  else if (isReservedEventType(value)) add('event_type', 'reserved_event_type', 'must not begin with posthorn.');
  return typeof value === 'string' ? value : '';
}

function readName(value: unknown, field: string, add: AddError): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && name.test(value)) return value;
  add(field, 'invalid_field', 'must be 1 to 128 letters, digits or one of _ . : -');
  return null;
}

function readTime(value: unknown, add: AddError): number | null {
  if (value === undefined || value === null) return null;
  const timeMs = typeof value === 'string' ? parseRfc3339(value) : null;
  if (timeMs === null) add('event_time', 'invalid_field', 'must be an RFC 3339 time, such as 2025-01-31T12:00:00.000Z');
  return timeMs;
}

function readFlows(value: unknown, add: AddError): readonly string[] {
  if (value === undefined || value === null) return [];
  const flows: readonly unknown[] = Array.isArray(value) ? value : [value];
  const good = flows.length <= projectFlowsMax && flows.every(isFlow);
  if (good) return flows;
  add(
    'project_flow',
    'invalid_field',
    `must be a string of 1 to ${projectFlowCharsMax} characters, or a list of at most ${projectFlowsMax}`,
  );
  return [];
}

function isFlow(value: unknown): value is string {
  return typeof value === 'string' && flow.test(value);
}

function sliceOfObject(value: unknown, field: string, slices: ReadonlyMap<string, string>, add: AddError): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'object' && !Array.isArray(value)) return slices.get(field) ?? null;
  add(field, 'invalid_field', 'must be an object');
  return null;
}
