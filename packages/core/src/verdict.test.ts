import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { errorKinds } from './statuses.js';
import { type AttemptOutcome, countsForCircuit, defaultRetryScheduleS, judge, retryAfterMaxMs } from './verdict.js';
import { verdictTable } from './verdict-table.js';

const policy = { retryScheduleS: defaultRetryScheduleS };
const nowMs = Date.parse('2025-01-31T12:00:00Z');
const response = (statusCode: number, retryAfter: string | null = null): AttemptOutcome => ({ kind: 'response', statusCode, retryAfter });
const middle = 0.5;

describe('judge', () => {
  it('takes 200 to 299 as success and nothing else', () => {
    for (let statusCode = 100; statusCode < 600; statusCode++) {
      const succeeded = judge(response(statusCode), 0, policy, nowMs, middle).kind === 'succeeded';
      expect([statusCode, succeeded]).toEqual([statusCode, statusCode >= 200 && statusCode < 300]);
    }
  });

  it('retries everything else by the schedule, then gives up', () => {
    for (const [failuresBefore, delayS] of defaultRetryScheduleS.entries())
      expect(judge(response(500), failuresBefore, policy, nowMs, middle)).toEqual({ kind: 'retry', delayMs: delayS * 1000 });
    expect(judge(response(500), 9, policy, nowMs, middle)).toEqual({ kind: 'failed', reason: 'exhausted' });
    expect(judge(response(302), 0, { retryScheduleS: [] }, nowMs, middle)).toEqual({ kind: 'failed', reason: 'exhausted' });
  });

  it('spreads a delay by a fifth both ways', () => {
    expect(judge(response(500), 1, policy, nowMs, 0)).toEqual({ kind: 'retry', delayMs: 240_000 });
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(8), (random, failuresBefore) => {
        const verdict = judge(response(500), failuresBefore, policy, nowMs, random);
        const share = verdict.kind === 'retry' ? verdict.delayMs / (defaultRetryScheduleS[failuresBefore]! * 1000) : 0;
        expect(share).toBeGreaterThanOrEqual(0.8);
        expect(share).toBeLessThanOrEqual(1.2);
      }),
    );
  });

  it('fails a delivery whose endpoint is gone, and the webhook with it', () => {
    expect(judge(response(410), 0, policy, nowMs, middle)).toEqual({ kind: 'failed', reason: 'rejected', disableWebhook: 'gone' });
  });

  it.each(errorKinds.filter((kind) => kind !== 'cut_off'))('retries the error %s', (errorKind) => {
    expect(judge({ kind: 'error', errorKind }, 0, policy, nowMs, middle)).toEqual({ kind: 'retry', delayMs: 5000 });
    const reason = errorKind === 'blocked' ? 'blocked_address' : 'exhausted';
    expect(judge({ kind: 'error', errorKind }, 9, policy, nowMs, middle)).toEqual({ kind: 'failed', reason });
  });

  it('makes an attempt that our own stop cut off again at once, however many failed before, and blames nobody', () => {
    const cutOff = { kind: 'error', errorKind: 'cut_off' } as const;
    for (const failuresBefore of [0, 9]) {
      const verdict = judge(cutOff, failuresBefore, policy, nowMs, middle);
      expect(verdict).toEqual({ kind: 'retry', delayMs: 0 });
      expect(countsForCircuit(cutOff, verdict)).toBe(false);
    }
  });

  it('obeys Retry-After of 503 and 429 where it is later than the schedule', () => {
    expect(judge(response(503, '60'), 0, policy, nowMs, middle)).toEqual({ kind: 'retry', delayMs: 60_000 });
    expect(judge(response(503, '1'), 0, policy, nowMs, middle)).toEqual({ kind: 'retry', delayMs: 5000 });
    expect(judge(response(429, '60'), 0, policy, nowMs, middle)).toEqual({ kind: 'retry', delayMs: 60_000, holdWebhookMs: 60_000 });
    expect(judge(response(429, '1'), 0, policy, nowMs, middle)).toEqual({ kind: 'retry', delayMs: 5000, holdWebhookMs: 1000 });
    expect(judge(response(429, 'Fri, 31 Jan 2025 12:01:00 GMT'), 0, policy, nowMs, middle)).toMatchObject({ holdWebhookMs: 60_000 });
    expect(judge(response(500, '60'), 0, policy, nowMs, middle)).toEqual({ kind: 'retry', delayMs: 5000 });
    expect(judge(response(429, 'soon'), 0, policy, nowMs, middle)).toEqual({ kind: 'retry', delayMs: 5000 });
  });

  it('obeys at most 24 hours', () => {
    const delayMs = retryAfterMaxMs;
    expect(judge(response(429, '9'.repeat(400)), 0, policy, nowMs, middle)).toEqual({ kind: 'retry', delayMs, holdWebhookMs: delayMs });
  });

  it('holds the webhook also when this delivery has no attempt left', () => {
    expect(judge(response(429, '60'), 9, policy, nowMs, middle)).toEqual({ kind: 'failed', reason: 'exhausted', holdWebhookMs: 60_000 });
  });
});

describe('the table that people read', () => {
  it.each(verdictTable.flatMap((row) => row.outcomes.map((outcome) => [row.when, outcome, row] as const)))('%s: %j', (_, outcome, row) => {
    const verdict = judge(outcome, 0, policy, nowMs, middle);
    expect(verdict.kind).toBe(row.verdict);
    expect(countsForCircuit(outcome, verdict)).toBe(row.counts);
    expect('holdWebhookMs' in verdict).toBe(row.holds);
    expect(verdict.kind === 'retry' && verdict.delayMs > 5_000).toBe(row.delays);
    expect('disableWebhook' in verdict).toBe(row.disables);
    const last = judge(outcome, 9, policy, nowMs, middle);
    expect(last).toMatchObject(row.reason === null ? { kind: row.verdict } : { kind: 'failed', reason: row.reason });
  });

  it('has a row for every kind of error, and none twice', () => {
    const named = verdictTable.flatMap((row) => row.outcomes.flatMap((outcome) => (outcome.kind === 'error' ? [outcome.errorKind] : [])));
    expect([...named].sort()).toEqual([...errorKinds].sort());
    const outcomes = verdictTable.flatMap((row) => row.outcomes.map((outcome) => JSON.stringify(outcome)));
    expect(new Set(outcomes).size).toBe(outcomes.length);
  });
});

describe('countsForCircuit', () => {
  it.each([
    [response(200), true],
    [response(500), true],
    [response(410), true],
    [response(503, '60'), true],
    [response(429), true],
    [response(429, 'soon'), true],
    [response(429, '60'), false],
    [response(429, '0'), false],
    [{ kind: 'error', errorKind: 'blocked' } as const, true],
  ])('%j: %p', (outcome, expected) => {
    for (const failuresBefore of [0, 9])
      expect(countsForCircuit(outcome, judge(outcome, failuresBefore, policy, nowMs, middle))).toBe(expected);
  });
});
