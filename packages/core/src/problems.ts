// Every error that the API answers with: one closed table, and the RFC 9457 document made of it.
// A code is stable: clients switch on it. A detail is prose and may change.

/** Status and title of every problem, by its code. */
export const problems = {
  not_json: { status: 400, title: 'The body is not JSON' },
  invalid_request: { status: 400, title: 'The request is not understood' },
  invalid_cursor: { status: 400, title: 'The cursor does not belong to this query' },
  idempotency_key_conflict: { status: 400, title: 'Idempotency-Key and id differ' },
  unauthorized: { status: 401, title: 'The key is missing or not valid' },
  forbidden: { status: 403, title: 'The role of this key may not do this' },
  tenant_forbidden: { status: 403, title: 'This key is bound to another tenant' },
  not_found: { status: 404, title: 'Not found' },
  request_timeout: { status: 408, title: 'The request did not come in time' },
  conflict: { status: 409, title: 'The state of the resource does not allow this' },
  circuit_open: { status: 409, title: 'The circuit of the webhook is not closed' },
  webhook_disabled: { status: 409, title: 'The webhook is disabled' },
  webhook_paused: { status: 409, title: 'The webhook is paused' },
  precondition_failed: { status: 412, title: 'The resource has changed' },
  body_too_large: { status: 413, title: 'The body is too large' },
  event_too_large: { status: 413, title: 'The event is too large' },
  unsupported_media_type: { status: 415, title: 'The media type is not supported' },
  nesting_too_deep: { status: 422, title: 'The JSON is nested too deeply' },
  unknown_field: { status: 422, title: 'A field is unknown' },
  missing_field: { status: 422, title: 'A field is missing' },
  invalid_field: { status: 422, title: 'A field is not valid' },
  reserved_event_type: { status: 422, title: 'Event types under posthorn. are reserved' },
  idempotency_mismatch: { status: 422, title: 'The same key was used with another body' },
  schema_mismatch: { status: 422, title: 'The data does not fit the schema of its event type' },
  batch_size: { status: 422, title: 'The batch has too few or too many events' },
  blocked_address: { status: 422, title: 'The address is not allowed' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Something broke on our side' },
  overloaded: { status: 503, title: 'Too busy at the moment' },
  database_unavailable: { status: 503, title: 'The database is not reachable' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>;

export type ProblemCode = keyof typeof problems;

/** One thing that is wrong, at a place in the request body (RFC 6901 pointer). */
export type FieldError = { readonly pointer: string; readonly code: string; readonly message: string };

export type ProblemOptions = { readonly errors?: readonly FieldError[]; readonly headers?: Readonly<Record<string, string>> };

/** An error that is an answer: throw or return it anywhere below the API, which turns it into a document. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly status: number;
  readonly title: string;
  readonly errors: readonly FieldError[];
  /** Headers of the answer, such as `retry-after`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.code = code;
    this.status = problems[code].status;
    this.title = problems[code].title;
    this.errors = options.errors ?? [];
    this.headers = options.headers ?? {};
  }
}

/** A problem to throw or to return. `detail` is for people; without it the title is said again. */
export function problem(code: ProblemCode, detail?: string, options?: ProblemOptions): ProblemError {
  return new ProblemError(code, detail ?? problems[code].title, options);
}

/** The body of an answer of type `application/problem+json` (RFC 9457). */
export type ProblemDocument = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  readonly errors: readonly FieldError[];
  readonly request_id: string;
};

/** The RFC 9457 document of a problem. */
export function problemDocument(error: ProblemError, requestId: string): ProblemDocument {
  return {
    type: `urn:posthorn:problem:${error.code}`,
    title: error.title,
    status: error.status,
    detail: error.message,
    code: error.code,
    errors: error.errors,
    request_id: requestId,
  };
}
