// POST /v1/events and /v1/events/batch: 202 means durable. The body is taken as text and cut, never parsed and written again.
import { eventLimits, isName, type ParsedEvent, type ProblemError, parseBatch, parseEvent, problem, problemDocument } from '@posthorn/core';
import type { KeyOwner, PreparedEvent } from '@posthorn/db';
import type { QueueLocation } from '@posthorn/queue';
import type { Traces } from '@posthorn/telemetry';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { type AcceptDependencies, type Answer, acceptBatch, acceptEvent, prepareEvent } from '../accept-events.js';
import { toProblem } from '../errors.js';
import { type CheckDependencies, checkEvents, type Objections, type SchemaWarnings, schemaModeOf } from '../event-schemas-check.js';
import type { Quota } from '../limiting/quota.js';
import { limits } from '../limits.js';
import { eventBatchSchema, newEventSchema } from '../schemas/event.js';
import { idempotencyHeader } from '../schemas/parameters.js';
import { takeJsonAsText } from '../text-body.js';
import { createSending, traceRequests, untracedSending } from '../traced-publishing.js';

export type PublishDependencies = AcceptDependencies &
  CheckDependencies & {
    /** How many events a key may publish; null or absent: any number. */
    readonly events?: Quota | null;
    /** The tenant's id, made when it is named for the first time. */
    readonly tenantId: (environmentId: string, key: string) => Promise<string>;
    readonly onAccepted: (count: number) => void;
    readonly onRejected: (code: string) => void;
    /** An event was accepted that does not fit its schema, or could not be compared with it. */
    readonly onMismatched: (reason: string) => void;
    /** Absent: nothing is traced. */
    readonly tracing?: { readonly traces: Traces; readonly queue: QueueLocation['kind'] };
  };

const noObjections: Objections = new Map();
const reasonOf = (warnings: SchemaWarnings): string => warnings[0]?.code ?? 'schema_mismatch';
const defaultTenant = 'default';
const readLimits = { ...eventLimits };

/** `Idempotency-Key`, quoted (RFC 8941 string) or not. */
const headerKey = (request: FastifyRequest): string | null => {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return null;
  const text = String(header).trim();
  const key = /^".*"$/.test(text) ? text.slice(1, -1) : text;
  if (!isName(key)) throw problem('invalid_request', 'Idempotency-Key must be 1 to 128 letters, digits or one of _ . : -');
  return key;
};

/** The key of an event: its id or the header's; both given and different is the producer's mistake. */
const keyOf = (event: ParsedEvent, header: string | null): string | null | ProblemError => {
  if (event.sourceId !== null && header !== null && event.sourceId !== header)
    return problem('idempotency_key_conflict', 'Idempotency-Key and id name different keys');
  return event.sourceId ?? header;
};

/** In a batch the header is the key of the request: it names the events that have no id of their own, by their places. */
const batchKeyOf = (event: ParsedEvent, header: string | null, index: number): string | null =>
  header === null || event.sourceId !== null ? null : `${header}:${index}`;

const tenantKeyOf = (event: ParsedEvent, owner: KeyOwner): string | ProblemError => {
  if (owner.tenant === null) return event.tenant ?? defaultTenant;
  if (event.tenant !== null && event.tenant !== owner.tenant.key)
    return problem('tenant_forbidden', `this key publishes for tenant ${owner.tenant.key}`, {
      errors: [{ pointer: '/tenant', code: 'tenant_forbidden', message: `this key is bound to tenant ${owner.tenant.key}` }],
    });
  return owner.tenant.key;
};

const prepare = async (
  event: ParsedEvent,
  raw: string,
  header: string | null,
  owner: KeyOwner,
  dependencies: PublishDependencies,
): Promise<PreparedEvent | ProblemError> => {
  const tenantKey = tenantKeyOf(event, owner);
  if (typeof tenantKey !== 'string') return tenantKey;
  const key = keyOf(event, header);
  if (key instanceof Error) return key;
  const tenantId = owner.tenant?.id ?? (await dependencies.tenantId(owner.environmentId, tenantKey));
  return prepareEvent(event, { environmentId: owner.environmentId, tenantId }, raw, key);
};

/** A batch that is larger than what a key may publish in a second would never go through, however often it is sent again. */
const takeBatch = (events: Quota, owner: KeyOwner, count: number): Promise<void> | undefined => {
  if (count > events.max) throw problem('batch_size', `this key may publish ${events.max} events a second: a batch has at most as many`);
  return events.take(owner.keyId, count);
};

const tags = ['Events'];
const publishEvent = {
  operationId: 'publishEvent',
  tags,
  summary: 'Publish an event',
  description:
    '202 means that it is durable. A repeat with the same `id` or `Idempotency-Key` gets the id of the first, and `Idempotent-Replayed: true`.',
  headers: idempotencyHeader,
  body: newEventSchema,
  response: { 202: Type.Ref('AcceptedEvent') },
};
const publishEvents = {
  operationId: 'publishEvents',
  tags,
  summary: 'Publish up to 1,000 events',
  description:
    'Each event is judged by itself, and the answers are in the order sent. 422: none was accepted. 503: none of them is stored.',
  headers: idempotencyHeader,
  body: eventBatchSchema,
  response: {
    202: Type.Ref('AcceptedBatch'),
    422: {
      description: 'No event of it is accepted: each for its own reason, or the batch for one.',
      content: {
        'application/json': { schema: Type.Ref('AcceptedBatch') },
        'application/problem+json': { schema: Type.Ref('Problem') },
      },
    },
  },
};

/** The routes, in a scope of their own: here a JSON body is text. */
export const publishRoutes = (dependencies: PublishDependencies) => async (app: FastifyInstance) => {
  const { events = null, tracing } = dependencies;
  takeJsonAsText(app);
  if (tracing !== undefined) traceRequests(app, tracing.traces);
  const send = tracing === undefined ? untracedSending : createSending(tracing.traces, tracing.queue);

  app.addHook('onError', async (_request, _reply, error) => dependencies.onRejected(toProblem(error).code));

  app.post(
    '/v1/events',
    { bodyLimit: eventLimits.bytesMax, config: { permission: 'publish' }, schema: publishEvent },
    async (request, reply) => {
      const { owner } = request;
      const raw = request.body as string | undefined;
      if (raw === undefined) throw problem('unsupported_media_type', 'send application/json');
      if (events !== null) await events.take(owner.keyId, 1);
      const parsed = parseEvent(raw, readLimits);
      if (!parsed.ok) throw parsed.error;
      const prepared = await prepare(parsed.event, raw, headerKey(request), owner, dependencies);
      if (prepared instanceof Error) throw prepared;
      const mode = schemaModeOf(owner.settings);
      const objections = mode === 'off' ? noObjections : await checkEvents([prepared], mode, dependencies);
      const objection = objections.get(prepared);
      if (objection instanceof Error) throw objection;
      const { id, replayed } = await send(
        request,
        [prepared],
        ([event = prepared]) => acceptEvent(event, dependencies),
        (answer) => ({ 'messaging.message.id': answer.id }),
      );
      dependencies.onAccepted(replayed ? 0 : 1);
      reply.code(202).type('application/json');
      if (replayed) reply.header('idempotent-replayed', 'true');
      // An id has no character that JSON escapes.
      if (objection === undefined) return `{"id":"${id}"}`;
      if (!replayed) dependencies.onMismatched(reasonOf(objection));
      return JSON.stringify({ id, warnings: objection });
    },
  );

  app.post(
    '/v1/events/batch',
    { bodyLimit: eventLimits.batchBytesMax, config: { permission: 'publish' }, schema: publishEvents },
    async (request, reply) => {
      const { owner } = request;
      const raw = request.body as string | undefined;
      if (raw === undefined) throw problem('unsupported_media_type', 'send application/json');
      const batch = parseBatch(raw, readLimits);
      if (!batch.ok) throw batch.error;
      if (events !== null) await takeBatch(events, owner, batch.items.length);
      const header = headerKey(request);
      const prepared = await Promise.all(
        batch.items.map(async (item, index) =>
          item.ok ? prepare(item.event, item.raw, batchKeyOf(item.event, header, index), owner, dependencies) : item.error,
        ),
      );
      const readable = prepared.filter((each): each is PreparedEvent => !(each instanceof Error));
      const mode = schemaModeOf(owner.settings);
      const objections = mode === 'off' ? noObjections : await checkEvents(readable, mode, dependencies);
      const good = objections.size === 0 ? readable : readable.filter((event) => !(objections.get(event) instanceof Error));
      const answers = await send(request, good, (sent) => acceptBatch(sent, dependencies));
      const answerOf = new Map(good.map((event, index) => [event, answers[index] as Answer | ProblemError]));
      const data = prepared.map((each) => {
        const objection = each instanceof Error ? each : objections.get(each);
        if (objection instanceof Error) return { error: problemDocument(objection, request.id) };
        const answer = answerOf.get(each as PreparedEvent) as Answer | ProblemError;
        if (answer instanceof Error) return { error: problemDocument(answer, request.id) };
        const { id, replayed } = answer;
        if (objection !== undefined && !replayed) dependencies.onMismatched(reasonOf(objection));
        return { id, ...(replayed && { replayed: true }), ...(objection !== undefined && { warnings: objection }) };
      });
      const errors = data.filter((each) => 'error' in each).length;
      dependencies.onAccepted(data.filter((each) => 'id' in each && each.replayed !== true).length);
      for (const each of data) if ('error' in each) dependencies.onRejected(each.error.code);
      const overloaded = data.find((each) => 'error' in each && each.error.code === 'overloaded');
      if (overloaded !== undefined) reply.header('retry-after', String(limits.retryAfterS));
      return reply.code(errors === data.length ? 422 : 202).send({ data, errors });
    },
  );
};
