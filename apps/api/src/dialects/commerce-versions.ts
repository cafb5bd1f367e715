// Dialect 001: the versions of a webhook, as versions and as event stores.
import { formatRfc3339 } from '@posthorn/core';
import { listWebhookVersions, type VersionRow } from '@posthorn/db';
import { listDocument, type ShownVersion, showEventStore, showVersion } from '@posthorn/dialects';
import type { FastifyInstance } from 'fastify';
import type { WebhookDependencies } from '../routes/own-webhook.js';
import { webhookPath } from '../schemas/parameters.js';
import {
  commerceConfig,
  commerceTags,
  documentOfSchema,
  listQueryOf,
  listQuerystring,
  parametersOf,
  sendDocument,
} from './commerce-form.js';
import { requireWebhook, webhooksPath } from './commerce-webhooks.js';

const kinds = [
  { type: 'versions', show: showVersion, operationId: 'listCommerceVersions', schema: 'CommerceVersionList' },
  { type: 'event_stores', show: showEventStore, operationId: 'listCommerceEventStores', schema: 'CommerceEventStoreList' },
] as const;

const shownVersion = (webhookId: string, mode: 'live' | 'test', row: VersionRow): ShownVersion => ({
  webhookId,
  version: row.version,
  changes: row.changes as ShownVersion['changes'],
  snapshot: row.snapshot as ShownVersion['snapshot'],
  keyId: row.changed_by_key_id,
  role: row.changed_by,
  changedAt: formatRfc3339(row.changed_at.getTime()),
  mode,
});

/** GET /api/webhooks/{id}/versions and …/event_stores, newest first. */
export const commerceVersionRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, origin } = dependencies;

  for (const { type, show, operationId, schema: answer } of kinds) {
    const schema = {
      operationId,
      tags: commerceTags,
      summary: type === 'versions' ? 'List the versions of a webhook' : 'List the event stores of a webhook',
      params: webhookPath,
      querystring: listQuerystring([type]),
      response: { 200: documentOfSchema(answer, 'A page of them.') },
    };
    app.get(`${webhooksPath}/:id/${type}`, { config: commerceConfig('read_webhooks'), schema }, async (request, reply) => {
      const { page, fields } = listQueryOf(type, request);
      const { number, size } = page;
      const { id, version: count, environment_id } = await requireWebhook(dependencies, request);
      // Versions are numbered without gaps.
      const beforeVersion = count + 1 - (number - 1) * size;
      const rows = await listWebhookVersions(db, { environmentId: environment_id, webhookId: id, beforeVersion, limit: size });
      const data = rows.map((row) => show(shownVersion(id, request.owner.mode, row)));
      const place = { origin: origin(), path: `${webhooksPath}/${id}/${type}`, parameters: parametersOf(request) };
      return sendDocument(reply, listDocument(data, null, fields, { number, size, count }, place));
    });
  }
};
