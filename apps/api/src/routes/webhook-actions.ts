// What people do to a webhook at run time. Each can be done again and changes nothing then; none changes the configuration.
import { disableWebhook, enableWebhook, pauseWebhook, resetCircuit, resumeWebhook } from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import type { Permission } from '../access.js';
import { actorOf, audit, requireOwn, sendWebhook, shownWebhook, type WebhookDependencies } from './own-webhook.js';

type Action = {
  readonly permission: Permission;
  /** As the audit log has it. */
  readonly audited: string;
  readonly run: typeof pauseWebhook;
};

const actions: Readonly<Record<string, Action>> = {
  disable: { permission: 'operate_webhooks', audited: 'webhook.disabled', run: disableWebhook },
  pause: { permission: 'operate_webhooks', audited: 'webhook.paused', run: pauseWebhook },
  resume: { permission: 'operate_webhooks', audited: 'webhook.resumed', run: resumeWebhook },
  'reset-circuit': { permission: 'reset_circuit', audited: 'webhook.circuit_reset', run: resetCircuit },
};

/** POST /v1/webhooks/{id}/{enable|disable|pause|resume|reset-circuit}. */
export const webhookActionRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, pool } = dependencies;

  for (const [name, { permission, audited, run }] of Object.entries(actions)) {
    app.post(`/v1/webhooks/:id/${name}`, { config: { permission } }, async (request, reply) => {
      const { owner, row } = await requireOwn(dependencies, request);
      await audit(dependencies, owner, row, audited);
      await run(pool, row.id, actorOf(owner));
      return sendWebhook(reply, db, owner, row.id);
    });
  }

  app.post('/v1/webhooks/:id/enable', { config: { permission: 'operate_webhooks' } }, async (request, reply) => {
    const { owner, row } = await requireOwn(dependencies, request);
    await audit(dependencies, owner, row, 'webhook.enabled');
    await enableWebhook(pool, row.id, actorOf(owner), dependencies.slot);
    const shown = await shownWebhook(db, owner, row.id);
    // It brings none of them back; recover does.
    return reply.header('etag', `"${shown.version}"`).send({ ...shown, skipped_deliveries: shown.statistics.skipped });
  });
};
