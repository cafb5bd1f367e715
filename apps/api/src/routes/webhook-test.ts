// A test of a webhook: one request now, in whatever state it is, made as a delivery's would be. It is kept as an attempt and counts for nothing.
import {
  type BodyEvent,
  bytesWithoutSecrets,
  composeRequest,
  defaultRetryScheduleS,
  errorKindCodes,
  eventLimits,
  type FieldError,
  isEventType,
  isJsonObject,
  jsonTextExcess,
  problem,
  scanObject,
  shownHeaders,
  unknownFields,
  withoutSecrets,
} from '@posthorn/core';
import { type AttemptRow, insertTestAttempt, type KeyOwner, loadWebhook, type TestAttempt, type WebhookRow } from '@posthorn/db';
import type { Outcome } from '@posthorn/egress';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { limits } from '../limits.js';
import { webhookPath } from '../schemas/parameters.js';
import { testEventSchema } from '../schemas/webhook-test.js';
import { takeJsonAsText } from '../text-body.js';
import { attemptObject } from './deliveries.js';
import { audit, requireOwn, type WebhookDependencies } from './own-webhook.js';

/** `data` is JSON text. */
type TestEvent = { readonly eventType: string; readonly data: string };
const defaultTest: TestEvent = { eventType: 'posthorn.test', data: '{"test":true}' };
/** What a webhook's null means where its environment says nothing; of these a test needs the timeout alone. */
const defaults = { timeoutMs: 15_000, maxInFlight: 20, circuitThreshold: 10, retryScheduleS: defaultRetryScheduleS } as const;
/** Requests of tests that one process has open at a time. */
const testsMax = 20;

/** Event type and data of a test; `data` is JSON text as it came. Throws a problem that names everything that is wrong. */
const readTest = (text: string): TestEvent => {
  const tooDeep = () => problem('nesting_too_deep', `data is nested in more than ${eventLimits.depthMax} levels`);
  if (jsonTextExcess(text, { depthMax: eventLimits.depthMax, valuesMax: Number.POSITIVE_INFINITY }) !== null) throw tooDeep();
  const scan = scanObject(text, 0, text.length, eventLimits.depthMax);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw problem('not_json');
  }
  if (body === null) return defaultTest;
  if (!isJsonObject(body)) throw problem('invalid_field', 'the body must be an object');
  if (!scan.ok) throw tooDeep();
  const errors: FieldError[] = [...unknownFields(body, ['event_type', 'data'], '')];
  const eventType = body.event_type ?? defaultTest.eventType;
  if (typeof eventType !== 'string' || !isEventType(eventType))
    errors.push({ pointer: '/event_type', code: 'invalid_field', message: 'event_type must be an event type, such as order.placed' });
  const [first] = errors;
  if (first !== undefined || typeof eventType !== 'string')
    throw problem(first?.code === 'unknown_field' ? 'unknown_field' : 'invalid_field', first?.message, { errors });
  const member = scan.members.findLast(({ key }) => key === 'data');
  return { eventType, data: member === undefined ? defaultTest.data : text.slice(member.start, member.end) };
};

const resultOf = (outcome: Exclude<Outcome, { kind: 'unsent' }>, secrets: readonly string[]) => {
  const response = outcome.kind === 'response' ? outcome : null;
  return {
    ok: response !== null && response.statusCode >= 200 && response.statusCode <= 299,
    status_code: outcome.statusCode,
    error_kind: outcome.kind === 'error' ? errorKindCodes[outcome.errorKind] : null,
    error: outcome.kind === 'error' ? outcome.message : (outcome.bodyError ?? null),
    duration_ms: outcome.durationMs,
    dns_ms: outcome.phases.dnsMs,
    connect_ms: outcome.phases.connectMs,
    tls_ms: outcome.phases.tlsMs,
    first_byte_ms: outcome.phases.firstByteMs,
    response_headers: response === null ? null : withoutSecrets(response.headers, secrets),
    response_body:
      response === null || response.body.length === 0 ? null : bytesWithoutSecrets(response.body, secrets, response.bodyTruncated),
    response_truncated: response?.bodyTruncated ?? false,
  };
};

/** Sends the test and tells what is to be kept of it. */
const sendTest = async (
  webhookId: string,
  test: TestEvent,
  { pool, secretBox, newId, nowMs, egress }: WebhookDependencies,
): Promise<TestAttempt> => {
  const webhook = await loadWebhook(pool, webhookId, secretBox, defaults);
  if (webhook === undefined) throw problem('not_found');
  const sender = webhook.sender();
  const atMs = nowMs();
  const event: BodyEvent = {
    id: newId(),
    ...test,
    eventTimeMs: atMs,
    acceptedAtMs: atMs,
    environmentId: webhook.environmentId,
    currentContext: null,
    resources: null,
  };
  const request = composeRequest(sender, event, sender.shape, { attempt: 1, atMs });
  const { headers, body } = request;
  const outcome = await egress.send({ url: webhook.url, headers, body, timeoutMs: webhook.timeoutMs });
  if (outcome.kind === 'unsent')
    throw problem('overloaded', 'this process is stopping: the test was not sent', {
      headers: { 'retry-after': String(limits.retryAfterS) },
    });
  return {
    environment_id: webhook.environmentId,
    tenant_id: webhook.tenantId,
    event_id: event.id,
    webhook_id: webhook.id,
    webhook_version: webhook.version,
    started_at: new Date(atMs),
    request_headers: shownHeaders(request),
    ...resultOf(outcome, sender.secretTexts),
  };
};

/** Sends tests, not too many at a time, and keeps each as an attempt. */
export const createWebhookTester = (dependencies: WebhookDependencies) => {
  let open = 0;
  return async (owner: KeyOwner, row: WebhookRow, test: TestEvent = defaultTest): Promise<AttemptRow> => {
    if (open >= testsMax) throw problem('overloaded', 'too many tests at once', { headers: { 'retry-after': String(limits.retryAfterS) } });
    open += 1;
    try {
      await audit(dependencies, owner, row, 'webhook.tested');
      return await insertTestAttempt(dependencies.db, await sendTest(row.id, test, dependencies));
    } finally {
      open -= 1;
    }
  };
};

const testing = {
  operationId: 'testWebhook',
  tags: ['Webhooks'],
  summary: 'Send a test to a webhook, once and now',
  description: 'In whatever state it is; 200 with the attempt, whatever came back. It counts in no statistics and not for the circuit.',
  params: webhookPath,
  body: testEventSchema,
  response: { 200: Type.Ref('Attempt') },
};

/** POST /v1/webhooks/{id}/test, in a scope of its own: here a JSON body is text, so that the data goes out as they came. */
export const webhookTestRoute = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  takeJsonAsText(app);

  const send = createWebhookTester(dependencies);
  app.post('/v1/webhooks/:id/test', { config: { permission: 'operate_webhooks' }, schema: testing }, async (request) => {
    const { owner, row } = await requireOwn(dependencies, request);
    const test = readTest((request.body as string | undefined) || '{}');
    return attemptObject(await send(owner, row, test));
  });
};
