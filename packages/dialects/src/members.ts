// The members of a body, each checked by itself: what is wrong is collected, never thrown.
import { type FieldError, isJsonObject, pointerTo } from '@posthorn/core';

/** What is wrong with a value, as the end of "… must be"; null: nothing. */
export type Check = (value: unknown) => string | null;

export const aText: Check = (value) => (typeof value === 'string' ? null : 'a string');
export const aNonEmptyText: Check = (value) => (typeof value === 'string' && value !== '' ? null : 'a string that is not empty');
export const aBoolean: Check = (value) => (typeof value === 'boolean' ? null : 'true or false');
export const texts: Check = (value) =>
  Array.isArray(value) && value.every((each) => typeof each === 'string') ? null : 'a list of strings';
export const anObject: Check = (value) => (isJsonObject(value) ? null : 'an object');
/** For members that a sample shows and nobody writes: taken, and ignored. */
export const ignored: Check = () => null;
export const orNull =
  (check: Check): Check =>
  (value) =>
    value === null ? null : (check(value)?.concat(' or null') ?? null);

export type Members = Readonly<Record<string, Check>>;

/**
 * What is wrong with an object's members: unknown ones, wrong ones, missing ones.
 * @param at pointer of the object
 */
export const memberErrors = (body: unknown, members: Members, required: readonly string[], at = ''): readonly FieldError[] => {
  if (!isJsonObject(body)) return [{ pointer: at, code: 'invalid_field', message: `${at === '' ? 'the body' : at} must be an object` }];
  const errors: FieldError[] = [];
  for (const name of Object.keys(body)) {
    const pointer = pointerTo(at, name);
    const check = Object.hasOwn(members, name) ? members[name] : undefined;
    if (check === undefined) errors.push({ pointer, code: 'unknown_field', message: `${pointer} is not a field` });
    else {
      const must = check(body[name]);
      if (must !== null) errors.push({ pointer, code: 'invalid_field', message: `${pointer} must be ${must}` });
    }
  }
  for (const name of required)
    if (!Object.hasOwn(body, name)) {
      const pointer = pointerTo(at, name);
      errors.push({ pointer, code: 'missing_field', message: `${pointer} is missing` });
    }
  return errors;
};
