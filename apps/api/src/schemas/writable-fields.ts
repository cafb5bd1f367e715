// Fields of bodies that may be null, as one schema each: a value of the wrong kind is one complaint and not one for each side of a choice.
import { Type } from 'typebox';

type Options = { readonly description?: string };

const charsOfEmailMax = 254;

/** A text that a person reads in one line. */
export const lineOrNull = (charsMax: number, options: Options = {}) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], pattern: `^[^\\p{Cc}\\p{Cs}]{1,${charsMax}}$`, ...options });

export const emailOrNull = (options: Options = {}) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'email', maxLength: charsOfEmailMax, ...options });

export const integerOrNull = (minimum: number, maximum: number, options: Options = {}) =>
  Type.Unsafe<number | null>({ type: ['integer', 'null'], minimum, maximum, ...options });

export const flagOrNull = (options: Options = {}) => Type.Unsafe<boolean | null>({ type: ['boolean', 'null'], ...options });

export const oneOfOrNull = <Word extends string>(words: readonly Word[], options: Options = {}) =>
  Type.Unsafe<Word | null>({ type: ['string', 'null'], enum: [...words, null], ...options });

/** An environment's or a tenant's name, as it stands in paths and bodies. */
export const namePattern = '^[A-Za-z0-9_.:-]{1,128}$';
export const plainName = (options: Options = {}) => Type.String({ pattern: namePattern, ...options });
