// An answer of the API that is no success, as one line: status, code, detail, and every pointer.
import type { FieldError, ProblemDocument } from '@posthorn/core';

/** How much of an answer that is no problem document is repeated. */
const answerShownCharsMax = 200;

/** `text` is the body of the answer; what is not `application/problem+json` is shown by its beginning. */
export function problemLine(status: number, text: string): string {
  const problem = readProblem(text);
  if (problem === null) {
    const shown = text.trim().replace(/\s+/g, ' ').slice(0, answerShownCharsMax);
    return shown === '' ? `status ${status} with no body` : `status ${status}: ${shown}`;
  }
  const fields = (Array.isArray(problem.errors) ? problem.errors : []).map((error) => fieldText(error, problem));
  const requestId = problem.request_id === undefined ? '' : ` [request ${problem.request_id}]`;
  return `${status} ${problem.code}: ${problem.detail ?? problem.title ?? 'no detail'}${fields.length === 0 ? '' : ` (${fields.join('; ')})`}${requestId}`;
}

/** A field whose message is the detail is not said twice. */
function fieldText(error: FieldError, problem: Partial<ProblemDocument>): string {
  const code = error.code === problem.code ? '' : ` ${error.code}`;
  return error.message === problem.detail ? `${error.pointer}${code}` : `${error.pointer}${code}: ${error.message}`;
}

function readProblem(text: string): Partial<ProblemDocument> | null {
  try {
    const value: unknown = JSON.parse(text);
    const isProblem = typeof value === 'object' && value !== null && typeof (value as { code?: unknown }).code === 'string';
    return isProblem ? (value as Partial<ProblemDocument>) : null;
  } catch {
    return null;
  }
}
