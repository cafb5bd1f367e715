// What is written of an event type, judged whole: sizes, that the schema compiles, and that the example fits it.
import { type FieldError, isEventType, isReservedEventType, type ProblemCode, problem } from '@posthorn/core';
import type { EventTypeFields } from '@posthorn/db';
import { type JudgeData, tryEventSchema } from '../event-schemas-compiler.js';
import { limits } from '../limits.js';
import type { ChangedEventTypeBody } from '../schemas/event-type.js';
import { isStorableText, whyUnstorable } from '../storable.js';

const refuse = (errors: readonly [FieldError, ...FieldError[]]): never => {
  throw problem(errors[0].code as ProblemCode, errors[0].message, { errors });
};
const refuseField = (field: string, message: string, code: ProblemCode = 'invalid_field'): never =>
  refuse([{ pointer: `/${field}`, code, message: `${field} ${message}` }]);

/** Throws for what is no event type, or one of ours. */
export const checkName = (name: string): void => {
  if (!isEventType(name)) refuseField('name', 'must be words of letters, digits and _, joined by one of . : / -, at most 128 characters');
  if (isReservedEventType(name)) refuseField('name', 'must not begin with posthorn.', 'reserved_event_type');
};

/** A JSON value as the text that is stored, null for null. */
const textOf = (field: 'schema' | 'example', value: unknown, bytesMax: number): string | null => {
  if (value === null) return null;
  const why = whyUnstorable(value, limits.eventTypeDepthMax);
  if (why === 'depth') refuseField(field, `is nested in more than ${limits.eventTypeDepthMax} levels`, 'nesting_too_deep');
  if (why === 'number') refuseField(field, 'has a number beyond all that can be stored');
  if (why === 'text') refuseField(field, 'has a character that cannot be stored');
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > bytesMax) refuseField(field, `has more than ${bytesMax} bytes`);
  return text;
};

const checkExample = (judge: JudgeData, example: string): void => {
  const verdict = judge(JSON.parse(example), example.length);
  if (verdict.kind === 'unchecked') refuseField('schema', `cannot judge the example: it ${verdict.why}`);
  if (verdict.kind !== 'differs') return;
  const [first, ...rest] = verdict.complaints.map(({ pointer, message }): FieldError => {
    const place = `/example${pointer}`;
    return { pointer: place, code: 'invalid_field', message: `${place} ${message}` };
  });
  if (first !== undefined) refuse([first, ...rest]);
};

/** The fields that a body makes of `base`; throws a problem. Compiles the schema only if it or the example is another one. */
export const readEventTypeBody = (base: EventTypeFields, body: ChangedEventTypeBody): EventTypeFields => {
  const { description = base.description } = body;
  if (description !== null && !isStorableText(description)) refuseField('description', 'has a character that cannot be stored');
  const schema = body.schema === undefined ? base.schema : textOf('schema', body.schema, limits.schemaBytesMax);
  const example = body.example === undefined ? base.example : textOf('example', body.example, limits.exampleBytesMax);
  if (schema !== null && (schema !== base.schema || example !== base.example)) {
    const compiled = tryEventSchema(JSON.parse(schema));
    if (!compiled.ok) return refuseField('schema', `cannot be used: ${compiled.message}`);
    if (example !== null) checkExample(compiled.judge, example);
  }
  return { description, schema, example };
};
