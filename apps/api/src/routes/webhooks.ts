// Webhooks, as far as the main job needs them: make, list, read, statistics, secret.
import { randomBytes } from 'node:crypto';
import { eventLimits, isEventTypePattern, isName, isSecret, newSecret, parseRfc3339, problem } from '@posthorn/core';
import {
  type Database,
  findSigningSecrets,
  findTenant,
  findWebhook,
  insertAuditEntry,
  insertWebhook,
  type KeyOwner,
  latencyBoundsMs,
  listWebhooks,
  type NewWebhook,
  readStatistics,
  readWebhookStatistics,
  type SecretBox,
  WebhookConflictError,
} from '@posthorn/db';
import type { Egress } from '@posthorn/egress';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { type Access, reachOf } from '../access.js';
import type { Cursors } from '../cursor.js';
import { isStorableText, whyUnstorable } from '../storable.js';
import { webhookObject } from '../webhook-object.js';
import { idOf } from './deliveries.js';
import { readLimit, readQuery } from './lists.js';

export type WebhookDependencies = {
  readonly db: Database;
  readonly access: Access;
  readonly cursors: Cursors;
  readonly newId: () => string;
  readonly nowMs: () => number;
  readonly secretBox: SecretBox;
  readonly checkUrl: Egress['checkUrl'];
  readonly tenantId: (environmentId: string, key: string) => Promise<string>;
};

const nullable = <S extends Type.TSchema>(schema: S) => Type.Optional(Type.Union([schema, Type.Null()]));

const newWebhookBody = Type.Object(
  {
    tenant: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    name: nullable(Type.String({ minLength: 1, maxLength: 256 })),
    code: nullable(Type.String({ pattern: '^[a-z0-9_]{1,64}$' })),
    description: nullable(Type.String({ maxLength: 2048 })),
    url: Type.String({ minLength: 1, maxLength: 2048 }),
    event_types: Type.Optional(Type.Array(Type.String({ maxLength: 128 }), { maxItems: 1000 })),
    secret: Type.Optional(Type.String({ maxLength: 128 })),
    timeout_ms: nullable(Type.Integer({ minimum: 1_000, maximum: 30_000 })),
    max_in_flight: nullable(Type.Integer({ minimum: 1, maximum: 10_000 })),
    circuit_threshold: nullable(Type.Integer({ minimum: 1, maximum: 1_000 })),
    retry_schedule_s: nullable(Type.Array(Type.Integer({ minimum: 1, maximum: 7 * 86_400 }), { maxItems: 30 })),
    reference: nullable(Type.String({ maxLength: 256 })),
    reference_origin: nullable(Type.String({ maxLength: 256 })),
    metadata: Type.Optional(Type.Record(Type.String({ maxLength: 128 }), Type.Unknown(), { maxProperties: 64 })),
  },
  { additionalProperties: false },
);
type NewWebhookBody = Static<typeof newWebhookBody>;

const defaultTenant = 'default';
const defaultTimeoutMs = 15_000;
/** A chunk's lease: the time to start all of it, and the last request's timeout. */
const chunkStartS = 20;

const refuseField = (pointer: string, message: string): Error =>
  problem('invalid_field', message, { errors: [{ pointer, code: 'invalid_field', message }] });

const checkTexts = (body: NewWebhookBody): void => {
  for (const name of ['name', 'description', 'reference', 'reference_origin'] as const)
    if (!isStorableText(body[name] ?? '')) throw refuseField(`/${name}`, `${name} has a character that cannot be stored`);
  const why = whyUnstorable(body.metadata, eventLimits.depthMax);
  if (why === 'text') throw refuseField('/metadata', 'metadata has a character that cannot be stored');
  if (why === 'depth') throw problem('nesting_too_deep', `metadata is nested in more than ${eventLimits.depthMax} levels`);
};

const checkBody = (body: NewWebhookBody): void => {
  checkTexts(body);
  if (body.tenant !== undefined && !isName(body.tenant))
    throw refuseField('/tenant', 'tenant must be 1 to 128 letters, digits or one of _ . : -');
  for (const [index, pattern] of (body.event_types ?? []).entries())
    if (!isEventTypePattern(pattern)) throw refuseField(`/event_types/${index}`, `${pattern} is no event type and no pattern`);
  if (body.secret !== undefined && !isSecret(body.secret))
    throw refuseField('/secret', 'secret must be whsec_ and base64 of 24 to 64 bytes, or 16 to 128 visible ASCII characters');
};

const tenantKeyOf = (body: NewWebhookBody, owner: KeyOwner): string => {
  if (owner.tenant === null) return body.tenant ?? defaultTenant;
  if (body.tenant !== undefined && body.tenant !== owner.tenant.key)
    throw problem('tenant_forbidden', `this key is bound to tenant ${owner.tenant.key}`);
  return owner.tenant.key;
};

/** What is wrong with the URL as text; everything else is the address guard's no. */
const urlShapeRules: ReadonlySet<string> = new Set(['length', 'characters', 'syntax', 'scheme', 'user_info']);

const checkedUrl = (body: NewWebhookBody, owner: KeyOwner, checkUrl: Egress['checkUrl']): string => {
  const verdict = checkUrl(body.url, { allowHttp: owner.mode === 'test' || owner.settings.allow_http === true });
  if (verdict.ok) return verdict.url;
  const code = urlShapeRules.has(verdict.rule) ? 'invalid_field' : 'blocked_address';
  throw problem(code, verdict.message, { errors: [{ pointer: '/url', code: verdict.rule, message: verdict.message }] });
};

const newWebhookOf = (
  body: NewWebhookBody,
  facts: Pick<NewWebhook, 'id' | 'environmentId' | 'tenantId' | 'url' | 'secret' | 'actor'>,
): NewWebhook => ({
  ...facts,
  name: body.name ?? null,
  code: body.code ?? null,
  description: body.description ?? null,
  eventTypes: body.event_types ?? [],
  timeoutMs: body.timeout_ms ?? null,
  maxInFlight: body.max_in_flight ?? null,
  circuitThreshold: body.circuit_threshold ?? null,
  retryScheduleS: body.retry_schedule_s ?? null,
  metadata: body.metadata ?? {},
  reference: body.reference ?? null,
  referenceOrigin: body.reference_origin ?? null,
  chunkLeaseS: Math.ceil((body.timeout_ms ?? defaultTimeoutMs) / 1000) + chunkStartS,
});

const readTime = (name: string, text: string | undefined, fallbackMs: number): Date => {
  const atMs = text === undefined ? fallbackMs : parseRfc3339(text);
  if (atMs === null) throw problem('invalid_request', `${name} must be an RFC 3339 time`);
  return new Date(atMs);
};

/** The routes of the webhook resource. */
export const webhookRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, access, cursors, newId, secretBox } = dependencies;

  app.post<{ Body: NewWebhookBody }>('/v1/webhooks', { schema: { body: newWebhookBody } }, async (request, reply) => {
    const owner = await access.require(request, 'edit_webhooks');
    checkBody(request.body);
    const tenantKey = tenantKeyOf(request.body, owner);
    const url = checkedUrl(request.body, owner, dependencies.checkUrl);
    const tenantId = owner.tenant?.id ?? (await dependencies.tenantId(owner.environmentId, tenantKey));
    const id = newId();
    const secretId = newId();
    const secret = request.body.secret ?? newSecret(randomBytes(32));
    const sealed = secretBox.seal(secret, { rowId: secretId, webhookId: id, purpose: 'signing' });
    const actor = { keyId: owner.keyId, name: owner.role };
    const webhook = newWebhookOf(request.body, {
      id,
      environmentId: owner.environmentId,
      tenantId,
      url,
      secret: { id: secretId, sealed },
      actor,
    });
    await insertWebhook(db, webhook).catch((error: unknown) => {
      if (!(error instanceof WebhookConflictError)) throw error;
      throw problem('conflict', error.message, { errors: [{ pointer: `/${error.field}`, code: 'conflict', message: error.message }] });
    });
    const row = await findWebhook(db, owner.environmentId, tenantId, id);
    if (row === undefined) throw problem('not_found');
    return reply
      .code(201)
      .header('location', `/v1/webhooks/${id}`)
      .send({ ...webhookObject(row, owner.mode, undefined), secret });
  });

  app.get('/v1/webhooks', async (request) => {
    const query = readQuery(request, ['limit', 'cursor', 'tenant']);
    const owner = await access.require(request, 'read_webhooks');
    const reach = reachOf(owner);
    const limit = readLimit(query);
    const bound = ['webhooks', reach, query.tenant ?? null];
    const position = cursors.read(bound, query.cursor);
    const tenantId =
      query.tenant === undefined ? reach.tenantId : isName(query.tenant) ? await findTenant(db, owner.environmentId, query.tenant) : null;
    if (query.tenant !== undefined && (tenantId === null || (reach.tenantId !== null && tenantId !== reach.tenantId)))
      return { data: [], next_cursor: null };
    const rows = await listWebhooks(db, {
      environmentId: owner.environmentId,
      tenantId,
      beforeId: position === null ? null : String(position[0]),
      limit: limit + 1,
    });
    const page = rows.slice(0, limit);
    const statistics = await readWebhookStatistics(
      db,
      page.map((row) => row.id),
    );
    const last = page.at(-1);
    return {
      data: page.map((row) => webhookObject(row, owner.mode, statistics.get(row.id))),
      next_cursor: rows.length > limit && last !== undefined ? cursors.write(bound, [last.id]) : null,
    };
  });

  const findOwn = async (owner: KeyOwner, params: unknown) => {
    const reach = reachOf(owner);
    const row = await findWebhook(db, reach.environmentId, reach.tenantId, idOf(params));
    if (row === undefined) throw problem('not_found');
    return row;
  };

  app.get('/v1/webhooks/:id', async (request) => {
    const owner = await access.require(request, 'read_webhooks');
    const row = await findOwn(owner, request.params);
    return webhookObject(row, owner.mode, (await readWebhookStatistics(db, [row.id])).get(row.id));
  });

  app.get('/v1/webhooks/:id/secret', async (request) => {
    const owner = await access.require(request, 'edit_webhooks');
    const row = await findOwn(owner, request.params);
    await insertAuditEntry(db, {
      id: newId(),
      environmentId: owner.environmentId,
      tenantId: row.tenant_id,
      actorKeyId: owner.keyId,
      actor: owner.role,
      action: 'webhook.secret_read',
      subjectKind: 'webhook',
      subjectId: row.id,
    });
    const [current, ...previous] = await findSigningSecrets(db, secretBox, row.id);
    return {
      secret: current?.secret ?? null,
      previous: previous.map(({ secret, expiresAt }) => ({ secret, expires_at: expiresAt?.toISOString() ?? null })),
    };
  });

  app.get('/v1/webhooks/:id/stats', async (request) => {
    const query = readQuery(request, ['from', 'to', 'interval']);
    const owner = await access.require(request, 'read_webhooks');
    const row = await findOwn(owner, request.params);
    const interval = query.interval ?? 'minute';
    if (interval !== 'minute' && interval !== 'hour' && interval !== 'day')
      throw problem('invalid_request', 'interval must be minute, hour or day');
    const to = readTime('to', query.to, dependencies.nowMs() + 60_000);
    const from = readTime('from', query.from, to.getTime() - 24 * 3_600_000);
    const buckets = await readStatistics(db, { environmentId: owner.environmentId, webhookId: row.id, from, to, interval });
    const lifetime = webhookObject(row, owner.mode, (await readWebhookStatistics(db, [row.id])).get(row.id)).statistics;
    return {
      webhook_id: row.id,
      interval,
      from: from.toISOString(),
      to: to.toISOString(),
      lifetime,
      latency_bounds_ms: latencyBoundsMs,
      data: buckets.map(({ at, ...counts }) => ({ at: at.toISOString(), ...counts })),
    };
  });
};
