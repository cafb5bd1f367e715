// What went wrong with a call, in one form: the API's problem document, or that it could not be reached.

export type FieldError = { readonly pointer: string; readonly code: string; readonly message: string };

export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  /** 0: there was no answer. */
  readonly status: number;
  /** The API's stable code; `unreachable` without an answer. */
  readonly code: string;
  readonly errors: readonly FieldError[];
  readonly requestId: string | null;

  constructor(status: number, body: unknown) {
    const { code, detail, title, errors, request_id } = (body ?? {}) as Record<string, unknown>;
    super(text(detail) ?? text(title) ?? (status === 0 ? 'The API cannot be reached' : `The API answered with ${status}`));
    this.status = status;
    this.code = text(code) ?? (status === 0 ? 'unreachable' : 'unknown');
    this.errors = Array.isArray(errors) ? (errors as readonly FieldError[]) : [];
    this.requestId = text(request_id);
  }
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** Statuses with which a proxy says that nobody is behind it, and the API that its database is gone. */
const goneStatuses: ReadonlySet<number> = new Set([502, 503, 504]);
export const isGoneStatus = (status: number): boolean => goneStatuses.has(status);

/** Nobody was there to answer: the console's banner says so, and has everything read again once somebody is. */
export const isGone = (error: unknown): boolean => error instanceof ApiProblem && (error.status === 0 || isGoneStatus(error.status));

/** A sentence for people, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** `/authentication/value` → `authentication.value`: the name that a form has for the place. */
export const formPath = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');
