import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type BreakerRegistry, createBreakerRegistry } from '@posthorn/breaker';
import {
  attemptKindCodes,
  bodyShape,
  errorKindCodes,
  type PayloadFormat,
  reasonCodes,
  type SendingWebhook,
  storedStatusCodes,
  userAgent,
} from '@posthorn/core';
import type { LoadedEvent } from '@posthorn/db';
import { createEgress, type Egress, loopbackAllowValue, type Outcome, parseAllowList } from '@posthorn/egress';
import { freePort, type Received, type Receiver, startReceiver } from '@posthorn/testkit';
import { Webhook } from 'standardwebhooks';
import { newEvent, secret, storedWebhook } from '../tests/fixtures.js';
import { type Attempt, type AttemptDependencies, makeAttempt } from './attempt.js';
import type { WorkerWebhook } from './tenant-index.js';

let receiver: Receiver;
let egress: Egress;
let breakers: BreakerRegistry;
const attempts: { readonly ok: boolean; readonly outcome: Outcome }[] = [];
const unsent: string[] = [];

beforeAll(async () => {
  receiver = await startReceiver();
  const parsed = parseAllowList(loopbackAllowValue);
  if (!parsed.ok) throw new Error(parsed.message);
  egress = createEgress({ allow: parsed.allow, responseBytesMax: 100 });
  breakers = createBreakerRegistry({ breakersMax: 100 });
});
afterEach(() => {
  receiver.clear();
  receiver.answer({});
  attempts.length = 0;
  unsent.length = 0;
});
afterAll(async () => {
  breakers.shutdown();
  await egress.close();
  await receiver.stop();
});

const webhookAt = (changes: Partial<WorkerWebhook> = {}, sending: Partial<SendingWebhook> = {}) =>
  storedWebhook({ url: receiver.url('/hook?a=1'), timeoutMs: 5_000, ...changes }, sending);
const previous = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;

const attemptOf = ({ webhook = webhookAt(), ...changes }: Partial<Attempt> = {}): Attempt => ({
  event: newEvent(),
  webhook,
  n: 1,
  kind: 'first',
  failures: 0,
  shape: 3,
  body: webhook.sender().shape,
  epoch: 6,
  replay: false,
  mayWrite: () => true,
  ...changes,
});
/** Makes an attempt now; random is in the middle, so the schedule is exact. */
const make = (attempt: Attempt, isNew = true, changes: Partial<AttemptDependencies> = {}) =>
  makeAttempt(attempt, isNew, {
    send: egress.send,
    fire: breakers.fire,
    nowMs: Date.now,
    random: () => 0.5,
    onAttempt: ({ verdict, outcome }) => attempts.push({ ok: verdict === 'succeeded', outcome }),
    onUnsent: (reason) => unsent.push(reason),
    ...changes,
  });
const verify = (key: string, received: Received | undefined) =>
  new Webhook(key).verify(received?.body.toString('utf8') ?? '', received?.headers ?? {});
const envelopeOf = ({ data, eventType }: LoadedEvent) =>
  `{"event_time":"2025-06-15T15:06:40.123Z","event_type":"${eventType}","current_context":null,"data":${data}}`;

describe('what an endpoint gets', () => {
  it("is exactly our headers, and the envelope with the producer's bytes", async () => {
    const attempt = attemptOf({ n: 7 });
    const nowMs = Date.now();
    await make(attempt, true, { nowMs: () => nowMs });
    const [received] = receiver.received;
    expect(received).toMatchObject({ method: 'POST', path: '/hook?a=1' });
    expect(received?.body.equals(Buffer.from(envelopeOf(attempt.event)))).toBe(true);
    const { 'webhook-signature': signature, connection: _connection, ...headers } = received?.headers ?? {};
    expect(headers).toEqual({
      'webhook-id': attempt.event.id,
      'webhook-timestamp': String(Math.floor(nowMs / 1000)),
      'content-type': 'application/json',
      'user-agent': userAgent,
      'posthorn-event-type': 'order.placed',
      'posthorn-delivery-id': `${attempt.event.id}.${attempt.webhook.id}`,
      'posthorn-attempt': '7',
      'content-length': String(Buffer.byteLength(envelopeOf(attempt.event))),
      host: new URL(receiver.origin).host,
    });
    expect(signature).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
  });

  it('verifies with standardwebhooks, and not with another secret', async () => {
    await make(attemptOf());
    const [received] = receiver.received;
    expect(() => verify(secret, received)).not.toThrow();
    expect(() => verify(`whsec_${Buffer.alloc(32, 6).toString('base64')}`, received)).toThrow();
  });

  it('is signed with both secrets during a rotation, the current one first, and with the old one no longer after it', async () => {
    const nowMs = Date.now();
    const rotating = (expiresAtMs: number) =>
      webhookAt(
        {},
        {
          secrets: [
            { secret, expiresAtMs: null },
            { secret: previous, expiresAtMs },
          ],
          signatureHeader: { name: 'x-signature', value: 'sha256={hex}' },
        },
      );
    await make(attemptOf({ webhook: rotating(nowMs + 1) }), true, { nowMs: () => nowMs });
    await make(attemptOf({ webhook: rotating(nowMs) }), true, { nowMs: () => nowMs });
    const [during, after] = receiver.received;
    for (const key of [secret, previous]) expect(() => verify(key, during)).not.toThrow();
    const [first] = during?.headers['webhook-signature']?.split(' ') ?? [];
    expect(() => verify(secret, during && { ...during, headers: { ...during.headers, 'webhook-signature': first ?? '' } })).not.toThrow();
    expect(after?.headers['webhook-signature']?.split(' ')).toHaveLength(1);
    expect(() => verify(previous, after)).toThrow();
    // This header has room for one signature: that of the secret which stays.
    for (const each of [during, after]) {
      const hex = createHmac('sha256', secret)
        .update(each?.body ?? '')
        .digest('hex');
      expect(each?.headers['x-signature']).toBe(`sha256=${hex}`);
    }
  });

  it('has the same id and the same bytes at every attempt', async () => {
    const event = newEvent({ currentContext: '{"b":1.0, "a":1e2}' });
    const webhook = webhookAt();
    for (const n of [1, 2]) await make(attemptOf({ event, webhook, n }));
    const [first, second] = receiver.received;
    expect(second?.body.equals(first?.body ?? Buffer.alloc(0))).toBe(true);
    expect(second?.body.toString()).toContain('"current_context":{"b":1.0, "a":1e2},"data":');
    expect([first, second].map((each) => each?.headers['webhook-id'])).toEqual([event.id, event.id]);
  });

  it('has the authentication, the own headers with the event type in them, and the signature header', async () => {
    const webhook = webhookAt(
      {},
      {
        authentication: { type: 'basic', username: 'ann', password: 'p:w' },
        headers: { 'X-Kind': 'a {event_type} b', 'x-plain': 'plain' },
        signatureHeader: { name: 'X-Signature', value: 'v={base64}' },
      },
    );
    const record = await make(attemptOf({ webhook }));
    const [received] = receiver.received;
    const signature = `v=${createHmac('sha256', secret)
      .update(received?.body ?? '')
      .digest('base64')}`;
    expect(received?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('ann:p:w').toString('base64')}`,
      'x-kind': 'a order.placed b',
      'x-plain': 'plain',
      'x-signature': signature,
    });
    // What is secret is not kept, and a signature is none.
    const lines = record?.sent?.requestHeaders.split('\n') ?? [];
    expect(lines.slice(-5)).toEqual(['authorization: <hidden>', 'X-Kind: <hidden>', 'x-plain: <hidden>', `X-Signature: ${signature}`, '']);
    expect(lines.filter((line) => line.includes('<hidden>'))).toHaveLength(3);
  });

  it.each<[SendingWebhook['authentication'], string, string]>([
    [{ type: 'bearer', token: 't0ken' }, 'authorization', 'Bearer t0ken'],
    [{ type: 'api_key', header: 'x-token', value: 'Token abc' }, 'x-token', 'Token abc'],
  ])('proves itself by %j', async (authentication, name, value) => {
    const record = await make(attemptOf({ webhook: webhookAt({}, { authentication }) }));
    expect(receiver.received[0]?.headers[name]).toBe(value);
    expect(record?.sent?.requestHeaders).toContain(`\n${name}: <hidden>\n`);
    expect(record?.sent?.requestHeaders).not.toContain(value);
  });

  it.each<[PayloadFormat, string]>([
    ['envelope', 'application/json'],
    ['standard', 'application/json'],
    ['jsonapi', 'application/vnd.api+json'],
    ['event_payload', 'application/json'],
    ['cloudevents', 'application/cloudevents+json'],
    ['data', 'application/json'],
  ])('in format %s is %s, with the data as they came, and verifies', async (payloadFormat, contentType) => {
    const attempt = attemptOf({ webhook: webhookAt({}, { payloadFormat }) });
    await make(attempt);
    const [received] = receiver.received;
    expect(received?.headers['content-type']).toBe(contentType);
    expect(received?.body.toString()).toContain(attempt.event.data);
    expect(received?.body.includes(attempt.webhook.id)).toBe(payloadFormat === 'event_payload');
    expect(() => verify(secret, received)).not.toThrow();
  });

  it('has the body of the version under which its delivery was made, and all else of the webhook as it is today', async () => {
    const event = newEvent({ resources: '{"line_items":[{"id":1.0}],"customer":{"id":2}}' });
    const webhook = webhookAt({ version: 9 }, { payloadFormat: 'cloudevents', authentication: { type: 'bearer', token: 'new' } });
    const record = await make(attemptOf({ event, webhook, shape: 4, body: bodyShape('jsonapi', ['customer', 'line_items']) }), false);
    const [received] = receiver.received;
    expect(received?.body.toString()).toBe(`{"data":${event.data},"included":[{"id":2},{"id":1.0}]}`);
    expect(received?.headers).toMatchObject({ 'content-type': 'application/vnd.api+json', authorization: 'Bearer new' });
    expect(record).toMatchObject({ shape: 4, sent: { webhookVersion: 9 } });
    expect(() => verify(secret, received)).not.toThrow();
  });
});

describe('what is recorded of an attempt', () => {
  it('that succeeded has the answer and the headers that were sent', async () => {
    receiver.answer({ status: 204, headers: { 'x-request-id': 'r1' } });
    const attempt = attemptOf();
    const record = await make(attempt);
    expect(record).toMatchObject({
      tenantId: attempt.event.tenantId,
      eventId: attempt.event.id,
      webhookId: attempt.webhook.id,
      isNew: true,
      attempt: 1,
      status: storedStatusCodes.succeeded,
      reason: null,
      dueInMs: null,
      holdMs: null,
      out: false,
      shape: 3,
      epoch: 6,
      threshold: 10,
      gone: false,
      replay: false,
    });
    expect(record?.sent).toMatchObject({
      ok: true,
      kind: attemptKindCodes.first,
      statusCode: 204,
      errorKind: null,
      error: null,
      responseBody: null,
    });
    const [received] = receiver.received;
    expect(record?.sent?.requestHeaders).toContain(`webhook-signature: ${received?.headers['webhook-signature']}\n`);
    expect(record?.sent?.responseHeaders).toMatch(/x-request-id: r1\n/i);
    expect(attempts.map((each) => each.ok)).toEqual([true]);
  });

  it('of an endpoint that sends back what it was sent is kept without what is secret', async () => {
    const authentication = { type: 'basic', username: 'the-user-of-it', password: 'the-password-of-it' } as const;
    const headers = { 'x-own': 'an-own-value-of-it', 'x-type': 'type-{event_type}' };
    const echo = async (body: (received: Received) => string): Promise<string> => {
      receiver.answer((received) => ({ headers: { 'x-echo': received.headers.authorization ?? '' }, body: body(received) }));
      const record = await make(attemptOf({ webhook: webhookAt({}, { authentication, headers }) }));
      expect(record?.sent?.responseHeaders).toContain('x-echo: Basic <hidden>\n');
      return record?.sent?.responseBody?.toString() ?? '';
    };
    expect(await echo(({ headers: sent }) => `${sent['x-own']}, ${sent['x-type']}`)).toBe('<hidden>, type-order.placed');
    expect(await echo(() => `${secret} the-password-of-it`)).toBe('<hidden> <hidden>');
    // Cut within it.
    expect(await echo(() => `${'x'.repeat(90)}the-password-of-it`)).toBe(`${'x'.repeat(90)}<hidden>`);
  });

  it('that failed is a retry by the schedule, with the body cut at its bound', async () => {
    receiver.answer({ status: 500, body: 'x'.repeat(101) });
    const record = await make(attemptOf({ failures: 1, n: 4, kind: 'retry' }), false);
    expect(record).toMatchObject({
      isNew: false,
      attempt: 4,
      status: storedStatusCodes.waiting,
      reason: null,
      dueInMs: 300_000,
      holdMs: null,
    });
    expect(record?.sent).toMatchObject({ ok: false, counts: true, kind: attemptKindCodes.retry, statusCode: 500, responseTruncated: true });
    expect(record?.sent?.responseBody).toHaveLength(100);
    expect(attempts.map((each) => each.ok)).toEqual([false]);
  });

  it('that was the last of the schedule has failed for good', async () => {
    receiver.answer({ status: 500 });
    expect(await make(attemptOf({ failures: 2 }))).toMatchObject({
      status: storedStatusCodes.failed,
      reason: reasonCodes.exhausted,
      dueInMs: null,
    });
  });

  it('of an endpoint that is gone has failed for good, and says so for its webhook', async () => {
    receiver.answer({ status: 410 });
    const gone = { status: storedStatusCodes.failed, reason: reasonCodes.rejected, dueInMs: null, holdMs: null, gone: true };
    expect(await make(attemptOf())).toMatchObject(gone);
    receiver.answer({ status: 404 });
    expect(await make(attemptOf())).toMatchObject({ status: storedStatusCodes.waiting, gone: false });
  });

  it('of a replay says so', async () => {
    const attempt = attemptOf({ kind: 'replay', n: 12, replay: true });
    expect(await make(attempt, false)).toMatchObject({ attempt: 12, replay: true, sent: { kind: attemptKindCodes.replay } });
  });

  it('of an endpoint that says when holds the webhook, and does not count for the circuit', async () => {
    receiver.answer({ status: 429, headers: { 'retry-after': '60' } });
    const record = await make(attemptOf());
    expect(record).toMatchObject({
      status: storedStatusCodes.waiting,
      dueInMs: 60_000,
      holdMs: 60_000,
      sent: { ok: false, counts: false },
    });
    // Also when it was the last of the schedule.
    expect(await make(attemptOf({ failures: 2 }))).toMatchObject({ status: storedStatusCodes.failed, holdMs: 60_000 });
    receiver.answer({ status: 429 });
    expect(await make(attemptOf())).toMatchObject({ dueInMs: 5_000, holdMs: null, sent: { counts: true } });
    receiver.answer({ status: 503, headers: { 'retry-after': '60' } });
    expect(await make(attemptOf())).toMatchObject({ dueInMs: 60_000, holdMs: null, sent: { counts: true } });
  });

  it('that got no answer has its kind of error and no status', async () => {
    const port = await freePort();
    const refused = await make(attemptOf({ webhook: webhookAt({ url: `http://127.0.0.1:${port}/` }) }));
    expect(refused).toMatchObject({ status: storedStatusCodes.waiting, dueInMs: 5_000 });
    expect(refused?.sent).toMatchObject({ statusCode: null, errorKind: errorKindCodes.connect, responseHeaders: null, responseBody: null });
    expect(refused?.sent?.error).toEqual(expect.any(String));
    const blocked = await make(attemptOf({ failures: 9, webhook: webhookAt({ url: 'http://169.254.169.254/' }) }));
    expect(blocked).toMatchObject({ status: storedStatusCodes.failed, reason: reasonCodes.blocked_address });
    receiver.answer({ hang: true });
    const late = await make(attemptOf({ webhook: webhookAt({ timeoutMs: 50 }) }));
    expect(late?.sent).toMatchObject({ errorKind: errorKindCodes.timeout, counts: true });
  });

  it('that the breaker refused is nothing, and nothing was sent; a probe passes', async () => {
    const attempt = attemptOf();
    breakers.follow(attempt.webhook.id, 'open');
    expect(await make(attempt)).toBeNull();
    expect([receiver.count(), attempts, unsent]).toEqual([0, [], ['breaker']]);
    expect(await make({ ...attempt, kind: 'probe' })).toMatchObject({ sent: { kind: attemptKindCodes.probe, ok: true } });
  });

  it('that was taken back before it was written is nothing: nothing was sent, and the endpoint is not judged by it', async () => {
    const attempt = attemptOf({ mayWrite: () => false });
    let fired = 0;
    // Many more than a circuit bears; the next one finds it closed.
    const fire: AttemptDependencies['fire'] = (...call) => {
      fired += 1;
      return breakers.fire(...call);
    };
    for (let i = 0; i < 20; i++) expect(await make(attempt, true, { fire })).toBeNull();
    expect([fired, receiver.count(), attempts]).toEqual([20, 0, []]);
    expect(unsent).toEqual(Array(20).fill('not_ours'));
    expect(await make({ ...attempt, mayWrite: () => true })).toMatchObject({ status: storedStatusCodes.succeeded });
    expect([receiver.count(), attempts.length]).toEqual([1, 1]);
  });

  it('is asked for when it is written, not when it begins', async () => {
    let asked = 0;
    const attempt = attemptOf({
      mayWrite: () => {
        asked += 1;
        return true;
      },
    });
    breakers.follow(attempt.webhook.id, 'open');
    expect([await make(attempt), asked]).toEqual([null, 0]);
    breakers.follow(attempt.webhook.id, 'closed');
    await make(attempt);
    expect([asked, receiver.count()]).toEqual([1, 1]);
  });
});
