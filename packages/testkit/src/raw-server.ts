// An endpoint below HTTP: a TCP or TLS server that plays a script of bytes, pauses and endings on every connection, for whatever a real
// HTTP server would refuse to say. It counts what it saw, and keeps nothing of the script's state between connections.
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

export type RawStep =
  /** Waits for one whole request (head and `content-length` body). */
  | 'request'
  /** Waits for any bytes. */
  | 'bytes'
  /** Reads nothing from now on, so the sender's window fills. */
  | 'stop-reading'
  /** Says nothing more; the connection stays. */
  | 'hold'
  | 'end'
  | 'reset'
  /** Once more bytes have come: from the top, with the script that is current then. */
  | 'again'
  /** Text is latin1. */
  | { readonly send: string | Buffer }
  | { readonly pauseMs: number }
  /** The same piece until the connection is gone: every so often, or as fast as it is read. */
  | { readonly forever: string | Buffer; readonly everyMs?: number };

/** `connection` counts from 1; the socket is there to be looked at. */
export type RawScript = readonly RawStep[] | ((connection: number, socket: Socket) => readonly RawStep[]);

export type RawServerOptions = {
  readonly script: RawScript;
  /** Makes it a TLS server. */
  readonly tls?: TlsOptions;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** A free one if absent. */
  readonly port?: number;
};

export type RawServer = {
  readonly port: number;
  /** With the scheme; default path `/`. */
  url(path?: string): string;
  /** What is played from now on: on new connections, and after `again`. */
  play(script: RawScript): void;
  /** Connections so far. */
  connections(): number;
  /** Connections that are open. */
  open(): number;
  /** Heads of the requests that a `request` step waited for and got. */
  readonly requests: readonly string[];
  /** Handed to the sockets, whether the peer read it or not. */
  bytesSent(): number;
  stop(): Promise<void>;
};

type Track = { readonly requests: string[]; bytesSent: number };

/** Starts a scripted server; its clients' errors are no concern of it. */
export async function startRawServer(options: RawServerOptions): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const track: Track = { requests: [], bytesSent: 0 };
  let script = options.script;
  let connections = 0;

  const accept = (socket: Socket) => {
    const number = ++connections;
    const steps = () => (typeof script === 'function' ? script(number, socket) : script);
    // A connection that ends under a step ends the script.
    play(socket, steps, track).catch(() => socket.destroy());
  };
  const server = options.tls === undefined ? createServer(accept) : createTlsServer(options.tls, accept).on('tlsClientError', () => {});
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: options.host ?? '127.0.0.1', port: options.port ?? 0, backlog: 4096 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const origin = `${options.tls === undefined ? 'http' : 'https'}://${options.host ?? '127.0.0.1'}:${port}`;
  return {
    port,
    url: (path = '/') => origin + path,
    play: (next) => {
      script = next;
    },
    connections: () => connections,
    open: () => sockets.size,
    requests: track.requests,
    bytesSent: () => track.bytesSent,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function play(socket: Socket, steps: () => readonly RawStep[], track: Track): Promise<void> {
  const inbox = createInbox(socket);
  for (let restart = true; restart; ) {
    restart = false;
    for (const step of steps()) {
      if (step === 'again') {
        await inbox.something();
        restart = true;
        break;
      }
      if (!(await act(step, socket, inbox, track))) return;
    }
  }
}

/** Resolves with whether the script goes on. */
async function act(step: Exclude<RawStep, 'again'>, socket: Socket, inbox: Inbox, track: Track): Promise<boolean> {
  switch (step) {
    case 'request':
      track.requests.push(await inbox.request());
      return true;
    case 'bytes':
      await inbox.bytes();
      return true;
    case 'stop-reading':
      socket.pause();
      return true;
    case 'hold':
      return false;
    case 'end':
      socket.end();
      return false;
    case 'reset':
      socket.resetAndDestroy();
      return false;
  }
  if ('pauseMs' in step) await pause(step.pauseMs, socket);
  else if ('send' in step) await send(socket, step.send, track);
  else {
    while (!socket.destroyed) {
      await send(socket, step.forever, track);
      // Whoever reads may live in this process: it gets its turn after each piece.
      if (step.everyMs === undefined) await setImmediate();
      else await pause(step.everyMs, socket);
    }
  }
  return !socket.destroyed;
}

/** Resolves when the bytes have left this process. */
function send(socket: Socket, piece: string | Buffer, track: Track): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) return reject(new Error('closed'));
    track.bytesSent += piece.length;
    socket.write(piece, 'latin1', (error) => (error == null ? resolve() : reject(error)));
  });
}

function pause(ms: number, socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      socket.off('close', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    socket.once('close', done);
  });
}

type Inbox = {
  request(): Promise<string>;
  bytes(): Promise<void>;
  /** Takes nothing. */
  something(): Promise<void>;
};

/** What came in and nobody waited for yet. */
function createInbox(socket: Socket): Inbox {
  let text = '';
  let wake: (() => void) | null = null;
  const notify = () => wake?.();
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
    notify();
  });
  socket.once('close', notify);

  /** Resolves with `length()` once there are as many characters; 0 means: not known yet. */
  async function arrival(length: () => number): Promise<number> {
    for (;;) {
      const wanted = length();
      if (wanted > 0 && text.length >= wanted) return wanted;
      if (socket.destroyed) throw new Error('closed');
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = null;
    }
  }
  async function take(length: () => number): Promise<string> {
    const wanted = await arrival(length);
    const taken = text.slice(0, wanted);
    text = text.slice(wanted);
    return taken;
  }
  return {
    request: async () => {
      const whole = await take(() => requestLength(text));
      return whole.slice(0, whole.indexOf('\r\n\r\n'));
    },
    bytes: async () => {
      await take(() => text.length);
    },
    something: async () => {
      await arrival(() => text.length);
    },
  };
}

function requestLength(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return 0;
  const bodyLength = Number(/^content-length: *(\d+)/im.exec(text.slice(0, headEnd))?.[1] ?? 0);
  return headEnd + 4 + bodyLength;
}
