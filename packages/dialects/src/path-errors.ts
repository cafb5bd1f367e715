import type { DialectProblem } from './dialect.js';

/** RFC 6901 in parts that are joined by dots. */
const pathOf = (pointer: string): string =>
  pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');

/** The errors of dialects whose documents have none: a stable code, and each member that is wrong by its path. */
export const pathErrors = ({ code, title, detail, errors }: DialectProblem) => ({
  error: code,
  title,
  message: detail,
  fields: errors.map(({ pointer, message }) => ({ path: pathOf(pointer), message })),
});
