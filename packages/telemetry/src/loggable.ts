// What a log line is made of, whatever came in: text without control characters and of bounded length, errors without what they carry along
// (parameters, commands, bodies, rows), and nothing that has the shape of a secret. A line is one JSON object, and says when it was cut.
import { withoutSecretShapes } from '@posthorn/core';

/** Bounds of a line. */
export const logLimits = {
  textCharsMax: 4_096,
  stackCharsMax: 8_192,
  keyCharsMax: 128,
  membersMax: 64,
  depthMax: 6,
  /** Longer ones are cut down to their event and its first facts. */
  lineCharsMax: 32_768,
} as const;

/**
 * What of an error is said beside its message: which it is and where, never of what. Drivers hang more on theirs: Postgres the row (`detail`, `where`),
 * Redis the command with its arguments, the password of AUTH included, Node the URL that was none (`input`).
 */
const errorFacts = [
  'code',
  'errno',
  'syscall',
  'address',
  'port',
  'severity',
  'schema',
  'table',
  'column',
  'constraint',
  'routine',
  'statusCode',
  'responseCode',
] as const;

/** Control characters, line and paragraph separators, and those that turn the direction of writing. */
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
const shown = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

const cut = (text: string, charsMax: number): string =>
  text.length <= charsMax ? text : `${text.slice(0, charsMax)}… (${text.length - charsMax} more)`;

/** One line of text: control characters are shown as `\u001b`, what is too long is cut. */
export const loggableText = (text: string): string => cut(text, logLimits.textCharsMax).replace(unprintable, shown);

/** Stacks keep their line breaks: in JSON they are escaped, and people at a terminal read them. */
const loggableStack = (frames: string): string =>
  cut(frames, logLimits.stackCharsMax).replace(unprintable, (each) => (each === '\n' ? each : shown(each)));

/** SQLSTATE class 22, data exception: Postgres quotes the value. */
const quotesData = (error: Error): boolean => {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return typeof severity === 'string' && typeof code === 'string' && /^22...$/.test(code);
};

const messageOf = (error: Error): string => (quotesData(error) ? String(error.message).replace(/".*"/s, '"…"') : String(error.message));

/** The frames alone: a stack begins with the message. */
const framesOf = ({ stack, message }: Error): string => {
  if (typeof stack !== 'string') return '';
  const at = message === '' ? -1 : stack.indexOf(message);
  const rest = at < 0 ? stack : stack.slice(at + message.length);
  return rest.slice(Math.max(0, rest.indexOf('\n    at '))).trimStart();
};

/** An error as a line has it: type, message, where from, and the same of its causes. */
export const loggableError = (error: Error, depth = 0): Readonly<Record<string, unknown>> => {
  const { cause, errors } = error as { cause?: unknown; errors?: unknown };
  const facts = errorFacts.flatMap((name): [string, unknown][] => {
    const value = (error as unknown as Readonly<Record<string, unknown>>)[name];
    return typeof value === 'string' || typeof value === 'number' ? [[name, loggable(value, depth + 1)]] : [];
  });
  return {
    type: loggableText(String(error.constructor?.name ?? error.name)),
    message: loggableText(messageOf(error)),
    ...Object.fromEntries(facts),
    ...(cause instanceof Error && { cause: loggable(cause, depth + 1) }),
    ...(Array.isArray(errors) && {
      errors: loggable(
        errors.filter((each) => each instanceof Error),
        depth + 1,
      ),
    }),
    stack: loggableStack(framesOf(error)),
  };
};

/** Any value as a line may have it. Never throws. */
export const loggable = (value: unknown, depth = 0): unknown => {
  switch (typeof value) {
    case 'string':
      return loggableText(value);
    case 'bigint':
      return String(value);
    case 'object':
      return value === null || depth > logLimits.depthMax ? (value === null ? null : '…') : loggableObject(value, depth);
    case 'function':
    case 'symbol':
      return undefined;
    default:
      return value;
  }
};

function loggableObject(value: object, depth: number): unknown {
  if (value instanceof Error) return loggableError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return value.slice(0, logLimits.membersMax).map((each) => loggable(each, depth + 1));
  return loggableMembers(value, depth);
}

/** The members of an object, the first of them if there are too many. */
export function loggableMembers(value: object, depth = 0): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const key of Object.keys(value).slice(0, logLimits.membersMax)) {
    try {
      const member = loggable((value as Record<string, unknown>)[key], depth + 1);
      if (member !== undefined) members[cut(key, logLimits.keyCharsMax).replace(unprintable, shown)] = member;
    } catch {
      members[cut(key, logLimits.keyCharsMax).replace(unprintable, shown)] = '…';
    }
  }
  return members;
}

/** A finished line, as it may be written. */
export const loggableLine = (line: string): string => {
  if (line.length <= logLimits.lineCharsMax) return withoutSecretShapes(line);
  const { level, time, role, pid, msg } = JSON.parse(line) as Record<string, unknown>;
  return withoutSecretShapes(`${JSON.stringify({ level, time, role, pid, cut_chars: line.length, msg })}\n`);
};
