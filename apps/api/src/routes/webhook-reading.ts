// What people read beside the webhook itself: its secret, its statistics, its timeline.
import { formatRfc3339, parseRfc3339, problem } from '@posthorn/core';
import { findSigningSecrets, latencyBoundsMs, listTimeline, readStatistics, readWebhookStatistics, type TimelineRow } from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import { oneOf } from '../schemas/fields.js';
import { listOf, pageQuery } from '../schemas/lists.js';
import { webhookPath } from '../schemas/parameters.js';
import { intervals } from '../schemas/statistics.js';
import { webhookObject } from '../webhook-object.js';
import { readLimit, readQuery } from './lists.js';
import { audit, requireOwn, shownSecrets, type WebhookDependencies } from './own-webhook.js';

const readTime = (name: string, text: string | undefined, fallbackMs: number): Date => {
  const atMs = text === undefined ? fallbackMs : parseRfc3339(text);
  if (atMs === null) throw problem('invalid_request', `${name} must be an RFC 3339 time`);
  return new Date(atMs);
};

const statisticsQuery = Type.Object({
  from: Type.Optional(Type.String({ format: 'date-time', description: 'By default 24 h before `to`.' })),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'By default now.' })),
  interval: Type.Optional(oneOf(intervals, { default: 'minute' })),
});

const secret = {
  operationId: 'getWebhookSecret',
  tags: ['Webhooks'],
  summary: 'Read the secrets of a webhook',
  description: 'Reading them is written into the audit log.',
  params: webhookPath,
  response: { 200: Type.Ref('WebhookSecrets') },
};
const statistics = {
  operationId: 'getWebhookStatistics',
  tags: ['Statistics'],
  summary: 'Read the statistics of a webhook',
  params: webhookPath,
  querystring: statisticsQuery,
  response: { 200: Type.Ref('WebhookStatistics') },
};
const timeline = {
  operationId: 'listWebhookTimeline',
  tags: ['Webhooks'],
  summary: 'List what happened to a webhook',
  params: webhookPath,
  querystring: pageQuery,
  response: { 200: listOf(Type.Ref('TimelineEntry')) },
};

const timelineObject = ({ at, kind, circuit_failure_count, details }: TimelineRow) => ({
  at: formatRfc3339(at.getTime()),
  kind,
  circuit_failure_count,
  details,
});

/** GET /v1/webhooks/{id}/{secret|stats|timeline}. */
export const webhookReadingRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, secretBox, cursors } = dependencies;

  app.get('/v1/webhooks/:id/secret', { config: { permission: 'edit_webhooks' }, schema: secret }, async (request) => {
    const { owner, row } = await requireOwn(dependencies, request);
    await audit(dependencies, owner, row, 'webhook.secret_read');
    return shownSecrets(await findSigningSecrets(db, secretBox, row.id));
  });

  app.get('/v1/webhooks/:id/stats', { config: { permission: 'read_webhooks' }, schema: statistics }, async (request) => {
    const query = readQuery(request);
    const { owner, row } = await requireOwn(dependencies, request);
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

  app.get('/v1/webhooks/:id/timeline', { config: { permission: 'read_webhooks' }, schema: timeline }, async (request) => {
    const query = readQuery(request);
    const { owner, row } = await requireOwn(dependencies, request);
    const limit = readLimit(query);
    const bound = ['timeline', reachOf(owner), row.id];
    const position = cursors.read(bound, query.cursor);
    const rows = await listTimeline(db, {
      environmentId: owner.environmentId,
      webhookId: row.id,
      before: position === null ? null : { exactAt: String(position[0]), sequence: Number(position[1]) },
      limit: limit + 1,
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      data: page.map(timelineObject),
      next_cursor: rows.length > limit && last !== undefined ? cursors.write(bound, [last.exact_at, last.sequence]) : null,
    };
  });
};
