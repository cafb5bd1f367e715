// The errors of a dialect's routes: found in our words, told in its own, at the places of its own body.
import { fieldErrorsMax, ProblemError, problems } from '@posthorn/core';
import type { Dialect, Reading } from '@posthorn/dialects';
import { type ErrorForm, toProblem } from '../errors.js';

/** @param schema `$id` of the schema of its errors */
export const errorFormOf = (dialect: Dialect, mediaType: string, schema: string): ErrorForm => ({
  mediaType,
  schema,
  body: ({ status, code, title, message, errors }) => dialect.errorBody({ status, code, title, detail: message, errors }),
});

/** A problem whose places are those of the dialect's body already. */
class PlacedProblem extends ProblemError {}

const codes = { 403: 'forbidden', 404: 'not_found', 422: 'invalid_field' } as const;

/** The problem of a body that the dialect refuses; its places are right already. */
export const refusal = ({ status, errors }: Extract<Reading, { readonly ok: false }>) => {
  const [first] = errors;
  const named = first?.code;
  const code =
    named === 'unknown_field' || named === 'missing_field' || named === 'tenant_forbidden' || named === 'not_found' ? named : codes[status];
  return new PlacedProblem(code, first?.message ?? problems[code].title, { errors: errors.slice(0, fieldErrorsMax) });
};

/** A message that begins with the place of ours, or its member's name, begins with that of theirs. */
const renamedIn = (message: string, ours: string, theirs: string): string => {
  if (ours === '' || theirs === '') return message;
  if (message.startsWith(ours)) return theirs + message.slice(ours.length);
  if (!message.startsWith(`${ours.slice(1)} `)) return message;
  // A member of the body itself is told by its name, one that lies deeper by its place.
  return (theirs.lastIndexOf('/') === 0 ? theirs.slice(1) : theirs) + message.slice(ours.length - 1);
};

/** What `work` gives; a problem that it throws names the places of our body, and is thrown on with those of the dialect's. */
export const placedIn = async <T>(dialect: Dialect, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PlacedProblem) throw error;
    const { code, message, errors, headers } = toProblem(error as Error);
    if (errors.length === 0) throw error;
    const placed = errors.map((each) => {
      const pointer = dialect.placeOf(each.pointer);
      return { ...each, pointer, message: renamedIn(each.message, each.pointer, pointer) };
    });
    const at = errors.findIndex((each) => each.message === message);
    throw new PlacedProblem(code, placed[at]?.message ?? message, { errors: placed, headers });
  }
};
