// One way to look at every endpoint that misbehaves: many requests at once meet it, each outcome is the expected one and comes in time; then
// the same origin behaves, and is served as if nothing had been, on no more connections than that takes.

import type { TlsOptions } from 'node:tls';
import { expect, it } from '@jest/globals';
import { eventually, type RawScript, type RawStep, startRawServer } from '@posthorn/testkit';
import type { ErrorKind } from '../src/outcome.js';
import { rootCertificate, tlsServer } from './certificates.js';
import { egressFor, okAnswer, post, stopAfterTest } from './harness.js';

export const deadlineMs = 300;
export const connectTimeoutMs = 200;
const patienceMs = 5_000;
/** What a busy machine may be late by; without its deadline, such a request would not end at all. */
const lateByMs = 4_000;
const requestsAtOnce = 4;
const rounds = 2;

export type Expected =
  | { readonly error: ErrorKind | readonly ErrorKind[]; readonly says?: RegExp }
  | {
      readonly status: number;
      readonly headers?: string | RegExp;
      readonly retryAfter?: string | null;
      /** Absent: whatever came. */
      readonly body?: string | Buffer;
      /** Default false; a `bodyError` implies it. */
      readonly truncated?: boolean;
      readonly bodyError?: RegExp;
    };

export type HostileCase = {
  readonly does: string;
  readonly script: RawScript;
  readonly expected: Expected;
  /** Default `{}`. */
  readonly requestBody?: Buffer;
  readonly tls?: TlsOptions;
  /** Under which `tls` is called; default good.example. */
  readonly host?: string;
};

/** Answers every request with the text (latin1) and keeps the connection. */
export const says = (text: string | Buffer): readonly RawStep[] => ['request', { send: text }, 'again'];
/** Answers a request with the text, then does this. */
export const saysAnd = (text: string | Buffer, ...then: readonly RawStep[]): readonly RawStep[] => ['request', { send: text }, ...then];

/** Registers a test a case. */
export function testHostile(cases: readonly HostileCase[]): void {
  it.each(cases.map((one) => [one.does, one] as const))('%s', async (_does, one) => {
    const server = stopAfterTest(await startRawServer({ script: one.script, ...(one.tls === undefined ? {} : { tls: one.tls }) }));
    const egress = egressFor('127.0.0.1', { ca: rootCertificate, resolve: async () => ['127.0.0.1'] });
    const url = one.tls === undefined ? server.url() : `https://${one.host ?? 'good.example'}:${server.port}/`;
    const request = { body: one.requestBody ?? '{}', timeoutMs: isEndedByDeadline(one.expected) ? deadlineMs : patienceMs };
    for (let round = 0; round < rounds; round++) {
      const startedAt = performance.now();
      const outcomes = await Promise.all(Array.from({ length: requestsAtOnce }, () => post(egress, url, request)));
      expect(performance.now() - startedAt).toBeLessThan(request.timeoutMs + lateByMs);
      for (const outcome of outcomes) expect(outcome).toEqual(outcomeOf(one.expected));
    }
    expect(egress.openRequests()).toBe(0);
    // What is wrong with a certificate stays so.
    if (one.tls === undefined || (one.tls === tlsServer.valid && one.host === undefined)) {
      server.play(says(okAnswer));
      const later = await Promise.all(Array.from({ length: requestsAtOnce }, () => post(egress, url)));
      for (const outcome of later) expect(outcome).toMatchObject({ kind: 'response', statusCode: 200, body: Buffer.from('ok') });
    }
    await eventually(() => server.open() <= requestsAtOnce);
    await egress.close();
    await eventually(() => server.open() === 0);
  });
}

function isEndedByDeadline(expected: Expected): boolean {
  return 'error' in expected ? expected.error === 'timeout' : (expected.bodyError?.test(`within ${deadlineMs} ms`) ?? false);
}

function outcomeOf(expected: Expected): object {
  const common = { durationMs: expect.any(Number), phases: expect.any(Object) };
  if ('error' in expected) {
    const kinds = Array.isArray(expected.error) ? expected.error : [expected.error];
    return {
      ...common,
      kind: 'error',
      errorKind: expect.stringMatching(new RegExp(`^(${kinds.join('|')})$`)),
      message: expect.stringMatching(expected.says ?? /^[A-Z].*\.$/),
      statusCode: null,
    };
  }
  const { headers = /^/, body, retryAfter } = expected;
  return {
    ...common,
    kind: 'response',
    statusCode: expected.status,
    headers: typeof headers === 'string' ? headers : expect.stringMatching(headers),
    retryAfter: retryAfter ?? null,
    body: body === undefined ? expect.any(Buffer) : Buffer.from(body),
    bodyTruncated: expected.bodyError !== undefined || (expected.truncated ?? false),
    ...(expected.bodyError === undefined ? {} : { bodyError: expect.stringMatching(expected.bodyError) }),
  };
}
