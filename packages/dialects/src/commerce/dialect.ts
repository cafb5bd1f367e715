// Dialect 001: a JSON:API resource of type `webhooks`. Its attributes that begin with `_` are wishes and not values: `false` and `null` wish for
// nothing. Metadata are written whole, as its clients know it.
import { isJsonObject } from '@posthorn/core';
import { textOf, unreadable } from '../brought.js';
import type { Dialect, DialectProblem, FromExport, Reading, ReadRules, ShownWebhook } from '../dialect.js';
import { fieldErrors, placeIn, renamed } from '../fields.js';
import { anObject, ignored, memberErrors } from '../members.js';
import { fields } from './fields.js';

const at = '/data/attributes';

/** What a webhook made in this dialect is, beyond what is written of it. */
const ofNewOnes = {
  payload_format: 'jsonapi',
  signature_header: { name: 'x-commercelayer-signature', value: '{base64}' },
  headers: { 'x-commercelayer-topic': '{event_type}' },
} as const;

const refuse = (status: 403 | 422, pointer: string, code: string, message: string): Reading => ({
  ok: false,
  status,
  errors: [{ pointer, code, message: `${pointer} ${message}` }],
});

/** `*` is no list; several are joined by commas. */
const eventTypesOf = (topic: string): readonly string[] => (topic === '*' ? [] : topic.split(',').map((each) => each.trim()));
const topicOf = (eventTypes: readonly string[]): string => (eventTypes.length === 0 ? '*' : eventTypes.join(','));

/** Members that are not named any more are removed. */
const metadataOf = (written: Readonly<Record<string, unknown>> | null, before: ReadRules['before']): Record<string, unknown> => ({
  ...Object.fromEntries(Object.keys(before?.metadata ?? {}).map((name) => [name, null])),
  ...written,
});

const shapeErrors = (body: unknown, isNew: boolean) => {
  if (!isJsonObject(body)) return memberErrors(body, { data: anObject }, []);
  const outer = memberErrors(body, { data: anObject, included: ignored, meta: ignored, links: ignored }, ['data']);
  if (outer.length > 0) return outer;
  const data = body.data as Readonly<Record<string, unknown>>;
  const inner = fieldErrors(fields, data, true, '', '/data');
  if (inner.length > 0) return inner;
  return fieldErrors(fields, data.attributes, isNew, 'attributes', at);
};

const read = (body: unknown, { isNew, role, before, random }: ReadRules): Reading => {
  const errors = shapeErrors(body, isNew);
  if (errors.length > 0) return { ok: false, status: 422, errors };
  const { data } = body as { readonly data: { readonly type: string; readonly attributes: Readonly<Record<string, unknown>> } };
  if (data.type !== 'webhooks') return refuse(422, '/data/type', 'invalid_field', 'must be webhooks');
  const written = data.attributes;
  const [disable, enable, resetCircuit] = [written._disable === true, written._enable === true, written._reset_circuit === true];
  if (disable && enable) return refuse(422, `${at}/_enable`, 'invalid_field', 'contradicts _disable');
  if (resetCircuit && role === 'channel') return refuse(403, `${at}/_reset_circuit`, 'forbidden', 'cannot be passed by sales channels');
  return {
    ok: true,
    webhook: {
      ...renamed(fields, written, 'attributes'),
      ...(written.include_resources === null && { include_resources: [] }),
      ...(written.topic !== undefined && { event_types: eventTypesOf(written.topic as string) }),
      ...(written.metadata !== undefined && { metadata: metadataOf(written.metadata as Readonly<Record<string, unknown>> | null, before) }),
      ...((disable || enable) && { is_active: enable }),
      ...(isNew && { ...ofNewOnes, secret: written.shared_secret ?? random.toString('hex') }),
    },
    resetCircuit,
    kept: undefined,
  };
};

const show = (webhook: ShownWebhook, secret: string | null, origin: string) => {
  const self = `${origin}/api/webhooks/${webhook.id}`;
  const related = (name: string) => ({ links: { self: `${self}/relationships/${name}`, related: `${self}/${name}` } });
  return {
    id: webhook.id,
    type: 'webhooks',
    links: { self },
    attributes: {
      name: webhook.name,
      topic: topicOf(webhook.event_types),
      callback_url: webhook.url,
      include_resources: webhook.include_resources,
      disabled_at: webhook.disabled_at,
      circuit_state: webhook.circuit_state === 'closed' ? 'closed' : 'open',
      circuit_failure_count: webhook.circuit_failure_count,
      shared_secret: secret,
      created_at: webhook.created_at,
      updated_at: webhook.updated_at,
      reference: webhook.reference,
      reference_origin: webhook.reference_origin,
      metadata: webhook.metadata,
    },
    relationships: { last_event_callbacks: related('last_event_callbacks'), versions: related('versions') },
    meta: { mode: webhook.mode },
  };
};

const placeInAttributes = placeIn(fields, 'attributes', at);

/** A topic is one text: it has no places of its own. */
const placeOf = (pointer: string): string => placeInAttributes(pointer.startsWith('/event_types/') ? '/event_types' : pointer);

/** What clients put beside the attributes when they flatten a resource, and the relationships that they may have fetched with it. */
const notAttributes: ReadonlySet<string> = new Set([
  'id',
  'type',
  'links',
  'meta',
  'relationships',
  'last_event_callbacks',
  'versions',
  'event_stores',
]);
const unflattened = (object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  type: 'webhooks',
  ...Object.fromEntries(Object.entries(object).filter(([name]) => name === 'id' || name === 'type')),
  attributes: Object.fromEntries(Object.entries(object).filter(([name]) => !notAttributes.has(name))),
});

/** What was disabled is made disabled; a secret that was not shown is made anew. */
const asNew = (written: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const { shared_secret: secret, ...rest } = written;
  const isDisabled = written.disabled_at !== undefined && written.disabled_at !== null && written._enable !== true;
  return {
    ...rest,
    ...(secret !== undefined && secret !== null && { shared_secret: secret }),
    ...(isDisabled && { _disable: true }),
  };
};

/** A document, a resource, or a resource as clients flatten it. */
const fromExport = (object: unknown): FromExport => {
  if (!isJsonObject(object)) return unreadable(object);
  const inner = Object.hasOwn(object, 'data') ? object.data : object;
  if (!isJsonObject(inner)) return unreadable(object);
  const resource = inner === object && !Object.hasOwn(object, 'attributes') ? unflattened(object) : inner;
  const { attributes } = resource;
  return {
    body: { data: isJsonObject(attributes) ? { ...resource, attributes: asNew(attributes) } : resource },
    objectId: null,
    oldId: textOf(resource, 'id'),
    hasSecret: isJsonObject(attributes) && textOf(attributes, 'shared_secret') !== null,
  };
};

const errorBody = ({ status, code, title, detail, errors }: DialectProblem) => {
  const common = { title, code: status === 422 ? 'VALIDATION_ERROR' : code.toUpperCase(), status: String(status) };
  if (errors.length === 0) return { errors: [{ ...common, detail, meta: { error: code } }] };
  return {
    errors: errors.map(({ pointer, code: error, message }) => {
      const source = pointer === '' || pointer.startsWith('/') ? { pointer } : { parameter: pointer };
      return { ...common, detail: message, source, meta: { error } };
    }),
  };
};

export const commerce: Dialect = { name: '001', fields, read, show, fromExport, placeOf, errorBody };
