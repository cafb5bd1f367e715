// One attempt: body and signature as the endpoint gets them, through the breaker and the egress seam, judged into what is recorded.
import type { KeyObject } from 'node:crypto';
import type { BreakerRegistry } from '@posthorn/breaker';
import {
  type AttemptKind,
  type AttemptOutcome,
  attemptKindCodes,
  countsForCircuit,
  deliveryHeaders,
  envelope,
  errorKindCodes,
  judge,
  reasonCodes,
  sign,
  storedStatusCodes,
  type Verdict,
} from '@posthorn/core';
import type { DeliveryRecord, LoadedEvent, SentAttempt } from '@posthorn/db';
import type { EgressRequest, Outcome } from '@posthorn/egress';
import type { WorkerWebhook } from './tenant-index.js';

export type Attempt = {
  readonly event: LoadedEvent;
  readonly webhook: WorkerWebhook;
  /** Its number: that of the claim or the lease. */
  readonly n: number;
  readonly kind: AttemptKind;
  /** Failed attempts of its present schedule so far. */
  readonly failures: number;
  readonly shape: number;
  readonly epoch: number;
};

/** What is to be recorded of an attempt, or null: the breaker said no. */
export type Attempted = DeliveryRecord | null;

export type AttemptDependencies = {
  readonly send: (request: EgressRequest) => Promise<Outcome>;
  readonly fire: BreakerRegistry['fire'];
  /** The database's clock, in ms since 1970. */
  readonly nowMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onAttempt: (ok: boolean, outcome: Outcome) => void;
};

export const userAgent = 'Posthorn/0.1';
const contentType = 'application/json';

/** A delivery's public id. */
export const deliveryIdOf = (eventId: string, webhookId: string): string => `${eventId}.${webhookId}`;

// A body is built once per event, however many webhooks get it.
const bodies = new WeakMap<LoadedEvent, string>();
const bodyOf = (event: LoadedEvent): string => {
  let body = bodies.get(event);
  if (body === undefined) {
    body = envelope(event);
    bodies.set(event, body);
  }
  return body;
};

const keysAt = (webhook: WorkerWebhook, nowMs: number): readonly KeyObject[] =>
  webhook.previousKeys.length === 0
    ? webhook.currentKeys
    : [...webhook.currentKeys, ...webhook.previousKeys.filter((each) => each.expiresAtMs > nowMs).map((each) => each.key)];

/** `name: value` lines. Nothing in them is secret yet; authentication and own headers will be hidden here. */
const headerLines = (headers: readonly string[]): string => {
  let lines = '';
  for (let i = 0; i < headers.length; i += 2) lines += `${headers[i]}: ${headers[i + 1]}\n`;
  return lines;
};

const isSuccess = (outcome: Outcome): boolean => outcome.kind === 'response' && outcome.statusCode >= 200 && outcome.statusCode <= 299;

const outcomeForJudge = (outcome: Outcome): AttemptOutcome =>
  outcome.kind === 'response'
    ? { kind: 'response', statusCode: outcome.statusCode, retryAfter: outcome.retryAfter }
    : { kind: 'error', errorKind: outcome.errorKind };

const sentOf = (attempt: Attempt, outcome: Outcome, verdict: Verdict, startedAtMs: number, headers: readonly string[]): SentAttempt => {
  const response = outcome.kind === 'response' ? outcome : null;
  return {
    ok: verdict.kind === 'succeeded',
    counts: countsForCircuit(outcomeForJudge(outcome), verdict),
    kind: attemptKindCodes[attempt.kind],
    webhookVersion: attempt.webhook.version,
    startedAtMs,
    statusCode: outcome.statusCode,
    errorKind: outcome.kind === 'error' ? errorKindCodes[outcome.errorKind] : null,
    error: outcome.kind === 'error' ? outcome.message : (outcome.bodyError ?? null),
    durationMs: outcome.durationMs,
    dnsMs: outcome.phases.dnsMs,
    connectMs: outcome.phases.connectMs,
    tlsMs: outcome.phases.tlsMs,
    firstByteMs: outcome.phases.firstByteMs,
    requestHeaders: headerLines(headers),
    responseHeaders: response?.headers ?? null,
    responseBody: response === null || response.body.length === 0 ? null : response.body,
    responseTruncated: response?.bodyTruncated ?? false,
  };
};

const storedStatusOf = (verdict: Verdict): number => {
  switch (verdict.kind) {
    case 'succeeded':
      return storedStatusCodes.succeeded;
    case 'retry':
      return storedStatusCodes.waiting;
    case 'failed':
      return storedStatusCodes.failed;
  }
};

/** The fields of a record that do not depend on what came back. */
export const recordBase = (event: LoadedEvent, webhook: Pick<WorkerWebhook, 'id' | 'circuitThreshold'>, epoch: number) => ({
  environmentId: event.environmentId,
  tenantId: event.tenantId,
  eventId: event.id,
  webhookId: webhook.id,
  eventType: event.eventType,
  epoch,
  threshold: webhook.circuitThreshold,
});

/** Makes an attempt of a delivery that is new (`isNew`) or leased. Rejects only if our own side is broken. */
export const makeAttempt = async (attempt: Attempt, isNew: boolean, dependencies: AttemptDependencies): Promise<Attempted> => {
  const { event, webhook } = attempt;
  const startedAtMs = dependencies.nowMs();
  const timestampS = Math.floor(startedAtMs / 1000);
  const body = bodyOf(event);
  const headers = deliveryHeaders({
    eventId: event.id,
    timestampS,
    signature: sign(keysAt(webhook, startedAtMs), event.id, timestampS, body),
    eventType: event.eventType,
    deliveryId: deliveryIdOf(event.id, webhook.id),
    attempt: attempt.n,
    contentType,
    userAgent,
  });
  const gated = await dependencies.fire(
    webhook.id,
    attempt.kind === 'probe',
    () => dependencies.send({ url: webhook.url, headers, body, timeoutMs: webhook.timeoutMs }),
    isSuccess,
  );
  if (gated.refused) return null;
  const outcome = gated.result;
  const verdict = judge(outcomeForJudge(outcome), attempt.failures, webhook, startedAtMs, dependencies.random());
  dependencies.onAttempt(verdict.kind === 'succeeded', outcome);
  return {
    environmentId: event.environmentId,
    tenantId: event.tenantId,
    eventId: event.id,
    webhookId: webhook.id,
    eventType: event.eventType,
    isNew,
    attempt: attempt.n,
    status: storedStatusOf(verdict),
    reason: verdict.kind === 'failed' ? reasonCodes[verdict.reason] : null,
    dueInMs: verdict.kind === 'retry' ? verdict.delayMs : null,
    out: false,
    shape: attempt.shape,
    sent: sentOf(attempt, outcome, verdict, startedAtMs, headers),
    epoch: attempt.epoch,
    threshold: webhook.circuitThreshold,
    holdMs: verdict.kind === 'succeeded' ? null : (verdict.holdWebhookMs ?? null),
  };
};
