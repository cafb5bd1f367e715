// Sends a request until it is answered, where sending it again is safe:
// - GET, HEAD, PUT, DELETE and a publication with its `Idempotency-Key` are sent again after 429, 502, 503, 504 and a lost connection;
// - any other request only after an answer that says that nothing was done: 429, and the API's own 503.
// Answers are read to the end here, so that a connection lost in the middle of one counts as lost.
import { errorOfAnswer, unreachable } from './posthorn-error.js';

/** The wait before the first repeat, in full; it doubles with each. Half of it is left to chance. */
const backoffFirstMs = 200;
const backoffMaxMs = 10_000;
/** A `Retry-After` beyond this is left to the caller. */
const retryAfterMaxMs = 60_000;

const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);
const retriedStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const withoutBody: ReadonlySet<number> = new Set([204, 205, 304]);
/** The codes of a 503 of the API itself, which says that nothing was stored. A proxy's 503 says nothing. */
const refusals = /"code":"(?:overloaded|database_unavailable)"/;

export type RetryingFetchOptions = {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Repeats after the first try. */
  readonly retries: number;
  /** For one try, its whole answer included. */
  readonly timeoutMs: number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random: () => number;
  readonly nowMs: () => number;
};

type Try = { readonly response: Response; readonly text: string } | { readonly error: unknown };

/** Resolves with a success; rejects with a PosthornError, or with the reason of the request's own signal. */
export function createRetryingFetch(options: RetryingFetchOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    const body = request.body === null ? null : await request.arrayBuffer();
    const { method, signal } = request;
    const isRepeatable = idempotentMethods.has(method) || isKeyedPublication(request);
    for (let repeats = 0; ; repeats++) {
      const outcome = await tryOnce(options, request, body);
      signal.throwIfAborted();
      if ('response' in outcome && outcome.response.ok) return outcome.response;
      const waitMs = repeats < options.retries && mayRepeat(outcome, isRepeatable) ? waitOf(outcome, repeats, options) : null;
      if (waitMs === null) throw errorOf(request, outcome);
      await options.wait(waitMs, signal);
    }
  };
}

/** Whether repeating it publishes once: the API keeps the key. */
function isKeyedPublication({ method, url, headers }: Request): boolean {
  return method === 'POST' && headers.has('idempotency-key') && /\/v1\/events(\/batch)?$/.test(new URL(url).pathname);
}

async function tryOnce(options: RetryingFetchOptions, request: Request, body: ArrayBuffer | null): Promise<Try> {
  const { method, headers, url } = request;
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(options.timeoutMs)]);
  try {
    // The key must not follow a redirect to somebody else, nor a publication become a GET.
    const answer = await options.fetch(url, { method, headers, body, signal, redirect: 'manual' });
    const bytes = await answer.arrayBuffer();
    const { status, statusText } = answer;
    const response = new Response(withoutBody.has(status) ? null : bytes, { status, statusText, headers: answer.headers });
    return { response, text: response.ok ? '' : Buffer.from(bytes).toString('utf8') };
  } catch (error) {
    return { error };
  }
}

function mayRepeat(outcome: Try, isRepeatable: boolean): boolean {
  if ('error' in outcome) return isRepeatable;
  const { status } = outcome.response;
  if (isRepeatable) return retriedStatuses.has(status);
  return status === 429 || (status === 503 && refusals.test(outcome.text));
}

/** Milliseconds until the next try; null: the API asks for more patience than this client has. */
function waitOf(outcome: Try, repeats: number, options: RetryingFetchOptions): number | null {
  const fullMs = Math.min(backoffFirstMs * 2 ** repeats, backoffMaxMs);
  const backoffMs = fullMs / 2 + (options.random() * fullMs) / 2;
  const askedMs = 'response' in outcome ? retryAfterMs(outcome.response.headers.get('retry-after'), options.nowMs()) : 0;
  // Those who were told the same time must not all come back at that moment.
  return askedMs > retryAfterMaxMs ? null : askedMs > 0 ? askedMs + backoffMs : backoffMs;
}

/** Seconds or a date (RFC 9110, section 10.2.3); 0 if it is neither. */
function retryAfterMs(value: string | null, nowMs: number): number {
  if (value === null) return 0;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1_000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? 0 : Math.max(0, dateMs - nowMs);
}

function errorOf({ method, url }: Request, outcome: Try): Error {
  if ('error' in outcome) return unreachable(`${method} ${url}`, outcome.error);
  return errorOfAnswer(`${method} ${new URL(url).pathname}`, outcome.response, outcome.text);
}
