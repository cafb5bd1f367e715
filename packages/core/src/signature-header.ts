// A signature as other systems have it, in a header of the webhook's choice: HMAC-SHA256 of the body alone. It stands beside
// `webhook-signature`, and does not protect against an old request that is sent again.
import { createHmac } from 'node:crypto';
import { isJsonObject, unknownFields } from './field-errors.js';
import { headerNameRefusal, headerValueCharsMax, isHeaderValue } from './header-rules.js';
import type { FieldError, ProblemCode } from './problems.js';

/** `value` has exactly one of `{hex}`, `{base64}`, `{base64url}` (without padding), where the signature goes; the rest is sent as it is. */
export type SignatureHeader = { readonly name: string; readonly value: string };

/** Characters of a template; what it becomes is at most 64 longer. */
export const signatureTemplateCharsMax = headerValueCharsMax - 64;

const placeholder = /\{(hex|base64url|base64)\}/;
const placeholders = new RegExp(placeholder, 'g');

/** What is wrong with `signature_header` of a webhook as it was written: null, or an object that is a `SignatureHeader`. Empty: nothing. */
export function checkSignatureHeader(value: unknown): readonly FieldError[] {
  if (value === null) return [];
  if (!isJsonObject(value)) return [fieldError('', 'invalid_field', 'must be null or an object')];
  const errors: FieldError[] = [...unknownFields(value, ['name', 'value'], '/signature_header')];
  for (const [field, refusal] of [['name', nameRefusal(value.name)] as const, ['value', templateRefusal(value.value)] as const]) {
    if (value[field] === undefined) errors.push(fieldError(`/${field}`, 'missing_field', 'is missing'));
    else if (refusal !== null) errors.push(fieldError(`/${field}`, 'invalid_field', refusal));
  }
  return errors;
}

/**
 * Name and value of the header to send. The key is the UTF-8 bytes of the secret as shown, so `whsec_…` is not decoded here.
 * The header has room for one signature: while a rotation overlaps, give the current secret, which alone signs it.
 */
export function signatureHeader(template: SignatureHeader, secretAsShown: string, body: string): readonly [name: string, value: string] {
  const value = template.value.replace(placeholder, (_, encoding: 'hex' | 'base64' | 'base64url') =>
    createHmac('sha256', Buffer.from(secretAsShown)).update(body).digest(encoding),
  );
  return [template.name, value];
}

function nameRefusal(name: unknown): string | null {
  return typeof name === 'string' ? headerNameRefusal(name) : 'must be a string';
}

function templateRefusal(template: unknown): string | null {
  if (typeof template !== 'string') return 'must be a string';
  if (template.length > signatureTemplateCharsMax || !isHeaderValue(template))
    return `must be 1 to ${signatureTemplateCharsMax} characters of visible ASCII with spaces and tabs inside only`;
  return template.match(placeholders)?.length === 1 ? null : 'must have exactly one of {hex}, {base64}, {base64url}';
}

function fieldError(path: string, code: ProblemCode, message: string): FieldError {
  return { pointer: `/signature_header${path}`, code, message: `signature_header${path.replace('/', '.')} ${message}` };
}
