import type { DialectProblem } from './dialect.js';

/** The errors of dialects whose documents have none: a stable code, and each member that is wrong by its path. */
export const pathErrors = ({ code, title, detail, errors }: DialectProblem) => ({
  error: code,
  title,
  message: detail,
  fields: errors.map(({ pointer, message }) => ({ path: pointer.slice(1).replaceAll('/', '.'), message })),
});
