// One attempt: the request as the endpoint gets it, through the breaker and the egress seam, judged into what is recorded.
import type { BreakerRegistry } from '@posthorn/breaker';
import {
  type AttemptKind,
  type AttemptOutcome,
  attemptKindCodes,
  type BodyShape,
  bytesWithoutSecrets,
  composeRequest,
  countsForCircuit,
  errorKindCodes,
  judge,
  type OutgoingRequest,
  reasonCodes,
  shownHeaders,
  storedStatusCodes,
  type Verdict,
  withoutSecrets,
} from '@posthorn/core';
import type { DeliveryRecord, LoadedEvent, SentAttempt } from '@posthorn/db';
import type { EgressRequest, Outcome, UnsentOutcome } from '@posthorn/egress';
import type { WorkerWebhook } from './tenant-index.js';

export type Attempt = {
  readonly event: LoadedEvent;
  readonly webhook: WorkerWebhook;
  /** Its number: that of the claim or the lease. */
  readonly n: number;
  readonly kind: AttemptKind;
  /** Failed attempts of its present schedule so far. */
  readonly failures: number;
  /** The webhook's version under which the delivery was made, and what bodies looked like then. */
  readonly shape: number;
  readonly body: BodyShape;
  readonly epoch: number;
  readonly replay: boolean;
  /** Asked directly before the request is written: whether the attempt is still this worker's to make. */
  readonly mayWrite: () => boolean;
  /** The trace that its endpoint is told; absent: none. */
  readonly traceparent?: string | undefined;
};

/** What is to be recorded of an attempt, or null: nothing was sent, because the breaker said no or it was too late. */
export type Attempted = DeliveryRecord | null;

/** What came back of a request that was sent. */
type SentOutcome = Exclude<Outcome, UnsentOutcome>;

export type AttemptDependencies = {
  readonly send: (request: EgressRequest) => Promise<Outcome>;
  readonly fire: BreakerRegistry['fire'];
  /** The database's clock, in ms since 1970. */
  readonly nowMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onAttempt: (made: MadeAttempt) => void;
  /** Nothing was sent: the breaker said no, or the attempt was not ours to make any more. */
  readonly onUnsent: (reason: 'breaker' | 'not_ours') => void;
};

/** An attempt with what came back of it, and what follows. */
export type MadeAttempt = {
  readonly attempt: Pick<Attempt, 'event' | 'kind' | 'replay'>;
  readonly outcome: SentOutcome;
  readonly verdict: Verdict['kind'];
  readonly startedAtMs: number;
};

const isSuccess = (outcome: Outcome): boolean => outcome.kind === 'response' && outcome.statusCode >= 200 && outcome.statusCode <= 299;

const outcomeForJudge = (outcome: SentOutcome): AttemptOutcome =>
  outcome.kind === 'response'
    ? { kind: 'response', statusCode: outcome.statusCode, retryAfter: outcome.retryAfter }
    : { kind: 'error', errorKind: outcome.errorKind };

const sentOf = (attempt: Attempt, outcome: SentOutcome, verdict: Verdict, startedAtMs: number, request: OutgoingRequest): SentAttempt => {
  const response = outcome.kind === 'response' ? outcome : null;
  const { secretTexts } = attempt.webhook.sender();
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
    requestHeaders: shownHeaders(request),
    responseHeaders: response === null ? null : withoutSecrets(response.headers, secretTexts),
    responseBody:
      response === null || response.body.length === 0 ? null : bytesWithoutSecrets(response.body, secretTexts, response.bodyTruncated),
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
  const request = composeRequest(webhook.sender(), event, attempt.body, {
    attempt: attempt.n,
    atMs: startedAtMs,
    traceparent: attempt.traceparent,
  });
  const { headers, body } = request;
  const gated = await dependencies.fire(
    webhook.id,
    attempt.kind === 'probe',
    () => dependencies.send({ url: webhook.url, headers, body, timeoutMs: webhook.timeoutMs, mayWrite: attempt.mayWrite }),
    isSuccess,
  );
  if (gated.refused || gated.result.kind === 'unsent') {
    dependencies.onUnsent(gated.refused ? 'breaker' : 'not_ours');
    return null;
  }
  const outcome = gated.result;
  const verdict = judge(outcomeForJudge(outcome), attempt.failures, webhook, startedAtMs, dependencies.random());
  dependencies.onAttempt({ attempt, outcome, verdict: verdict.kind, startedAtMs });
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
    sent: sentOf(attempt, outcome, verdict, startedAtMs, request),
    epoch: attempt.epoch,
    threshold: webhook.circuitThreshold,
    holdMs: verdict.kind === 'succeeded' ? null : (verdict.holdWebhookMs ?? null),
    gone: verdict.kind === 'failed' && verdict.disableWebhook === 'gone',
    replay: attempt.replay,
  };
};
