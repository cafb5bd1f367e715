// The receiver: somebody else's endpoint, played by a real HTTP server on a loopback port that answers as it is told, misbehaviour
// included, and remembers what it was sent.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { patience } from './patience.js';

export type Received = {
  /** When the request had arrived in full; ms since the epoch. */
  readonly at: number;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Names in lower case; values of a repeated header joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** As on the wire: name, value, name, value, … */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
};

export type Answer = {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  /** Before anything is sent. */
  readonly delayMs?: number;
  /** Nothing more is sent and the connection stays open; after `raw`, if that is given. */
  readonly hang?: true;
  /** The connection ends with a TCP reset; after `raw`, if that is given. */
  readonly reset?: true;
  /** Headers at once, then the body in pieces. */
  readonly drip?: { readonly chunkBytes: number; readonly everyMs: number };
  /** These bytes on the socket instead of an HTTP answer; then the connection ends. */
  readonly raw?: Buffer | string;
};

/** `index` counts the requests since the start or the last `clear()`, from 0. */
export type Script = Answer | ((received: Received, index: number) => Answer | Promise<Answer>);

export type ReceiverOptions = {
  readonly answer?: Script;
  /** A free one if absent. */
  readonly port?: number;
  /** Requests beyond are answered and counted, and not kept. Default 100,000. */
  readonly receivedMax?: number;
};

export type Receiver = {
  /** `http://127.0.0.1:port` */
  readonly origin: string;
  readonly port: number;
  /** The origin with a path (default `/`). */
  url(path?: string): string;
  readonly received: readonly Received[];
  /** Requests since the start or the last `clear()`, those not kept included. */
  count(): number;
  clear(): void;
  /** Answers from now on. */
  answer(script: Script): void;
  /** Resolves with everything received once there are n requests; rejects after `timeoutMs` (10 s), with our patience, with how many there were. */
  waitFor(n: number, timeoutMs?: number): Promise<readonly Received[]>;
  /** Closes all connections, open requests included. */
  stop(): Promise<void>;
};

type Waiter = { readonly n: number; readonly wake: () => void };

/** Starts a receiver; without a script it answers 200 with no body. */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const received: Received[] = [];
  const waiters = new Set<Waiter>();
  const receivedMax = options.receivedMax ?? 100_000;
  let script: Script = options.answer ?? {};
  let count = 0;

  const take = (request: IncomingMessage, body: Buffer, response: ServerResponse) => {
    const one = readRequest(request, body);
    const index = count++;
    if (received.length < receivedMax) received.push(one);
    if (typeof script === 'object') act(script, response);
    else void decide(script, one, index).then((answer) => act(answer, response));
    for (const waiter of waiters) if (count >= waiter.n) waiter.wake();
  };
  const server = createServer({ keepAlive: true, noDelay: true }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => take(request, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), response));
    request.on('error', () => undefined);
  });
  // A kept connection that the server closes first makes the sender's next request fail: not what a test wants by chance.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: options.port ?? 0, backlog: 4096 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    port,
    url: (path = '/') => origin + path,
    received,
    count: () => count,
    clear: () => {
      received.length = 0;
      count = 0;
    },
    answer: (next) => {
      script = next;
    },
    waitFor: (n, timeoutMs = 10_000) => waitFor(n, timeoutMs * patience, waiters, () => count).then(() => [...received]),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function readRequest(request: IncomingMessage, body: Buffer): Received {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = Array.isArray(value) ? value.join(', ') : (value ?? '');
  return { at: Date.now(), method: request.method ?? '', path: request.url ?? '', headers, rawHeaders: request.rawHeaders, body };
}

/** A script that throws shows as a 500 that names the error, instead of a request that never ends. */
async function decide(script: Exclude<Script, Answer>, received: Received, index: number): Promise<Answer> {
  try {
    return await script(received, index);
  } catch (error) {
    return { status: 500, body: `the receiver's script threw: ${String(error)}` };
  }
}

function act(answer: Answer, response: ServerResponse): void {
  if (answer.delayMs === undefined) {
    respond(answer, response);
    return;
  }
  const timer = setTimeout(() => respond(answer, response), answer.delayMs);
  response.once('close', () => clearTimeout(timer));
}

function respond(answer: Answer, response: ServerResponse): void {
  const { socket } = response;
  if (socket === null || socket.destroyed) return;
  if (answer.raw !== undefined || answer.hang || answer.reset) {
    takeSocket(answer, socket);
    return;
  }
  const body = answer.body ?? '';
  const length = answer.drip !== undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  response.writeHead(answer.status ?? 200, { ...length, ...(answer.headers as Record<string, string | string[]>) });
  if (answer.drip === undefined) response.end(body);
  else drip(Buffer.from(body), answer.drip, response);
}

function takeSocket(answer: Answer, socket: Socket): void {
  if (answer.raw !== undefined) {
    if (!answer.hang && !answer.reset) {
      socket.end(answer.raw);
      return;
    }
    socket.write(answer.raw, () => {
      if (answer.reset) socket.resetAndDestroy();
    });
    return;
  }
  if (answer.reset) socket.resetAndDestroy();
}

function drip(body: Buffer, { chunkBytes, everyMs }: NonNullable<Answer['drip']>, response: ServerResponse): void {
  response.flushHeaders();
  let sentBytes = 0;
  const timer = setInterval(() => {
    response.write(body.subarray(sentBytes, sentBytes + chunkBytes));
    sentBytes += chunkBytes;
    if (sentBytes < body.length) return;
    clearInterval(timer);
    response.end();
  }, everyMs);
  response.once('close', () => clearInterval(timer));
}

function waitFor(n: number, timeoutMs: number, waiters: Set<Waiter>, count: () => number): Promise<void> {
  if (count() >= n) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const done = (settle: () => void) => {
      clearTimeout(timer);
      waiters.delete(waiter);
      settle();
    };
    const waiter: Waiter = { n, wake: () => done(resolve) };
    const timer = setTimeout(() => done(() => reject(new Error(`${count()} of ${n} requests arrived within ${timeoutMs} ms`))), timeoutMs);
    waiters.add(waiter);
  });
}
