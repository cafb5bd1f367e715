// Why an event was or was not delivered to a webhook, and what would become of one that is not published. Nothing is stored.
import {
  checkJson,
  type ExplainFacts,
  eventLimits,
  explain,
  type FieldError,
  formatRfc3339,
  isUuid,
  type JsonMember,
  type ParsedEvent,
  parseEvent,
  pointerTo,
  problem,
  reasonDescriptions,
  scanObject,
} from '@posthorn/core';
import {
  type Database,
  type EventToExplain,
  type ExplainedWebhook,
  findEventToExplain,
  findTenant,
  type KeyOwner,
  readExplainedWebhooks,
} from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import type { Cursors } from '../cursor.js';
import { dryRunSchema } from '../schemas/explanation.js';
import { listOf, pageParameters, pageQuery } from '../schemas/lists.js';
import { eventPath } from '../schemas/parameters.js';
import { takeJsonAsText } from '../text-body.js';
import { idOf } from './deliveries.js';
import { type Query, readLimit, readQuery } from './lists.js';

export type ExplainDependencies = { readonly db: Database; readonly cursors: Cursors };

/** The event may be as large as one that is published; this is for what stands around it. */
const bodyBytesMax = eventLimits.bytesMax + 1024;
const defaultTenant = 'default';

type About = {
  readonly eventId: string | null;
  readonly event: ExplainFacts['event'];
  readonly fanOut: ExplainFacts['fanOut'];
};

const timeOrNull = (timeMs: number | null): string | null => (timeMs === null ? null : formatRfc3339(timeMs));

const deliveryObject = (id: string, delivery: ExplainFacts['delivery']) =>
  delivery === null
    ? null
    : {
        id,
        // As it is stored: whether a waiting one is held is what the outcome says.
        status: delivery.status,
        reason: delivery.reason,
        attempts: delivery.attempts,
        attempts_max: delivery.attemptsMax,
        next_attempt_at: delivery.status === 'waiting' && !delivery.isOut ? timeOrNull(delivery.dueAtMs) : null,
        last_status_code: delivery.lastStatusCode,
        last_error_kind: delivery.lastErrorKind,
        last_error: delivery.lastError,
        ended_at: timeOrNull(delivery.endedAtMs),
      };

const explanationObject = (about: About, explained: ExplainedWebhook) => {
  const { id: webhookId, ...facts } = explained;
  const { asOf, reason, ...found } = explain({ ...facts, event: about.event, fanOut: about.fanOut });
  return {
    event_id: about.eventId,
    webhook_id: webhookId,
    outcome: found.outcome,
    reason,
    clause: found.clause,
    expected: found.expected,
    value: found.value,
    sentence: found.sentence,
    what_helps: reason === null ? null : reasonDescriptions[reason].whatHelps,
    steps: found.steps,
    delivery: deliveryObject(`${about.eventId}.${webhookId}`, facts.delivery),
    as_of: { webhook_version: asOf.webhookVersion, at: formatRfc3339(asOf.atMs), from_history: asOf.fromHistory },
  };
};

const readWebhookId = (text: unknown): string => {
  if (typeof text !== 'string' || !isUuid(text)) throw problem('not_found');
  return text;
};

/** A dry run's body: the event as the text that came, and which webhook. */
type DryRun = { readonly raw: string; readonly webhookId: string | null };

const fieldProblem = (pointer: string, code: 'missing_field' | 'invalid_field' | 'unknown_field', message: string) =>
  problem(code, message, { errors: [{ pointer, code, message }] });

const readDryRun = (body: string): DryRun => {
  // The event's own depth is for parseEvent to judge; scanning costs the same at any.
  const scan = scanObject(body, 0, body.length, Number.POSITIVE_INFINITY);
  if (!scan.ok) throw notAnObject(body);
  const named = new Map<string, JsonMember>();
  for (const member of scan.members) {
    const pointer = pointerTo('', member.key);
    if (member.key !== 'event' && member.key !== 'webhook_id') throw fieldProblem(pointer, 'unknown_field', `${pointer} is not a field`);
    if (named.has(member.key)) throw fieldProblem(pointer, 'invalid_field', `${member.key} is given twice`);
    named.set(member.key, member);
  }
  const event = named.get('event');
  if (event === undefined) throw fieldProblem('/event', 'missing_field', 'event is missing');
  const webhookId = named.get('webhook_id');
  return { raw: body.slice(event.start, event.end), webhookId: webhookId === undefined ? null : webhookIdIn(body, webhookId) };
};

const notAnObject = (body: string) => {
  switch (checkJson(body, eventLimits.depthMax + 1)) {
    case 'ok':
      return problem('invalid_request', 'an object with an event in it is expected');
    case 'depth':
      return problem('nesting_too_deep', `nesting is limited to ${eventLimits.depthMax} levels`);
    case 'syntax':
      return problem('not_json');
  }
};

const webhookIdIn = (body: string, { start, end }: JsonMember): string | null => {
  const text = body.slice(start, end);
  if (text === 'null') return null;
  // An id has no character that JSON escapes.
  const id = /^"([^"\\]*)"$/.exec(text)?.[1];
  if (id === undefined) throw fieldProblem('/webhook_id', 'invalid_field', 'webhook_id must be an id');
  return readWebhookId(id);
};

/** The event of a dry run, refused as it would be if it were published; the pointers say where in this request. */
const readEvent = (raw: string): ParsedEvent => {
  const parsed = parseEvent(raw, eventLimits);
  if (parsed.ok) return parsed.event;
  const errors = parsed.error.errors.map((error): FieldError => ({ ...error, pointer: `/event${error.pointer}` }));
  throw problem(parsed.error.code, parsed.error.message, { errors });
};

const tenantOf = (event: ParsedEvent, owner: KeyOwner): string => {
  if (owner.tenant === null) return event.tenant ?? defaultTenant;
  if (event.tenant !== null && event.tenant !== owner.tenant.key) {
    const message = `this key is bound to tenant ${owner.tenant.key}`;
    throw problem('tenant_forbidden', message, { errors: [{ pointer: '/event/tenant', code: 'tenant_forbidden', message }] });
  }
  return owner.tenant.key;
};

const explainQuery = Type.Object({
  ...pageParameters,
  webhook_id: Type.Optional(Type.String({ format: 'uuid', description: 'Of this webhook alone; the answer is then no list.' })),
});
const explanations = Type.Union([listOf(Type.Ref('Explanation')), Type.Ref('Explanation')], {
  description: 'One explanation if a webhook is named, else a page of them.',
});
const tags = ['Events'];
const explainEvent = {
  operationId: 'explainEvent',
  tags,
  summary: 'Explain why an event was or was not delivered',
  params: eventPath,
  querystring: explainQuery,
  response: { 200: explanations },
};
const explainDryRun = {
  operationId: 'explainDryRun',
  tags,
  summary: 'Explain what would become of an event',
  description: 'A dry run: nothing is published or stored.',
  querystring: pageQuery,
  body: dryRunSchema,
  response: { 200: explanations },
};

/** GET /v1/events/{id}/explain and POST /v1/explain, in a scope of their own: here a JSON body is text. */
export const explainRoutes = (dependencies: ExplainDependencies) => async (app: FastifyInstance) => {
  const { db, cursors } = dependencies;

  takeJsonAsText(app);

  const explainOne = async (about: About, owner: KeyOwner, stored: EventToExplain | null, webhookId: string) => {
    const [explained] = await readExplainedWebhooks(db, stored, { reach: reachOf(owner), webhookId });
    if (explained === undefined) throw problem('not_found');
    return explanationObject(about, explained);
  };

  const explainAll = async (about: About, stored: EventToExplain | null, tenantId: string | null, query: Query) => {
    const limit = readLimit(query);
    const bound = ['explain', about.eventId, tenantId];
    const position = cursors.read(bound, query.cursor);
    if (tenantId === null) return { data: [], next_cursor: null };
    const beforeId = position === null ? null : String(position[0]);
    const all = await readExplainedWebhooks(db, stored, { tenantId, beforeId, limit: limit + 1 });
    const page = all.slice(0, limit);
    const last = page.at(-1);
    return {
      data: page.map((explained) => explanationObject(about, explained)),
      next_cursor: all.length > limit && last !== undefined ? cursors.write(bound, [last.id]) : null,
    };
  };

  app.get('/v1/events/:id/explain', { config: { permission: 'read_webhooks' }, schema: explainEvent }, async (request) => {
    const { owner } = request;
    const query = readQuery(request);
    const stored = await findEventToExplain(db, reachOf(owner), idOf(request.params));
    if (stored === undefined) throw problem('not_found');
    const about: About = { eventId: stored.id, event: stored.event, fanOut: stored.isFannedOut ? 'done' : 'waiting' };
    return query.webhook_id === undefined
      ? explainAll(about, stored, stored.tenantId, query)
      : explainOne(about, owner, stored, readWebhookId(query.webhook_id));
  });

  app.post(
    '/v1/explain',
    { bodyLimit: bodyBytesMax, config: { permission: 'read_webhooks', problems: ['not_found'] }, schema: explainDryRun },
    async (request) => {
      const { owner } = request;
      const query = readQuery(request);
      const body = request.body as string | undefined;
      if (body === undefined) throw problem('unsupported_media_type', 'send application/json');
      const { raw, webhookId } = readDryRun(body);
      const parsed = readEvent(raw);
      const tenant = tenantOf(parsed, owner);
      const { eventType, projectFlows, currentContext, data } = parsed;
      const event = { eventType, projectFlows, currentContext, data, tenant, acceptedAtMs: null, isErased: false };
      const about: About = { eventId: null, event, fanOut: 'none' };
      if (webhookId !== null) return explainOne(about, owner, null, webhookId);
      return explainAll(about, null, owner.tenant?.id ?? (await findTenant(db, owner.environmentId, tenant)), query);
    },
  );
};
