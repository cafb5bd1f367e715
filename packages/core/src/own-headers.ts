// Headers that a webhook adds to its requests. Names that belong to others are refused when written, and left out when sent;
// values may contain `{event_type}` and are shown as `<hidden>`.
import { type Authentication, authenticationHeader, hiddenValue } from './authentication.js';
import { eventTypeCharsMax } from './event-type.js';
import { isJsonObject, pointerTo } from './field-errors.js';
import { headerNameRefusal, headerValueCharsMax, isDeniedHeader, isHeaderValue } from './header-rules.js';
import type { FieldError } from './problems.js';
import type { SignatureHeader } from './signature-header.js';

/** Value by name, as they are sent. */
export type OwnHeaders = Readonly<Record<string, string>>;

export type OwnHeadersResult =
  | { readonly ok: true; readonly headers: OwnHeaders }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/** How many own headers a webhook has, and how many bytes their names and values have together. */
export const ownHeadersMax = 20;
export const ownHeadersBytesMax = 16 * 1024;

const eventTypePlaceholder = '{event_type}';

/**
 * What is wrong with `headers` of a webhook, each by itself and all together; empty: nothing. Sizes are those that they have with the
 * longest event type. `null`, which removes a member in a PATCH, is not known here: check what the PATCH leaves.
 */
export function checkHeaders(headers: unknown): readonly FieldError[] {
  if (!isJsonObject(headers)) return [{ pointer: '/headers', code: 'invalid_field', message: 'headers must be an object' }];
  const entries = Object.entries(headers);
  if (entries.length > ownHeadersMax)
    return [{ pointer: '/headers', code: 'invalid_field', message: `headers has at most ${ownHeadersMax} members` }];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  let bytes = 0;
  for (const [name, value] of entries) {
    const lower = name.toLowerCase();
    const refusal = headerNameRefusal(name) ?? (seen.has(lower) ? 'is given twice, and case does not count' : valueRefusal(value));
    if (refusal !== null) errors.push(headerError(name, refusal));
    else bytes += name.length + sentChars(value as string);
    seen.add(lower);
  }
  if (bytes > ownHeadersBytesMax)
    errors.push({
      pointer: '/headers',
      code: 'invalid_field',
      message: `headers has at most ${ownHeadersBytesMax} bytes in names and values`,
    });
  return errors;
}

/**
 * Whether the headers that a webhook chooses get in each other's way: an own header that is the authentication's or the signature's, an own
 * `authorization` beside any authentication, a signature in the authentication's header. Each must have passed its own check.
 */
export function checkHeadersTogether(webhook: {
  readonly headers: OwnHeaders;
  readonly authentication: Authentication;
  readonly signatureHeader: SignatureHeader | null;
}): readonly FieldError[] {
  const authenticationName = authenticationHeader(webhook.authentication)?.[0] ?? null;
  const signatureName = webhook.signatureHeader?.name.toLowerCase() ?? null;
  const errors = Object.keys(webhook.headers).flatMap((name): FieldError[] => {
    const lower = name.toLowerCase();
    if (lower === authenticationName) return [headerError(name, 'is the header of the authentication')];
    if (lower === signatureName) return [headerError(name, 'is the header of signature_header')];
    if (lower === 'authorization' && authenticationName !== null) return [headerError(name, 'may be set only without authentication')];
    return [];
  });
  if (signatureName !== null && signatureName === authenticationName) {
    const message = 'signature_header.name is the header of the authentication';
    errors.push({ pointer: '/signature_header/name', code: 'invalid_field', message });
  }
  return errors;
}

/** Name, value, name, value … as they are sent for an event of this type. What may not be set any more is left out. */
export function renderHeaders(headers: OwnHeaders, event: { readonly eventType: string }): string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    isDeniedHeader(name) ? [] : [name, value.replaceAll(eventTypePlaceholder, () => event.eventType)],
  );
}

/** The same as they may be shown. */
export function hideHeaders(headers: OwnHeaders): OwnHeaders {
  return Object.fromEntries(Object.keys(headers).map((name) => [name, hiddenValue]));
}

/** `next` with each `<hidden>` replaced by what that header has in `current`, whatever the case of its name; without one it is refused. */
export function keepHiddenHeaders(next: OwnHeaders, current: OwnHeaders): OwnHeadersResult {
  const kept = new Map(Object.entries(current).map(([name, value]) => [name.toLowerCase(), value]));
  const errors: FieldError[] = [];
  const headers = Object.entries(next).map(([name, value]) => {
    if (value !== hiddenValue) return [name, value] as const;
    const keptValue = kept.get(name.toLowerCase());
    if (keptValue === undefined) errors.push(headerError(name, `is ${hiddenValue}, but there is no value to keep`));
    return [name, keptValue ?? value] as const;
  });
  return errors.length > 0 ? { ok: false, errors } : { ok: true, headers: Object.fromEntries(headers) };
}

function headerError(name: string, message: string): FieldError {
  const pointer = pointerTo('/headers', name);
  return { pointer, code: 'invalid_field', message: `${pointer} ${message}` };
}

function valueRefusal(value: unknown): string | null {
  if (typeof value !== 'string') return 'must be a string';
  if (!isHeaderValue(value)) return 'must be visible ASCII, not empty, with spaces and tabs inside only';
  return sentChars(value) > headerValueCharsMax ? `has at most ${headerValueCharsMax} characters, with the longest event type in it` : null;
}

/** The characters, which are bytes, of a value with the longest event type in it. */
function sentChars(value: string): number {
  const places = value.split(eventTypePlaceholder).length - 1;
  return value.length + places * (eventTypeCharsMax - eventTypePlaceholder.length);
}
