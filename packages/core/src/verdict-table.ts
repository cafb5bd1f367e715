// Outcome → verdict, as a table that people read (docs/delivery.md) and that the tests hold `judge` to.
import type { AttemptOutcome } from './verdict.js';

export type VerdictRow = {
  /** What an attempt saw, in words. */
  readonly when: string;
  /** Outcomes for which the row holds; `Retry-After` is in seconds. */
  readonly outcomes: readonly AttemptOutcome[];
  readonly verdict: 'succeeded' | 'retry' | 'failed';
  /** Why the delivery fails: at once, or when its schedule has no attempt left; null: it does not. */
  readonly reason: 'exhausted' | 'rejected' | 'blocked_address' | null;
  /** Whether it enters the circuit: a success ends the run of failures, anything else adds one. */
  readonly counts: boolean;
  /** Nothing is sent to the webhook for as long as the endpoint asked. */
  readonly holds: boolean;
  /** The next attempt is not before the time that the endpoint asked for. */
  readonly delays: boolean;
  readonly disables: boolean;
};

const responses = (statusCodes: readonly number[], retryAfter: string | null = null): readonly AttemptOutcome[] =>
  statusCodes.map((statusCode) => ({ kind: 'response', statusCode, retryAfter }));
const plain = { counts: true, holds: false, delays: false, disables: false } as const;

/** Every outcome falls under exactly one row. */
export const verdictTable: readonly VerdictRow[] = [
  {
    when: '200–299 with complete headers, whatever becomes of the body',
    outcomes: responses([200, 201, 202, 204, 299]),
    verdict: 'succeeded',
    reason: null,
    ...plain,
  },
  {
    when: '300–399: a redirect is never followed',
    outcomes: responses([300, 301, 302, 303, 307, 308, 399]),
    verdict: 'retry',
    reason: 'exhausted',
    ...plain,
  },
  {
    when: '410 Gone: the endpoint wants nothing any more',
    outcomes: responses([410]),
    verdict: 'failed',
    reason: 'rejected',
    ...plain,
    disables: true,
  },
  {
    when: '429 with a Retry-After that can be read',
    outcomes: [...responses([429], '60'), ...responses([429], 'Fri, 31 Jan 2025 12:01:00 GMT')],
    verdict: 'retry',
    reason: 'exhausted',
    counts: false,
    holds: true,
    delays: true,
    disables: false,
  },
  {
    when: '503 with a Retry-After that can be read',
    outcomes: [...responses([503], '60'), ...responses([503], 'Friday, 31-Jan-25 12:01:00 GMT')],
    verdict: 'retry',
    reason: 'exhausted',
    ...plain,
    delays: true,
  },
  {
    when: '429 or 503 without it, or with one that is neither seconds nor a date',
    outcomes: [...responses([429, 503]), ...responses([429, 503], 'soon')],
    verdict: 'retry',
    reason: 'exhausted',
    ...plain,
  },
  {
    when: 'any other status',
    outcomes: [...responses([400, 401, 403, 404, 422, 500, 502, 504, 599, 600, 999]), ...responses([500, 404], '60')],
    verdict: 'retry',
    reason: 'exhausted',
    ...plain,
  },
  {
    when: 'no complete answer: DNS, connection, TLS, timeout, reset, not HTTP',
    outcomes: (['dns', 'connect', 'tls', 'timeout', 'reset', 'protocol'] as const).map((errorKind) => ({
      kind: 'error',
      errorKind,
    })),
    verdict: 'retry',
    reason: 'exhausted',
    ...plain,
  },
  {
    when: 'no complete answer, since our own stop cut the request off; nothing of the schedule is used up',
    outcomes: [{ kind: 'error', errorKind: 'cut_off' }],
    verdict: 'retry',
    reason: null,
    ...plain,
    counts: false,
  },
  {
    when: 'the address guard refused an address',
    outcomes: [{ kind: 'error', errorKind: 'blocked' }],
    verdict: 'retry',
    reason: 'blocked_address',
    ...plain,
  },
];
