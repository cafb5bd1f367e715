// What people read beside the webhook itself: its secret, its timeline.
import { formatRfc3339 } from '@posthorn/core';
import { findSigningSecrets, listTimeline, type TimelineRow } from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import { listOf, pageQuery } from '../schemas/lists.js';
import { webhookPath } from '../schemas/parameters.js';
import { readLimit, readQuery } from './lists.js';
import { audit, requireOwn, shownSecrets, type WebhookDependencies } from './own-webhook.js';

const secret = {
  operationId: 'getWebhookSecret',
  tags: ['Webhooks'],
  summary: 'Read the secrets of a webhook',
  description: 'Reading them is written into the audit log.',
  params: webhookPath,
  response: { 200: Type.Ref('WebhookSecrets') },
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

/** GET /v1/webhooks/{id}/{secret|timeline}. */
export const webhookReadingRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, secretBox, cursors } = dependencies;

  app.get('/v1/webhooks/:id/secret', { config: { permission: 'edit_webhooks' }, schema: secret }, async (request) => {
    const { owner, row } = await requireOwn(dependencies, request);
    await audit(dependencies, owner, row, 'webhook.secret_read');
    return shownSecrets(await findSigningSecrets(db, secretBox, row.id));
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
