// What people do to a webhook at run time. Each can be done again and changes nothing then; none changes the configuration.
import { disableWebhook, enableWebhook, pauseWebhook, resetCircuit, resumeWebhook } from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Permission } from '../access.js';
import { webhookPath } from '../schemas/parameters.js';
import { actorOf, audit, requireOwn, sendWebhook, shownWebhook, type WebhookDependencies } from './own-webhook.js';

type Action = {
  readonly permission: Permission;
  /** As the audit log has it. */
  readonly audited: string;
  readonly operationId: string;
  readonly summary: string;
  readonly run: typeof pauseWebhook;
};

const actions: Readonly<Record<string, Action>> = {
  disable: {
    permission: 'operate_webhooks',
    audited: 'webhook.disabled',
    operationId: 'disableWebhook',
    summary: 'Disable a webhook; what waits is skipped',
    run: disableWebhook,
  },
  pause: {
    permission: 'operate_webhooks',
    audited: 'webhook.paused',
    operationId: 'pauseWebhook',
    summary: 'Pause a webhook; its deliveries are held',
    run: pauseWebhook,
  },
  resume: {
    permission: 'operate_webhooks',
    audited: 'webhook.resumed',
    operationId: 'resumeWebhook',
    summary: 'Resume a paused webhook',
    run: resumeWebhook,
  },
  'reset-circuit': {
    permission: 'reset_circuit',
    audited: 'webhook.circuit_reset',
    operationId: 'resetWebhookCircuit',
    summary: 'Close the circuit of a webhook',
    run: resetCircuit,
  },
};

const acted = { tags: ['Webhooks'], params: webhookPath, response: { 200: Type.Ref('Webhook') } };
const enabled = {
  operationId: 'enableWebhook',
  tags: ['Webhooks'],
  summary: 'Enable a webhook',
  description: 'It brings back none of the deliveries that were skipped; recover does.',
  params: webhookPath,
  response: { 200: Type.Ref('EnabledWebhook') },
};

/** POST /v1/webhooks/{id}/{enable|disable|pause|resume|reset-circuit}. */
export const webhookActionRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { pool } = dependencies;

  for (const [name, { permission, audited, operationId, summary, run }] of Object.entries(actions)) {
    app.post(`/v1/webhooks/:id/${name}`, { config: { permission }, schema: { operationId, summary, ...acted } }, async (request, reply) => {
      const { owner, row } = await requireOwn(dependencies, request);
      await audit(dependencies, owner, row, audited);
      await run(pool, row.id, actorOf(owner));
      return sendWebhook(reply, dependencies, owner, row.id);
    });
  }

  app.post('/v1/webhooks/:id/enable', { config: { permission: 'operate_webhooks' }, schema: enabled }, async (request, reply) => {
    const { owner, row } = await requireOwn(dependencies, request);
    await audit(dependencies, owner, row, 'webhook.enabled');
    await enableWebhook(pool, row.id, actorOf(owner), dependencies.slot);
    const shown = await shownWebhook(dependencies, owner, row.id);
    // It brings none of them back; recover does.
    return reply.header('etag', `"${shown.version}"`).send({ ...shown, skipped_deliveries: shown.statistics.skipped });
  });
};
