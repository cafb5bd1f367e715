// What `posthorn listen` prints for a request that arrived.
import type { IncomingHttpHeaders } from 'node:http';
import { printable } from '../terminal.js';
import { indentJson } from './json-lines.js';
import type { SignatureVerdict } from './signature-verdict.js';

/** Bodies up to here are indented; longer ones are printed as they came. */
const prettyBytesMax = 2048;

export type Arrival = {
  /** When its body was complete; ms since the epoch. */
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The status that was answered. */
  readonly status: number;
};

/** Three parts: what came, whether its signature verifies, and the body. */
export function arrivalLines(arrival: Arrival, verdict: SignatureVerdict): string {
  const { headers, body } = arrival;
  const eventType = one(headers['posthorn-event-type']) ?? `${arrival.method} ${arrival.path}`;
  const head = [
    new Date(arrival.atMs).toISOString().slice(11, 23),
    eventType,
    one(headers['webhook-id']) ?? 'no webhook-id',
    `attempt ${one(headers['posthorn-attempt']) ?? '?'}`,
    `${body.length} bytes`,
    `answered ${arrival.status}`,
  ].join('  ');
  return printable([head, `  ${verdictLine(verdict)}`, ...bodyLines(body)].join('\n'));
}

function verdictLine(verdict: SignatureVerdict): string {
  switch (verdict.kind) {
    case 'ok':
      return verdict.webhook === null ? 'signature ok' : `signature ok (webhook ${verdict.webhook})`;
    case 'wrong':
      return `SIGNATURE WRONG: ${verdict.why}`;
    case 'unchecked':
      return 'signature not checked: no secret';
  }
}

function bodyLines(body: Buffer): readonly string[] {
  if (body.length === 0) return ['  (no body)'];
  const text = body.toString('utf8');
  const shown = body.length <= prettyBytesMax && isJson(text) ? indentJson(text) : text.trimEnd();
  return shown.split('\n').map((line) => `  ${line}`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function one(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.join(', ');
}
