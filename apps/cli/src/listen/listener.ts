// The server of `posthorn listen`: answers at once, then prints each request in the order of arrival with the verdict on its signature.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { printable, type Terminal } from '../terminal.js';
import { type Arrival, arrivalLines } from './arrival-lines.js';
import type { SecretBook } from './secret-book.js';
import { judgeSignature, type SignatureVerdict } from './signature-verdict.js';

/** An event has 256 KiB at most; formats and resources add to it. */
const bodyBytesMax = 4 * 1024 * 1024;

export type ListenerOptions = {
  /** 0: a free one. */
  readonly port: number;
  /** Only this path is a webhook's; others are answered 404. Null: every path. */
  readonly path: string | null;
  readonly status: number;
  /** Ends after this many requests. Null: never by itself. */
  readonly exitAfter: number | null;
  readonly secrets: SecretBook;
  readonly terminal: Terminal;
  /** Milliseconds since the epoch; the same clock as that of the book. */
  readonly now: () => number;
};

export type Listener = {
  readonly port: number;
  /** Resolves when `exitAfter` requests have been printed. */
  readonly finished: Promise<void>;
  /** Closes all connections and waits until what arrived is printed. */
  stop(): Promise<void>;
};

/** Listens on 127.0.0.1. Rejects with a line that says so if the port is taken. */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { terminal } = options;
  let printed: Promise<void> = Promise.resolve();
  let arrived = 0;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const accept = (arrival: Arrival): void => {
    const ordinal = ++arrived;
    if (options.exitAfter !== null && ordinal > options.exitAfter) return;
    printed = printed.then(async () => {
      terminal.print(arrivalLines(arrival, await judge(arrival, options.secrets)));
      if (ordinal === options.exitAfter) finish();
    });
  };
  const server = createServer((request, response) => receive(request, response, options, accept));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is taken' : error.message;
      reject(new Error(`cannot listen on 127.0.0.1:${options.port}: ${why}`, { cause: error }));
    });
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    finished,
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await printed;
    },
  };
}

function receive(request: IncomingMessage, response: ServerResponse, options: ListenerOptions, accept: (arrival: Arrival) => void): void {
  const method = request.method ?? '';
  const path = request.url ?? '';
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= bodyBytesMax) chunks.push(chunk);
  });
  // The sender went away: there is nobody to answer, and no whole request to print.
  request.on('error', () => undefined);
  request.on('end', () => {
    const isElsewhere = options.path !== null && path.split('?')[0] !== options.path;
    const status = isElsewhere ? 404 : bytes > bodyBytesMax ? 413 : options.status;
    response.writeHead(status, { 'content-length': '0' }).end();
    if (isElsewhere) options.terminal.warn(printable(`${method} ${path}: answered 404, only ${options.path} is listened to`));
    else if (status === 413 && bytes > bodyBytesMax)
      options.terminal.warn(`a body of ${bytes} bytes: answered 413, at most ${bodyBytesMax} are taken`);
    else accept({ atMs: options.now(), method, path, headers: request.headers, body: Buffer.concat(chunks), status });
  });
}

/** By the secrets that are known; if none of them verifies it, by those that are there now. */
async function judge(arrival: Arrival, secrets: SecretBook): Promise<SignatureVerdict> {
  const request = { headers: arrival.headers, body: arrival.body, nowS: Math.floor(arrival.atMs / 1000) };
  const verdict = judgeSignature(request, secrets.known());
  return verdict.kind === 'ok' ? verdict : judgeSignature(request, await secrets.learn(arrival.atMs));
}
