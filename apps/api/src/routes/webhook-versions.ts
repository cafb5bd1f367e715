// The versions of a webhook's configuration: list, show, restore.
import { formatRfc3339, problem } from '@posthorn/core';
import { type Database, type DialectMemory, findWebhookVersion, listWebhookVersions, type VersionRow, type WebhookRow } from '@posthorn/db';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import { listOf, pageQuery } from '../schemas/lists.js';
import { ifMatchHeader, webhookPath } from '../schemas/parameters.js';
import { restoreBody, versionPath } from '../schemas/webhook-version.js';
import { type NextVersion, writeVersion } from '../webhook-changing.js';
import { newFields, type WebhookFields } from '../webhook-fields.js';
import { fieldsOfSnapshot, type GivenSecrets, withSecrets } from '../webhook-restoring.js';
import { checkCircuitSettings, urlCheckOf } from '../webhook-writing.js';
import { pageOf, readLimit, readQuery } from './lists.js';
import { requireOwn, sendWebhook, type WebhookDependencies } from './own-webhook.js';
import { readWebhookBody } from './webhook-body.js';
import type { ChangedWebhookBody } from './webhook-schema.js';

type RestoreRequest = FastifyRequest<{ Body: GivenSecrets | null | undefined }>;

const tags = ['Webhooks'];
const listing = {
  operationId: 'listWebhookVersions',
  tags,
  summary: 'List the versions of a webhook, newest first',
  params: webhookPath,
  querystring: pageQuery,
  response: { 200: listOf(Type.Ref('WebhookVersionSummary')) },
};
const reading = {
  operationId: 'getWebhookVersion',
  tags,
  summary: 'Read a version of a webhook',
  params: versionPath,
  response: { 200: Type.Ref('WebhookVersion') },
};
const restoring = {
  operationId: 'restoreWebhookVersion',
  tags,
  summary: 'Restore a version of a webhook',
  description:
    'Makes the configuration of that version the next one, as a change would. Secret values are in no version: those that are gone have to be given.',
  params: versionPath,
  headers: ifMatchHeader,
  body: restoreBody,
  response: { 200: Type.Ref('Webhook') },
};

const summaryOf = ({ version, changed_at, changed_by, changed_by_key_id, changes }: VersionRow) => ({
  version,
  changed_at: formatRfc3339(changed_at.getTime()),
  changed_by: { key_id: changed_by_key_id, role: changed_by },
  changes,
});

/** The version of the path; throws `not_found`. */
const versionOf = async (db: Database, webhook: WebhookRow, params: unknown): Promise<VersionRow> => {
  const { version } = params as { version: string };
  const number = /^[1-9]\d{0,8}$/.test(version) ? Number(version) : 0;
  const row = await findWebhookVersion(db, webhook.environment_id, webhook.id, number);
  if (row === undefined) throw problem('not_found');
  return row;
};

/** GET /v1/webhooks/{id}/versions, GET …/{version} and POST …/{version}/restore. */
export const webhookVersionRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, cursors } = dependencies;
  const path = '/v1/webhooks/:id/versions';

  app.get(path, { config: { permission: 'read_webhooks' }, schema: listing }, async (request) => {
    const query = readQuery(request);
    const { owner, row } = await requireOwn(dependencies, request);
    const limit = readLimit(query);
    const bound = ['versions', reachOf(owner), row.id];
    const position = cursors.read(bound, query.cursor);
    const rows = await listWebhookVersions(db, {
      environmentId: owner.environmentId,
      webhookId: row.id,
      beforeVersion: position === null ? null : Number(position[0]),
      limit: limit + 1,
    });
    return pageOf(rows, limit, summaryOf, (last) => cursors.write(bound, [last.version]));
  });

  app.get(`${path}/:version`, { config: { permission: 'read_webhooks' }, schema: reading }, async (request) => {
    const { row } = await requireOwn(dependencies, request);
    const version = await versionOf(db, row, request.params);
    return { ...summaryOf(version), webhook: fieldsOfSnapshot(version.snapshot) };
  });

  app.post(
    `${path}/:version/restore`,
    { config: { permission: 'edit_webhooks' }, schema: restoring },
    async (request: RestoreRequest, reply) => {
      const { owner, row } = await requireOwn(dependencies, request);
      const { version, snapshot } = await versionOf(db, row, request.params);
      const wanted = fieldsOfSnapshot(snapshot);
      const next = (before: WebhookFields): NextVersion => {
        checkCircuitSettings(owner, wanted, before);
        const fields = withSecrets(before, wanted, request.body ?? {});
        // Judged as if all of it were written anew.
        const rules = { isNew: true, checkUrl: urlCheckOf(dependencies, owner) };
        const read = readWebhookBody(newFields, fields as unknown as ChangedWebhookBody, undefined, rules);
        return { fields: read, ...(snapshot.dialect !== undefined && { dialect: snapshot.dialect as DialectMemory | null }) };
      };
      await writeVersion(dependencies, owner, { webhookId: row.id, ifMatch: request.headers['if-match'] }, next, version);
      return sendWebhook(reply, dependencies, owner, row.id);
    },
  );
};
