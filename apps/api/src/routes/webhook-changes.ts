// PATCH and DELETE of a webhook. A change of the configuration is one version; switching on or off is none.

import { problem } from '@posthorn/core';
import { changeWebhook, disableWebhook, enableWebhook, probeWebhookNow, removeWebhook } from '@posthorn/db';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import { nothing } from '../schemas/fields.js';
import { ifMatchHeader, webhookPath } from '../schemas/parameters.js';
import { changesBetween, configurationOf, fieldsOf, type WebhookFields } from '../webhook-fields.js';
import { sealChanges } from '../webhook-secrets.js';
import { idOf } from './deliveries.js';
import {
  actorOf,
  audit,
  authorOf,
  checkCircuitSettings,
  checkIfMatch,
  findOwn,
  refuseConflict,
  requireOwn,
  sendWebhook,
  type WebhookDependencies,
} from './own-webhook.js';
import { readWebhookBody } from './webhook-body.js';
import { type ChangedWebhookBody, changedWebhookBody } from './webhook-schema.js';
import { urlCheckOf } from './webhooks.js';

/**
 * Writes what `next` makes of the fields as the next version, if there is a difference; an open circuit is probed now if the webhook is called
 * otherwise from then on. Throws `not_found`, `precondition_failed`, `conflict`, and what `next` throws: then nothing is changed.
 * @param restoredVersion the version that is brought back, if it is one
 */
export const writeVersion = async (
  dependencies: WebhookDependencies,
  request: FastifyRequest,
  next: (before: WebhookFields) => WebhookFields,
  restoredVersion: number | null = null,
): Promise<void> => {
  const { owner } = request;
  const webhookId = idOf(request.params);
  const reach = { ...reachOf(owner), webhookId };
  const changed = await changeWebhook(dependencies.db, dependencies.secretBox, reach, authorOf(owner), (current) => {
    checkIfMatch(request, current.row.version);
    const before = fieldsOf(current);
    const after = next(before);
    const changes = changesBetween(before, after);
    if (Object.keys(changes).length === 0) return null;
    return {
      configuration: configurationOf(after),
      changes,
      secrets: sealChanges(dependencies, webhookId, before, after),
      restoredVersion,
    };
  }).catch(refuseConflict);
  if (changed === undefined) throw problem('not_found');
  if (changed !== null && (changed.changes.url !== undefined || changed.changes.authentication !== undefined))
    await probeWebhookNow(dependencies.pool, webhookId, actorOf(owner));
};

const tags = ['Webhooks'];
const changing = {
  operationId: 'changeWebhook',
  tags,
  summary: 'Change a webhook',
  params: webhookPath,
  headers: ifMatchHeader,
  body: changedWebhookBody,
  response: { 200: Type.Ref('Webhook') },
};
const deleting = {
  operationId: 'deleteWebhook',
  tags,
  summary: 'Delete a webhook',
  description: 'What waits is cancelled; its history stays.',
  params: webhookPath,
  headers: ifMatchHeader,
  response: { 204: nothing('The webhook is deleted.') },
};

/** PATCH and DELETE /v1/webhooks/{id}. */
export const webhookChangeRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, pool } = dependencies;

  const path = '/v1/webhooks/:id';
  app.patch<{ Body: ChangedWebhookBody }>(
    path,
    { config: { permission: 'edit_webhooks' }, schema: changing, attachValidation: true },
    async (request, reply) => {
      const { owner } = request;
      const id = idOf(request.params);
      await writeVersion(dependencies, request, (before) => {
        checkCircuitSettings(owner, request.body, before);
        const rules = { isNew: false, checkUrl: urlCheckOf(dependencies, owner) };
        return readWebhookBody(before, request.body, request.validationError, rules);
      });
      const actor = actorOf(owner);
      const { is_active } = request.body;
      if (is_active !== undefined) {
        const row = await findOwn(db, owner, request.params);
        if (is_active !== (row.disabled_at === null))
          await audit(dependencies, owner, row, is_active ? 'webhook.enabled' : 'webhook.disabled');
        if (is_active) await enableWebhook(pool, id, actor, dependencies.slot);
        else await disableWebhook(pool, id, actor);
      }
      return sendWebhook(reply, db, owner, id);
    },
  );

  app.delete(path, { config: { permission: 'edit_webhooks' }, schema: deleting }, async (request, reply) => {
    const { owner, row } = await requireOwn(dependencies, request);
    checkIfMatch(request, row.version);
    await audit(dependencies, owner, row, 'webhook.deleted');
    const isRemoved = await removeWebhook(pool, { ...reachOf(owner), webhookId: row.id }, actorOf(owner), (version) =>
      checkIfMatch(request, version),
    );
    if (!isRemoved) throw problem('not_found');
    return reply.code(204).send();
  });
};
