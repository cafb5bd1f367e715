// A client that sends what it likes over a connection of its own, as no HTTP client would.
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export type Talk = {
  /** All that came back, of which so many bytes are kept. */
  readonly said: string;
  /** Of the first answer; null: there was none. */
  readonly status: number | null;
  /** From the first byte sent until the other side closed. */
  readonly closedAfterMs: number;
};

const keptCharsMax = 200_000;

export type Raw = { readonly socket: Socket; readonly closed: Promise<Talk>; readonly said: () => string };

/** Connects; what comes back is collected until the other side closes. */
export const openRaw = (port: number): Promise<Raw> =>
  new Promise((resolve, reject) => {
    const beganMs = performance.now();
    let said = '';
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.setEncoding('latin1').on('data', (text: string) => {
      if (said.length < keptCharsMax) said += text;
    });
    const closed = new Promise<Talk>((ended) => {
      socket.on('end', () => socket.destroy());
      socket.on('close', () => {
        const status = /^HTTP\/1\.1 (\d{3})/.exec(said)?.[1];
        ended({ said, status: status === undefined ? null : Number(status), closedAfterMs: performance.now() - beganMs });
      });
    });
    // Being closed while one sends is what these are about.
    socket.on('error', (error) => (socket.connecting ? reject(error) : undefined));
    socket.once('connect', () => resolve({ socket, closed, said: () => said }));
  });

/** Sends all at once and waits until the other side closes. */
export const say = async (port: number, ...parts: readonly (string | Buffer)[]): Promise<Talk> => {
  const { socket, closed } = await openRaw(port);
  for (const part of parts) socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
  return closed;
};

/** Sends a head, and then a byte at a time until the other side closes. */
export const drip = async (port: number, head: string, byte: string, everyMs: number): Promise<Talk> => {
  const { socket, closed } = await openRaw(port);
  socket.write(head);
  let isOpen = true;
  socket.on('close', () => {
    isOpen = false;
  });
  while (isOpen) {
    await delay(everyMs, undefined, { ref: false });
    if (isOpen) socket.write(byte);
  }
  return closed;
};
