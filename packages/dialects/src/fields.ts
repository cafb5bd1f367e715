// The members of a dialect's object, a row each. Reading, renaming, the places of errors and the page of the documents are made of these rows, so
// that they say the same.
import type { FieldError } from '@posthorn/core';
import { type Check, ignored, type Members, memberErrors } from './members.js';

export type Field = {
  /** Its path in the dialect's object, parted by dots: `context.survey`. */
  readonly theirs: string;
  /** Path of the same in ours, api.md §4: of what is written, or of what is shown if it is read alone. Null: ours has no such member. */
  readonly ours: string | null;
  /** `create`: written when the webhook is made, and the same ever after. `read`: what is written is ignored. */
  readonly access: 'write' | 'create' | 'read';
  /** In the body that makes a webhook. */
  readonly isRequired: boolean;
  /** The value is not ours as it stands: the dialect's own code turns it. */
  readonly isTurned: boolean;
  readonly check: Check;
  /** For people: what is to be known about it, as a sentence. */
  readonly note: string;
};

/** A row of the table; what is not said is: written at any time, not required, our value as it stands. */
export const field = (row: Pick<Field, 'theirs' | 'ours' | 'note'> & Partial<Field>): Field => ({
  access: 'write',
  isRequired: false,
  isTurned: false,
  check: ignored,
  ...row,
});

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('.')));
const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
const childrenOf = (fields: readonly Field[], parent: string): readonly Field[] =>
  fields.filter(({ theirs }) => parentOf(theirs) === parent);

/**
 * What is wrong with an object's members, each by itself.
 * @param parent path of the object in the table, `''` for the whole
 * @param at pointer of the object in the body
 */
export const fieldErrors = (fields: readonly Field[], body: unknown, isNew: boolean, parent = '', at = ''): readonly FieldError[] => {
  const children = childrenOf(fields, parent);
  const members: Members = Object.fromEntries(children.map(({ theirs, check }) => [lastOf(theirs), check]));
  const required = isNew ? children.filter(({ isRequired }) => isRequired).map(({ theirs }) => lastOf(theirs)) : [];
  return memberErrors(body, members, required, at);
};

/** The members of a checked body whose values are ours as they stand, under our names. */
export const renamed = (fields: readonly Field[], body: Readonly<Record<string, unknown>>, parent = ''): Record<string, unknown> =>
  Object.fromEntries(
    childrenOf(fields, parent).flatMap(({ theirs, ours, access, isTurned }) => {
      const name = lastOf(theirs);
      return ours !== null && access === 'write' && !isTurned && Object.hasOwn(body, name) ? [[ours, body[name]]] : [];
    }),
  );

/** From a pointer of ours to theirs: the first part is renamed, the rest stands; what theirs cannot say is at the whole. */
export const placeIn =
  (fields: readonly Field[], parent = '', at = '') =>
  (pointer: string): string => {
    const [, first = '', ...rest] = pointer.split('/');
    const found = childrenOf(fields, parent).find(({ ours, access }) => ours === first && access !== 'read');
    return found === undefined ? at : [at, lastOf(found.theirs), ...rest].join('/');
  };
