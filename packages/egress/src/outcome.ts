// What one request saw, as data. An endpoint's misbehaviour is always one of these, never an exception.
// Complete response headers make a `response`, whatever happens to the body afterwards; a request that its caller took back before a
// byte of it was written is `unsent`; everything else is an `error`.

import type { ErrorKind } from '@posthorn/core';

export type { ErrorKind };

/** Whole milliseconds a phase took; null where the phase did not happen (reused connection) or was not finished. */
export type Phases = {
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
  /** From the moment the request was written to the first byte of the response. */
  readonly firstByteMs: number | null;
};

export type ResponseOutcome = {
  readonly kind: 'response';
  readonly statusCode: number;
  /** `name: value\n` lines as they came (latin1, control characters removed), at most 16 KiB. */
  readonly headers: string;
  readonly retryAfter: string | null;
  /** The first `responseBytesMax` bytes, not decompressed. */
  readonly body: Buffer;
  /** True if the body had more than was kept, or did not end properly. */
  readonly bodyTruncated: boolean;
  /** Why the body did not end properly; absent if it ended, or was cut at `responseBytesMax`. */
  readonly bodyError?: string;
  /** Whole milliseconds from `send` to this outcome. */
  readonly durationMs: number;
  readonly phases: Phases;
};

export type ErrorOutcome = {
  readonly kind: 'error';
  readonly errorKind: ErrorKind;
  /** A sentence for the owner of the webhook: no resolved address, no stack. */
  readonly message: string;
  /** Always null today: complete headers make a `response`. */
  readonly statusCode: number | null;
  readonly durationMs: number;
  readonly phases: Phases;
};

/** `mayWrite` said no, or Posthorn stopped first: nothing of this request reached the endpoint, and nothing is known of the endpoint. */
export type UnsentOutcome = {
  readonly kind: 'unsent';
  /** Whole milliseconds from `send` to the no. */
  readonly durationMs: number;
};

export type Outcome = ResponseOutcome | ErrorOutcome | UnsentOutcome;

export const noPhases: Phases = Object.freeze({ dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null });
