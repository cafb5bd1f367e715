// Dialect 001: a JSON:API resource of type `webhooks`. Its attributes that begin with `_` are wishes and not values: `false` and `null` wish for
// nothing. Metadata are written whole, as its clients know it.
import { isJsonObject } from '@posthorn/core';
import type { Dialect, DialectProblem, Reading, ReadRules, ShownWebhook } from '../dialect.js';
import { aBoolean, anObject, aText, ignored, memberErrors, orNull, renamed, texts } from '../members.js';

const at = '/data/attributes';
const plain = {
  name: 'name',
  callback_url: 'url',
  include_resources: 'include_resources',
  reference: 'reference',
  reference_origin: 'reference_origin',
} as const;
const names: Readonly<Record<string, string>> = {
  ...plain,
  topic: 'event_types',
  metadata: 'metadata',
  shared_secret: 'secret',
  _disable: 'is_active',
};

const attributes = {
  name: orNull(aText),
  topic: aText,
  callback_url: aText,
  include_resources: orNull(texts),
  reference: orNull(aText),
  reference_origin: orNull(aText),
  metadata: orNull(anObject),
  _disable: orNull(aBoolean),
  _enable: orNull(aBoolean),
  _reset_circuit: orNull(aBoolean),
  shared_secret: orNull(aText),
  disabled_at: ignored,
  circuit_state: ignored,
  circuit_failure_count: ignored,
  created_at: ignored,
  updated_at: ignored,
};
const resource = { type: aText, id: ignored, attributes: anObject, relationships: ignored, links: ignored, meta: ignored };

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
const metadataOf = (written: Readonly<Record<string, unknown>> | null, before: ShownWebhook | null): Record<string, unknown> => ({
  ...Object.fromEntries(Object.keys(before?.metadata ?? {}).map((name) => [name, null])),
  ...written,
});

const shapeErrors = (body: unknown, isNew: boolean) => {
  if (!isJsonObject(body)) return memberErrors(body, { data: anObject }, []);
  const outer = memberErrors(body, { data: anObject, included: ignored, meta: ignored, links: ignored }, ['data']);
  if (outer.length > 0) return outer;
  const data = body.data as Readonly<Record<string, unknown>>;
  const inner = memberErrors(data, resource, ['type', 'attributes'], '/data');
  if (inner.length > 0) return inner;
  return memberErrors(data.attributes, attributes, isNew ? ['topic', 'callback_url'] : [], at);
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
      ...renamed(written, plain),
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

const placeOf = (pointer: string): string => {
  const first = pointer.split('/')[1] ?? '';
  const theirs = Object.entries(names).find(([, ours]) => ours === first)?.[0];
  if (theirs === undefined) return at;
  // A topic is one text: it has no places of its own.
  return theirs === 'topic' ? `${at}/topic` : [at, theirs, ...pointer.split('/').slice(2)].join('/');
};

const errorBody = ({ status, code, title, detail, errors }: DialectProblem) => {
  const common = { title, code: status === 422 ? 'VALIDATION_ERROR' : code.toUpperCase(), status: String(status) };
  if (errors.length === 0) return { errors: [{ ...common, detail, meta: { error: code } }] };
  return {
    errors: errors.map((error) => ({ ...common, detail: error.message, source: { pointer: error.pointer }, meta: { error: error.code } })),
  };
};

export const commerce: Dialect = { name: '001', read, show, placeOf, errorBody };
