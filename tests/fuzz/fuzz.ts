// Sends what was drawn and judges each answer: none is a failure of ours, none shows what is inside, each is as the OpenAPI document says.
import fc from 'fast-check';
import { Pool } from 'undici';
import type { Known } from './known.js';
import { type FuzzRequest, type OpenapiDocument, requestsOf } from './requests.js';

export type FuzzOptions = {
  readonly url: string;
  readonly document: OpenapiDocument;
  /** Whose keys the requests have, one after another; null: none. */
  readonly keys: readonly (string | null)[];
  readonly known: Known;
  readonly count: number;
  readonly seed: number;
  /** Throws if an answer is not as the document says. */
  readonly check: (exchange: { method: string; path: string; sent: unknown; status: number; headers: Headers; text: string }) => void;
};

export type FuzzReport = {
  readonly requests: number;
  /** How many of each status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Operations of which at least one request was taken: `POST /v1/webhooks`. */
  readonly taken: ReadonlySet<string>;
  /** What was wrong, a paragraph each, with the request. */
  readonly findings: readonly string[];
};

const atOnce = 8;
const drawnAtOnce = 400;
const answerWithinMs = 30_000;
const findingsMost = 20;

/** What only the inside of a program says: stacks, paths, SQL, names of its parts. */
const insides =
  /node_modules|\/dist\/|\.[jt]s:\d+|^\s+at .+\(|syntax error at|violates [a-z -]+constraint|relation "|column "|invalid input syntax|invalid byte sequence|deadlock detected|kysely|ioredis|bullmq|undici|TypeError|RangeError|SyntaxError|ReferenceError|is not a function|Cannot read properties|\[object Object\]/im;

type Judged = { readonly status: number; readonly finding: string | null };

const curlOf = ({ method, path, headers, body }: FuzzRequest): string =>
  `${method} ${path.slice(0, 400)}\n${JSON.stringify(headers)}\n${body === null ? '' : body.toString('latin1').slice(0, 800)}`;

const errorText = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

export const fuzz = async ({ url, document, keys, known, count, seed, check }: FuzzOptions): Promise<FuzzReport> => {
  const pool = new Pool(url, { connections: atOnce, headersTimeout: answerWithinMs, bodyTimeout: answerWithinMs });
  const statuses: Record<string, number> = {};
  const taken = new Set<string>();
  const findings: string[] = [];

  const ask = async (request: FuzzRequest, key: string | null): Promise<Judged> => {
    const { method, path, template, headers, body, sent } = request;
    const answer = await pool.request({
      method: method as 'GET',
      path,
      headers: { ...headers, ...(key !== null && { authorization: `Bearer ${key}` }) },
      body,
    });
    const { statusCode: status } = answer;
    // A stream has no end.
    if (String(answer.headers['content-type']).startsWith('text/event-stream')) {
      answer.body.on('error', () => undefined).destroy();
      taken.add(`${method} ${template}`);
      return { status, finding: null };
    }
    const text = await answer.body.text();
    if (status < 300) {
      taken.add(`${method} ${template}`);
      known.learn(request, String(answer.headers['content-type']).includes('json') ? JSON.parse(text) : null);
    }
    if (status === 401 && key !== null && !key.endsWith('unknown')) return { status, finding: 'a key that is valid was refused' };
    if (status >= 500) return { status, finding: `answered ${status}: ${text.slice(0, 500)}` };
    const inside = status >= 400 ? insides.exec(text) : null;
    if (inside !== null) return { status, finding: `shows its inside (${inside[0]}): ${text.slice(0, 500)}` };
    // An operation with no body to be sent has nothing to hold it to; nor has one whose content is compressed, so that it is not read.
    check({ method, path, sent, status, headers: new Headers(answer.headers as Record<string, string>), text });
    return { status, finding: null };
  };

  const send = async (request: FuzzRequest, key: string | null): Promise<void> => {
    const { status, finding } = await ask(request, key).catch((error: unknown): Judged => ({ status: 0, finding: errorText(error) }));
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (finding !== null && findings.length < findingsMost) findings.push(`${curlOf(request)}\n${finding}`);
  };

  try {
    for (let sentCount = 0; sentCount < count && findings.length < findingsMost; sentCount += drawnAtOnce) {
      const requests = fc.sample(requestsOf(document, known.hints()), {
        numRuns: Math.min(drawnAtOnce, count - sentCount),
        seed: seed + sentCount,
      });
      const waiting = requests.entries();
      const lane = async (): Promise<void> => {
        for (const [index, request] of waiting) await send(request, keys[(sentCount + index) % keys.length] ?? null);
      };
      await Promise.all(Array.from({ length: atOnce }, lane));
    }
  } finally {
    await pool.destroy();
  }
  return { requests: Object.values(statuses).reduce((sum, each) => sum + each, 0), statuses, taken, findings };
};
