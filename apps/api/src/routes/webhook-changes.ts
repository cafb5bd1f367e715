// PATCH and DELETE of a webhook. A change of the configuration is one version; switching on or off is none.

import { problem } from '@posthorn/core';
import { changeWebhook, disableWebhook, enableWebhook, type KeyOwner, probeWebhookNow, removeWebhook } from '@posthorn/db';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { reachOf } from '../access.js';
import { changesBetween, configurationOf, fieldsOf } from '../webhook-fields.js';
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

type ChangeRequest = FastifyRequest<{ Body: ChangedWebhookBody }>;

/** Writes the next version, if there is a difference. */
const change = (owner: KeyOwner, webhookId: string, request: ChangeRequest, dependencies: WebhookDependencies) =>
  changeWebhook(dependencies.db, dependencies.secretBox, { ...reachOf(owner), webhookId }, authorOf(owner), (current) => {
    checkIfMatch(request, current.row.version);
    const before = fieldsOf(current);
    checkCircuitSettings(owner, request.body, before);
    const rules = { isNew: false, checkUrl: urlCheckOf(dependencies, owner) };
    const after = readWebhookBody(before, request.body, request.validationError, rules);
    const changes = changesBetween(before, after);
    if (Object.keys(changes).length === 0) return null;
    return { configuration: configurationOf(after), changes, secrets: sealChanges(dependencies, webhookId, before, after) };
  }).catch(refuseConflict);

/** PATCH and DELETE /v1/webhooks/{id}. */
export const webhookChangeRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, pool } = dependencies;

  const path = '/v1/webhooks/:id';
  app.patch<{ Body: ChangedWebhookBody }>(
    path,
    { config: { permission: 'edit_webhooks' }, schema: { body: changedWebhookBody }, attachValidation: true },
    async (request, reply) => {
      const { owner } = request;
      const id = idOf(request.params);
      const changed = await change(owner, id, request, dependencies);
      if (changed === undefined) throw problem('not_found');
      const actor = actorOf(owner);
      if (changed !== null && (changed.changes.url !== undefined || changed.changes.authentication !== undefined))
        await probeWebhookNow(pool, id, actor);
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

  app.delete(path, { config: { permission: 'edit_webhooks' } }, async (request, reply) => {
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
