// The test of dialect 004: one request to the webhook now, answered by whether it was taken.
import { problem } from '@posthorn/core';
import { flat } from '@posthorn/dialects';
import type { FastifyContextConfig, FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { WebhookDependencies } from '../routes/own-webhook.js';
import { createWebhookTester } from '../routes/webhook-test.js';
import { judgedBody } from '../schemas/dialects.js';
import { errorFormOf } from './errors.js';
import { findShown } from './showing.js';

const schema = {
  operationId: 'testFlatWebhook',
  tags: ['Dialect 004'],
  summary: 'Send a test to a webhook',
  description: 'It succeeds if the webhook answers with 2xx, and is 422 otherwise.',
  body: judgedBody('FlatTest'),
  response: { 200: Type.Object({ success: Type.Literal(true) }, { description: 'The webhook took it.' }) },
};
const config: FastifyContextConfig = {
  permission: 'operate_webhooks',
  errorForm: errorFormOf(flat, 'application/json', 'FlatError'),
  problems: ['not_found'],
};

/** The `id` of the body; throws what is wrong with it. */
const idOf = (body: unknown): string => {
  const { id } = (body ?? {}) as { readonly id?: unknown };
  if (typeof id === 'string') return id;
  const code = id === undefined ? 'missing_field' : 'invalid_field';
  const message = id === undefined ? '/id is missing' : '/id must be a string';
  throw problem(code, message, { errors: [{ pointer: '/id', code, message }] });
};

/** POST /webhook/test. */
export const flatTestRoute = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const send = createWebhookTester(dependencies);
  app.post('/webhook/test', { config, schema }, async ({ owner, body }) => {
    const row = await findShown(dependencies.db, owner, 'id', idOf(body));
    if (row === undefined) throw problem('not_found', 'there is no such webhook');
    const { ok, status_code, error } = await send(owner, row);
    if (ok) return { success: true };
    throw problem('invalid_field', `the webhook did not take the test: ${status_code === null ? error : `it answered ${status_code}`}`);
  });
};
