// The client of the native API that the commands share: one pool of connections, JSON text in, parsed JSON out, and every failure as
// an Error of one line that names the request.
import { Pool } from 'undici';
import { oneLine } from './failure.js';
import { problemLine } from './problem-line.js';

export const defaultApiUrl = 'http://127.0.0.1:3400';
const answerBytesMax = 64 * 1024 * 1024;
const connectTimeoutMs = 5_000;
const answerTimeoutMs = 30_000;
const connectionsMax = 32;
const healthTimeoutMs = 2_000;

export type ApiClient = {
  /** As given, without a trailing slash. */
  readonly url: string;
  get(path: string): Promise<unknown>;
  /** `body` is JSON text and goes out byte for byte. */
  post(path: string, body: string): Promise<unknown>;
  close(): Promise<void>;
};

/** `url` may have a path, which is put before every path asked for. Throws an Error if it is no http(s) URL. */
export function createApiClient(options: { readonly url: string; readonly key: string }): ApiClient {
  const { origin, prefix } = readUrl(options.url);
  const pool = new Pool(origin, {
    connections: connectionsMax,
    connect: { timeout: connectTimeoutMs },
    headersTimeout: answerTimeoutMs,
    bodyTimeout: answerTimeoutMs,
    maxResponseSize: answerBytesMax,
  });
  const ask = async (method: 'GET' | 'POST', path: string, body?: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${options.key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const answer = await pool
      .request({ method, path: prefix + path, headers, body: body ?? null })
      .then(async (response) => ({ status: response.statusCode, text: await response.body.text() }))
      .catch((error: unknown) => {
        throw new Error(`${method} ${origin}${prefix}${path}: ${connectionLine(error)}`, { cause: error });
      });
    if (answer.status < 200 || answer.status > 299) throw new Error(`${method} ${path}: ${problemLine(answer.status, answer.text)}`);
    return parseAnswer(`${method} ${path}`, answer.text);
  };
  return {
    url: origin + prefix,
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, body),
    close: () => pool.destroy(),
  };
}

/** Whether a 2xx comes from this path within 2 s; never rejects. */
export async function answers(url: string, path: '/healthz' | '/readyz'): Promise<boolean> {
  const { origin, prefix } = readUrl(url);
  const pool = new Pool(origin, { connections: 1, connect: { timeout: healthTimeoutMs } });
  try {
    const response = await pool.request({ method: 'GET', path: prefix + path, signal: AbortSignal.timeout(healthTimeoutMs) });
    await response.body.dump();
    return response.statusCode >= 200 && response.statusCode <= 299;
  } catch {
    return false;
  } finally {
    await pool.destroy();
  }
}

/** The member `name` of an answer, which must be a string. */
export function stringOf(answer: unknown, name: string, request: string): string {
  const value = typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>)[name] : undefined;
  if (typeof value !== 'string') throw new Error(`${request}: the answer has no ${name}: is this a Posthorn API?`);
  return value;
}

function readUrl(text: string): { readonly origin: string; readonly prefix: string } {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new Error(`--url must be an http or https URL: ${text}`);
  return { origin: url.origin, prefix: url.pathname.replace(/\/+$/, '') };
}

function parseAnswer(request: string, text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${request}: the answer is not JSON: is this a Posthorn API?`, { cause: error });
  }
}

function connectionLine(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  if (code === 'ECONNREFUSED') return 'nothing listens there (ECONNREFUSED): start it, or name another address with --url';
  // The message of a connection tried on several addresses is empty; its code is not.
  const message = error instanceof Error && error.message !== '' ? error.message : '';
  return message === '' ? String(code ?? oneLine(error)) : message;
}
