// What is written of a webhook, judged whole: everything that is wrong with it is named at once. A field whose shape is wrong is not looked
// at further, and rules over several fields apply when each of these is right by itself.
import {
  canCarryResources,
  checkContext,
  checkFilter,
  checkFilterMembers,
  checkHeaders,
  checkHeadersTogether,
  checkSignatureHeader,
  eventLimits,
  type FieldError,
  fieldErrorsMax,
  isEventTypePattern,
  isJsonObject,
  isName,
  isSecret,
  keepHidden,
  keepHiddenHeaders,
  type OwnHeaders,
  type ProblemCode,
  problem,
  problems,
  readAuthentication,
  type SignatureHeader,
} from '@posthorn/core';
import type { UrlVerdict } from '@posthorn/egress';
import { toProblem } from '../errors.js';
import { isStorableText, whyUnstorable } from '../storable.js';
import { defaultNotification, type WebhookFields } from '../webhook-fields.js';
import { type ChangedWebhookBody, fixedFields, metadataMembersMax, type NewWebhookBody, readOnlyFields } from './webhook-schema.js';

/** One thing that is wrong, and the code of the whole problem if it is the first. */
type Complaint = FieldError & { readonly problem: ProblemCode };
type Body = ChangedWebhookBody & Pick<Partial<NewWebhookBody>, 'tenant' | 'secret'>;

export type BodyRules = { readonly isNew: boolean; readonly checkUrl: (url: string) => UrlVerdict };

const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(problems, code);
const complaintOf = (error: FieldError): Complaint => ({ ...error, problem: isProblemCode(error.code) ? error.code : 'invalid_field' });
const complain = (pointer: string, message: string, code: ProblemCode = 'invalid_field'): Complaint =>
  complaintOf({ pointer, code, message });
const fieldOf = (pointer: string): string => pointer.split('/')[1] ?? '';

/** What the shape has against it, once for each place. */
const shapeComplaints = (validation: Error | undefined, rules: BodyRules): readonly Complaint[] => {
  if (validation === undefined) return [];
  const byPointer = new Map<string, Complaint>();
  for (const error of toProblem(validation).errors) {
    if (byPointer.has(error.pointer)) continue;
    const field = error.pointer.slice(1);
    const isShown = error.code === 'unknown_field' && (readOnlyFields.has(field) || (!rules.isNew && fixedFields.has(field)));
    byPointer.set(error.pointer, complaintOf(isShown ? { ...error, message: `${error.pointer} cannot be written` } : error));
  }
  return [...byPointer.values()];
};

const textComplaints = (field: string, value: unknown): readonly Complaint[] => {
  const why = whyUnstorable(value, eventLimits.depthMax);
  if (why === 'depth') return [complain(`/${field}`, `${field} is nested in more than ${eventLimits.depthMax} levels`, 'nesting_too_deep')];
  if (why === 'number') return [complain(`/${field}`, `${field} has a number beyond all that can be stored`)];
  return why === 'text' ? [complain(`/${field}`, `${field} has a character that cannot be stored`)] : [];
};

/** Pointers and messages of core are relative to the field. */
const within = (field: string, errors: readonly FieldError[]): readonly Complaint[] =>
  errors.map((error) =>
    complaintOf({ ...error, pointer: `/${field}${error.pointer}`, message: `${error.pointer === '' ? '' : `/${field}`}${error.message}` }),
  );

/** What is wrong with the URL as text; everything else is the address guard's no. */
const urlShapeRules: ReadonlySet<string> = new Set(['length', 'characters', 'syntax', 'scheme', 'user_info']);

const urlComplaints = (verdict: UrlVerdict): readonly Complaint[] => {
  if (verdict.ok) return [];
  const code = urlShapeRules.has(verdict.rule) ? 'invalid_field' : 'blocked_address';
  return [{ pointer: '/url', code: verdict.rule, message: verdict.message, problem: code }];
};

const line = (field: 'name' | 'description' | 'reference' | 'reference_origin', value: unknown): readonly Complaint[] =>
  isStorableText((value as string | null) ?? '') ? [] : [complain(`/${field}`, `${field} has a character that cannot be stored`)];

type Check = (value: unknown, rules: BodyRules) => readonly Complaint[];

/** Each field by itself; its shape is right. */
const checks: Readonly<Partial<Record<keyof Body, Check>>> = {
  name: (value) => line('name', value),
  description: (value) => line('description', value),
  reference: (value) => line('reference', value),
  reference_origin: (value) => line('reference_origin', value),
  url: (value, { checkUrl }) => urlComplaints(checkUrl(value as string)),
  tenant: (value) => (isName(value as string) ? [] : [complain('/tenant', 'tenant must be 1 to 128 letters, digits or one of _ . : -')]),
  secret: (value) =>
    isSecret(value as string)
      ? []
      : [complain('/secret', 'secret must be whsec_ and base64 of 24 to 64 bytes, or 16 to 128 visible ASCII characters')],
  event_types: (value) =>
    (value as string[]).flatMap((pattern, index) =>
      isEventTypePattern(pattern) ? [] : [complain(`/event_types/${index}`, `${pattern} is no event type and no pattern`)],
    ),
  context: (value) => firstOf(within('context', checkContext(value)), () => textComplaints('context', value)),
  filter: (value) =>
    firstOf(within('filter', checkFilter(value)), () =>
      firstOf(within('filter', checkFilterMembers(value)), () => textComplaints('filter', value)),
    ),
  metadata: (value) => textComplaints('metadata', value),
  signature_header: (value) => checkSignatureHeader(value).map(complaintOf),
  authentication: (value) => {
    const read = readAuthentication(value);
    return read.ok ? [] : read.errors.map(complaintOf);
  },
  // The sizes of all together are those of the result.
  headers: (value, { isNew }) => checkHeaders(isNew ? value : withoutNulls(value as object)).map(complaintOf),
};

const firstOf = (complaints: readonly Complaint[], next: () => readonly Complaint[]): readonly Complaint[] =>
  complaints.length > 0 ? complaints : next();

const withoutNulls = <T>(members: object): Record<string, T> =>
  Object.fromEntries(Object.entries(members).filter((member): member is [string, T] => member[1] !== null));

/** `base` with the named members replaced, and without those that are named with null. */
export const mergeMembers = <T>(
  base: Readonly<Record<string, T>>,
  named: object,
  sameName = (name: string): string => name,
): Record<string, T> => {
  const taken = new Set(Object.keys(named).map(sameName));
  return { ...Object.fromEntries(Object.entries(base).filter(([name]) => !taken.has(sameName(name)))), ...withoutNulls<T>(named) };
};

/** The fields with the body's in their places; fields in `wrong` stay as they were. Adds what cannot be kept hidden to `complaints`. */
const mergeFields = (base: WebhookFields, body: Body, rules: BodyRules, wrong: Set<string>, complaints: Complaint[]): WebhookFields => {
  const { authentication, headers, notification, metadata, url, is_active: _, tenant: _tenant, secret: _secret, ...plain } = body;
  const right = <T>(field: string, value: T | undefined): value is T => value !== undefined && !wrong.has(field);
  const fail = (errors: readonly FieldError[]): void => {
    for (const error of errors) {
      complaints.push(complaintOf(error));
      wrong.add(fieldOf(error.pointer));
    }
  };
  const merged: { -readonly [K in keyof WebhookFields]: WebhookFields[K] } = {
    ...base,
    ...(Object.fromEntries(Object.entries(plain).filter(([field, value]) => right(field, value))) as Partial<WebhookFields>),
  };
  if (right('url', url)) {
    const verdict = rules.checkUrl(url);
    if (verdict.ok) merged.url = verdict.url;
  }
  if (right('authentication', authentication)) {
    const read = readAuthentication(authentication);
    const kept = read.ok ? keepHidden(read.authentication, base.authentication) : read;
    if (kept.ok) merged.authentication = kept.authentication;
    else fail(kept.errors);
  }
  if (right('headers', headers)) {
    const kept = keepHiddenHeaders(
      mergeMembers(base.headers, headers as OwnHeaders, (name) => name.toLowerCase()),
      base.headers,
    );
    if (kept.ok) merged.headers = kept.headers;
    else fail(kept.errors);
  }
  if (right('notification', notification))
    merged.notification = { ...defaultNotification, ...mergeMembers<unknown>(base.notification, notification) };
  if (right('metadata', metadata)) merged.metadata = rules.isNew ? metadata : mergeMembers<unknown>(base.metadata, metadata);
  return merged;
};

/** What the fields have against each other. */
const togetherComplaints = (fields: WebhookFields, body: Body, wrong: ReadonlySet<string>): readonly Complaint[] => {
  const concerns = (...names: readonly (keyof Body)[]): boolean =>
    names.some((name) => body[name] !== undefined) && !names.some((name) => wrong.has(name));
  const complaints: Complaint[] = [];
  if (concerns('include_resources', 'payload_format') && fields.include_resources.length > 0 && !canCarryResources(fields.payload_format)) {
    const message = `payload_format ${fields.payload_format} has no place for include_resources`;
    complaints.push(complain(body.include_resources === undefined ? '/payload_format' : '/include_resources', message));
  }
  if (concerns('headers')) complaints.push(...checkHeaders(fields.headers).map(complaintOf));
  if (complaints.length === 0 && concerns('headers', 'authentication', 'signature_header')) {
    const { headers, authentication, signature_header } = fields;
    complaints.push(
      ...checkHeadersTogether({ headers, authentication, signatureHeader: signature_header as SignatureHeader | null }).map(complaintOf),
    );
  }
  if (concerns('metadata') && Object.keys(fields.metadata).length > metadataMembersMax)
    complaints.push(complain('/metadata', `metadata has at most ${metadataMembersMax} members`));
  return complaints;
};

/**
 * The fields that a body makes of `base`; throws a problem that names everything that is wrong.
 * @param validation what the shape has against the body, if anything
 */
export const readWebhookBody = (base: WebhookFields, body: Body, validation: Error | undefined, rules: BodyRules): WebhookFields => {
  const complaints = [...shapeComplaints(validation, rules)];
  const isObject = isJsonObject(body);
  if (!isObject && complaints.length === 0) complaints.push(complain('', 'the body must be an object'));
  const wrong = new Set(complaints.map((each) => fieldOf(each.pointer)));
  if (isObject) {
    for (const [field, value] of Object.entries(body)) {
      const check = Object.hasOwn(checks, field) ? checks[field as keyof Body] : undefined;
      if (check === undefined || wrong.has(field)) continue;
      const found = check(value, rules);
      if (found.length > 0) wrong.add(field);
      complaints.push(...found);
    }
  }
  const fields = isObject ? mergeFields(base, body, rules, wrong, complaints) : base;
  if (isObject) complaints.push(...togetherComplaints(fields, body, wrong));
  const [first] = complaints;
  if (first === undefined) return fields;
  const errors = complaints.slice(0, fieldErrorsMax).map(({ pointer, code, message }) => ({ pointer, code, message }));
  throw problem(first.problem, first.message, { errors });
};
