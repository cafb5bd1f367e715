// What a call is refused with: one error for problems of the API, answers that are none of Posthorn's, and connections that fail.
import type { components } from './generated/api.js';

type ProblemDocument = components['schemas']['Problem'];

/** Stable: what a program switches on. The last two are the client's own. */
export type PosthornErrorCode = ProblemDocument['code'] | 'unreachable' | 'unexpected_answer';

/** One thing that is wrong, at a place in the request body (RFC 6901 pointer). */
export type FieldError = ProblemDocument['errors'][number];

/** How much of an answer that is no problem document is repeated. */
const answerShownCharsMax = 200;

type PosthornErrorFields = {
  readonly code: PosthornErrorCode;
  readonly status: number | null;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly requestId?: string | null;
  readonly body?: unknown;
};

/** `message` is one line that names the request, the status, the code and every pointer. */
export class PosthornError extends Error {
  override readonly name = 'PosthornError';
  readonly code: PosthornErrorCode;
  /** Null: there was no answer. */
  readonly status: number | null;
  /** For people: it may change. */
  readonly detail: string;
  readonly errors: readonly FieldError[];
  /** What to name when asking about it. */
  readonly requestId: string | null;
  /** The answer's JSON; undefined if it has none. */
  readonly body: unknown;

  constructor(message: string, fields: PosthornErrorFields, options?: ErrorOptions) {
    super(message, options);
    this.code = fields.code;
    this.status = fields.status;
    this.detail = fields.detail;
    this.errors = fields.errors ?? [];
    this.requestId = fields.requestId ?? null;
    this.body = fields.body;
  }
}

/** The error of an answer that is no success. `request` is its method and path, `text` its body. */
export function errorOfAnswer(request: string, response: Response, text: string): PosthornError {
  const body = parse(text);
  const requestId = response.headers.get('x-request-id');
  const { status } = response;
  if (!isProblem(body)) {
    const shown = text.trim().replace(/\s+/g, ' ').slice(0, answerShownCharsMax);
    const detail = shown === '' ? `status ${status} with no body` : `status ${status}: ${shown}`;
    return new PosthornError(`${request}: ${detail}`, { code: 'unexpected_answer', status, detail, requestId, body });
  }
  const errors = Array.isArray(body.errors) ? body.errors : [];
  const detail = body.detail ?? body.title ?? 'no detail';
  const id = body.request_id ?? requestId;
  const pointers = errors.length === 0 ? '' : ` (${errors.map((error) => fieldText(error, body)).join('; ')})`;
  const message = `${request}: ${status} ${body.code}: ${detail}${pointers}${id === null ? '' : ` [request ${id}]`}`;
  return new PosthornError(message, { code: body.code, status, detail, errors, requestId: id, body });
}

/** The error of a success whose body cannot be read. */
export function unreadableAnswer(request: string, cause: unknown): PosthornError {
  const detail = 'the answer is not JSON: is this a Posthorn API?';
  return new PosthornError(`${request}: ${detail}`, { code: 'unexpected_answer', status: null, detail }, { cause });
}

/** The error of a request without an answer. `request` names the address too. */
export function unreachable(request: string, cause: unknown): PosthornError {
  const detail = connectionLine(cause);
  return new PosthornError(`${request}: ${detail}`, { code: 'unreachable', status: null, detail }, { cause });
}

/** A field whose message is the detail is not said twice. */
function fieldText(error: FieldError, problem: Partial<ProblemDocument>): string {
  const code = error.code === problem.code ? '' : ` ${error.code}`;
  return error.message === problem.detail ? `${error.pointer}${code}` : `${error.pointer}${code}: ${error.message}`;
}

function isProblem(body: unknown): body is Partial<ProblemDocument> & Pick<ProblemDocument, 'code'> {
  return typeof body === 'object' && body !== null && typeof (body as { code?: unknown }).code === 'string';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Reason = {
  readonly code?: unknown;
  readonly message?: string;
  readonly name?: string;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
};

/** Fetch says `fetch failed` and keeps the reason below it, for a name with several addresses below that. */
function connectionLine(error: unknown): string {
  let reason = Object(error) as Reason;
  for (let inner = reasonBelow(reason); inner !== undefined; inner = reasonBelow(reason)) reason = Object(inner) as Reason;
  if (reason.code === 'ECONNREFUSED') return 'nothing listens there (ECONNREFUSED)';
  if (reason.name === 'TimeoutError') return 'no answer came in time';
  return reason.message || String(reason.code ?? error);
}

function reasonBelow({ errors, cause }: Reason): unknown {
  return errors?.[0] ?? cause;
}
