// A version of a webhook as the body that would bring it back. Secret values are in no version: those that are there now stay where they still
// have a place, those that are gone have to be given.
import { isDeepStrictEqual } from 'node:util';
import {
  type Authentication,
  type FieldError,
  hiddenValue,
  hideAuthentication,
  hideHeaders,
  keepHidden,
  type OwnHeaders,
  pointerTo,
  problem,
  readAuthentication,
} from '@posthorn/core';
import type { ConfiguredWebhook, WebhookSnapshot } from '@posthorn/db';
import { fieldsOf, newFields, type WebhookFields } from './webhook-fields.js';

/** The configuration of a version, secret values hidden. What it does not have yet is as it is in a new webhook. */
export const fieldsOfSnapshot = (snapshot: WebhookSnapshot): WebhookFields => {
  const headers = hideHeaders(Object.fromEntries((snapshot.header_names ?? []).map((name) => [name, ''])));
  // Its columns are those of a row, but for what was added since.
  const fields = fieldsOf({ row: snapshot as ConfiguredWebhook['row'], authentication: snapshot.authentication, headers });
  return { ...newFields, ...(Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as WebhookFields) };
};

/** Secret values that were given with a restore. */
export type GivenSecrets = { readonly authentication?: unknown; readonly headers?: OwnHeaders };

const gone = (pointer: string): FieldError => ({
  pointer,
  code: 'conflict',
  message: `${pointer} of this version has a secret value that is not kept; give it in the body`,
});
const wrong = (pointer: string, message: string): FieldError => ({ pointer, code: 'invalid_field', message });

const authenticationOf = (now: Authentication, wanted: Authentication, given: unknown, errors: FieldError[]): Authentication => {
  if (given === undefined) {
    if (isDeepStrictEqual(hideAuthentication(now), wanted)) return now;
    if (wanted.type !== 'none') errors.push(gone('/authentication'));
    return wanted;
  }
  const read = readAuthentication(given);
  const kept = read.ok ? keepHidden(read.authentication, now) : read;
  if (!kept.ok) errors.push(...kept.errors);
  else if (isDeepStrictEqual(hideAuthentication(kept.authentication), wanted)) return kept.authentication;
  else errors.push(wrong('/authentication', 'authentication must be of the type, and use the header, that this version has'));
  return wanted;
};

const headersOf = (now: OwnHeaders, wanted: OwnHeaders, given: OwnHeaders, errors: FieldError[]): OwnHeaders => {
  const byName = (headers: OwnHeaders) => new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const [kept, named, places] = [byName(now), byName(given), byName(wanted)];
  for (const name of Object.keys(given))
    if (!places.has(name.toLowerCase())) errors.push(wrong(pointerTo('/headers', name), `${name} is no header of this version`));
  return Object.fromEntries(
    Object.keys(wanted).map((name) => {
      const value = named.get(name.toLowerCase()) ?? hiddenValue;
      const found = value === hiddenValue ? kept.get(name.toLowerCase()) : value;
      if (found === undefined) errors.push(gone(pointerTo('/headers', name)));
      return [name, found ?? hiddenValue];
    }),
  );
};

/**
 * The fields of a version with all secret values in place. Throws `conflict` if some are gone and not given, `invalid_field` if what was given
 * does not belong to the version.
 * @param now the present fields, secret values in place
 */
export const withSecrets = (now: WebhookFields, wanted: WebhookFields, given: GivenSecrets): WebhookFields => {
  const errors: FieldError[] = [];
  const authentication = authenticationOf(now.authentication, wanted.authentication, given.authentication, errors);
  const headers = headersOf(now.headers, wanted.headers, given.headers ?? {}, errors);
  const first = errors.find(({ code }) => code !== 'conflict') ?? errors[0];
  if (first !== undefined) throw problem(first.code === 'conflict' ? 'conflict' : 'invalid_field', first.message, { errors });
  return { ...wanted, authentication, headers };
};
