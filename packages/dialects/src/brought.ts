// What comes along from elsewhere: ids and secrets. Dialects with ids of 24 hex digits keep those, and take a secret though their documents name none.
import { type FieldError, isJsonObject } from '@posthorn/core';
import type { FromExport } from './dialect.js';
import { field } from './fields.js';
import { aText } from './members.js';

/** The row of the member that both dialects have beyond their documents. */
export const secretField = field({
  theirs: 'secret',
  ours: 'secret',
  access: 'create',
  isTurned: true,
  check: aText,
  note: 'Not in its document: a secret that its receivers have already. Exports show it if they are asked for secrets.',
});

export const secretErrors = (body: unknown, isNew: boolean): readonly FieldError[] =>
  !isNew && isJsonObject(body) && Object.hasOwn(body, 'secret')
    ? [{ pointer: '/secret', code: 'unknown_field', message: '/secret cannot be changed' }]
    : [];

/** Of a checked body that makes a webhook. */
export const writtenSecret = (body: Readonly<Record<string, unknown>>): { readonly secret?: unknown } =>
  Object.hasOwn(body, 'secret') ? { secret: body.secret } : {};

/** What is no object, for `read` to say so. */
export const unreadable = (body: unknown): FromExport => ({ body, objectId: null, oldId: null, hasSecret: false });

/** A member that is a text, else null. */
export const textOf = (object: Readonly<Record<string, unknown>>, name: string): string | null => {
  const value = Object.hasOwn(object, name) ? object[name] : null;
  return typeof value === 'string' ? value : null;
};

const objectIdPattern = /^[0-9a-f]{24}$/i;

/** What their members are besides is what `read` takes. */
export const fromExportWithObjectId = (object: unknown): FromExport => {
  if (!isJsonObject(object)) return unreadable(object);
  const id = textOf(object, '_id');
  return {
    body: object,
    objectId: id !== null && objectIdPattern.test(id) ? id.toLowerCase() : null,
    oldId: id,
    hasSecret: textOf(object, 'secret') !== null,
  };
};
