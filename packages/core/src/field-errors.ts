// Says where in a request something is wrong, as RFC 6901 pointers that repeat no more of the request than they must.
import { echoedFieldCharsMax, fieldErrorsMax } from './event.js';
import type { FieldError } from './problems.js';

/** The pointer of a member of what `parent` points at (`''` is the whole); a long name is cut off. */
export function pointerTo(parent: string, name: string): string {
  return `${parent}/${name.slice(0, echoedFieldCharsMax).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** One `unknown_field` for each member of `object` that is not among `known`, for as many as an answer names. */
export function unknownFields(object: object, known: readonly string[], parent: string): readonly FieldError[] {
  return Object.keys(object)
    .filter((name) => !known.includes(name))
    .slice(0, fieldErrorsMax)
    .map((name) => {
      const pointer = pointerTo(parent, name);
      return { pointer, code: 'unknown_field', message: `${pointer} is not a field` };
    });
}

/** Whether a value is what JSON calls an object. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
