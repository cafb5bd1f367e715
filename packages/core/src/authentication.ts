// How a webhook proves itself to its endpoint with a header that never changes: an API key, a bearer token, or a name and a password.
// What is secret in it is shown as `<hidden>`, and writing `<hidden>` keeps what is there.
import { isJsonObject, unknownFields } from './field-errors.js';
import { headerNameRefusal } from './header-rules.js';
import type { FieldError, ProblemCode } from './problems.js';

/** `header` is in lower case. */
export type Authentication =
  | { readonly type: 'none' }
  | { readonly type: 'api_key'; readonly header: string; readonly value: string }
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'basic'; readonly username: string; readonly password: string };

export type AuthenticationResult =
  | { readonly ok: true; readonly authentication: Authentication }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/** What stands for a secret value wherever it is shown. */
export const hiddenValue = '<hidden>';
/** The header of an API key that names none. */
export const apiKeyHeaderDefault = 'x-api-key';
/** Characters of a key, a token, a user name, a password. */
export const credentialCharsMax = 4096;

const fieldsOf = {
  none: [],
  api_key: ['header', 'value'],
  bearer: ['token'],
  basic: ['username', 'password'],
} as const satisfies Readonly<Record<Authentication['type'], readonly string[]>>;

const types = Object.keys(fieldsOf).join(', ');
// A header's value must not begin or end with a space; `api_key` may have one inside (`Token abc`), a bearer token may not. What RFC 6750
// allows in a token is less than what tokens are made of.
const apiKey = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const bearerToken = /^[\x21-\x7e]+$/;
// Base64 carries any character, but RFC 7617 leaves open in which encoding; a colon ends the user name.
const username = /^[\x20-\x39\x3b-\x7e]*$/;
const password = /^[\x20-\x7e]*$/;

/** Reads `authentication` of a webhook as it was written. All wrong fields are reported at once. */
export function readAuthentication(value: unknown): AuthenticationResult {
  if (!isJsonObject(value)) return { ok: false, errors: [fieldError('', 'invalid_field', 'must be an object')] };
  const { type } = value;
  if (type === undefined) return { ok: false, errors: [fieldError('/type', 'missing_field', 'is missing')] };
  if (!isType(type)) return { ok: false, errors: [fieldError('/type', 'invalid_field', `must be one of ${types}`)] };
  const errors: FieldError[] = [...unknownFields(value, ['type', ...fieldsOf[type]], '/authentication')];
  const authentication = readFields(type, value, errors);
  return errors.length > 0 ? { ok: false, errors } : { ok: true, authentication };
}

/** Name (in lower case) and value of the header to send, or null if there is none. */
export function authenticationHeader(authentication: Authentication): readonly [name: string, value: string] | null {
  switch (authentication.type) {
    case 'none':
      return null;
    case 'api_key':
      return [authentication.header, authentication.value];
    case 'bearer':
      return ['authorization', `Bearer ${authentication.token}`];
    case 'basic':
      return ['authorization', `Basic ${Buffer.from(`${authentication.username}:${authentication.password}`).toString('base64')}`];
  }
}

/** The same as it may be shown. A user name is hidden too: some systems put the key there and leave the password empty. */
export function hideAuthentication(authentication: Authentication): Authentication {
  switch (authentication.type) {
    case 'none':
      return authentication;
    case 'api_key':
      return { ...authentication, value: hiddenValue };
    case 'bearer':
      return { ...authentication, token: hiddenValue };
    case 'basic':
      return { ...authentication, username: hiddenValue, password: hiddenValue };
  }
}

/**
 * `next` with each `<hidden>` replaced by what stands there in `current`, which must be of the same type; else there is nothing to keep.
 * For a new webhook `current` is `{ type: 'none' }`.
 */
export function keepHidden(next: Authentication, current: Authentication): AuthenticationResult {
  const errors: FieldError[] = [];
  const keep = (field: string, value: string, kept: string | null): string => {
    if (value !== hiddenValue) return value;
    if (kept === null) errors.push(fieldError(`/${field}`, 'invalid_field', `is ${hiddenValue}, but there is no value to keep`));
    return kept ?? value;
  };
  const authentication = keepFields(next, current, keep);
  return errors.length > 0 ? { ok: false, errors } : { ok: true, authentication };
}

function isType(value: unknown): value is Authentication['type'] {
  return typeof value === 'string' && Object.hasOwn(fieldsOf, value);
}

function fieldError(path: string, code: ProblemCode, message: string): FieldError {
  return { pointer: `/authentication${path}`, code, message: `authentication${path.replace('/', '.')} ${message}` };
}

/** The authentication, of use only if nothing was added to `errors`. */
function readFields(type: Authentication['type'], fields: Readonly<Record<string, unknown>>, errors: FieldError[]): Authentication {
  const read = (field: string, pattern: RegExp, rule: string): string => {
    const value = fields[field];
    if (typeof value === 'string' && value.length <= credentialCharsMax && pattern.test(value)) return value;
    if (value === undefined) errors.push(fieldError(`/${field}`, 'missing_field', 'is missing'));
    else errors.push(fieldError(`/${field}`, 'invalid_field', `must be at most ${credentialCharsMax} characters of visible ASCII ${rule}`));
    return '';
  };
  switch (type) {
    case 'none':
      return { type };
    case 'api_key':
      return { type, header: readHeader(fields.header, errors), value: read('value', apiKey, 'with spaces inside only, and not empty') };
    case 'bearer':
      return { type, token: read('token', bearerToken, 'without spaces, and not empty') };
    case 'basic': {
      const before = errors.length;
      const basic = {
        type,
        username: read('username', username, 'or spaces, no colon'),
        password: read('password', password, 'or spaces'),
      };
      if (errors.length === before && basic.username === '' && basic.password === '')
        errors.push(fieldError('/username', 'invalid_field', 'and password must not both be empty'));
      return basic;
    }
  }
}

function readHeader(value: unknown, errors: FieldError[]): string {
  if (value === undefined || value === null) return apiKeyHeaderDefault;
  const header = typeof value === 'string' ? value.toLowerCase() : null;
  const refusal = header === null ? 'must be a string' : headerNameRefusal(header);
  if (refusal !== null) errors.push(fieldError('/header', 'invalid_field', refusal));
  return header ?? '';
}

type Keep = (field: string, value: string, kept: string | null) => string;

function keepFields(next: Authentication, current: Authentication, keep: Keep): Authentication {
  switch (next.type) {
    case 'none':
      return next;
    case 'api_key':
      return { ...next, value: keep('value', next.value, current.type === 'api_key' ? current.value : null) };
    case 'bearer':
      return { ...next, token: keep('token', next.token, current.type === 'bearer' ? current.token : null) };
    case 'basic': {
      const kept = current.type === 'basic' ? current : null;
      return {
        ...next,
        username: keep('username', next.username, kept?.username ?? null),
        password: keep('password', next.password, kept?.password ?? null),
      };
    }
  }
}
