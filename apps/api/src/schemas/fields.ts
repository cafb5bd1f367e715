// The shapes that fields of bodies and answers have in common.
import { Type } from 'typebox';

type Options = { readonly description?: string; readonly default?: string; readonly examples?: readonly unknown[] };

/** The schema, or null. */
export const nullable = <Schema extends Type.TSchema>(schema: Schema, options: Options = {}) =>
  Type.Union([schema, Type.Null()], { ...options });

/** One of these words. */
export const oneOf = <Word extends string>(words: readonly Word[], options: Options = {}) =>
  Type.Unsafe<Word>({ type: 'string', enum: words, ...options });

/** RFC 3339, in UTC with milliseconds. */
export const time = (description?: string) => Type.String({ format: 'date-time', ...(description !== undefined && { description }) });

export const timeOrNull = (description?: string) => nullable(time(), description === undefined ? {} : { description });

export const uuid = (description?: string) => Type.String({ format: 'uuid', ...(description !== undefined && { description }) });

export const count = (description?: string) => Type.Integer({ minimum: 0, ...(description !== undefined && { description }) });

/** An object with any members. */
export const anyObject = (options: Options = {}) =>
  Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object', additionalProperties: true, ...options });

/** An object whose members are all of one shape. */
export const objectOf = <Schema extends Type.TSchema>(member: Schema, options: Options = {}) =>
  Type.Unsafe<Readonly<Record<string, Type.Static<Schema>>>>({ type: 'object', additionalProperties: member, ...options });

/** Any JSON value. */
export const anyJson = (description: string) => Type.Unknown({ description });

/** A 204. */
export const nothing = (description: string) => Type.Null({ description });

/**
 * A part of a body whose shape the validator leaves to the code that reads it, which says better what is wrong: `checked` is what the validator
 * asks for, `shown` what the OpenAPI document says.
 */
export const shownAs = <Shown extends Type.TSchema>(checked: object, shown: Shown) =>
  Type.Unsafe<Type.Static<Shown>>({ ...checked, [shownKey]: shown });
export const shownKey = 'x-shown';
