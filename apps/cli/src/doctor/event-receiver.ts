// The doctor's endpoint: a receiver that takes the first whole request to its path and answers 200 to it.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenAddress } from './receiver-place.js';

export type Taken = { readonly headers: IncomingHttpHeaders; readonly body: Buffer /** On the monotonic clock. */; readonly atMs: number };

export type EventReceiver = {
  readonly port: number;
  /** The first request; never rejects. */
  readonly first: Promise<Taken>;
  stop(): Promise<void>;
};

const bodyBytesMax = 64 * 1024;

/** @param path with which that of the webhook ends, whatever a proxy has put before it; others are answered 404 */
export const startEventReceiver = async ({ host, port }: ListenAddress, path: string): Promise<EventReceiver> => {
  let take: (taken: Taken) => void = () => undefined;
  const first = new Promise<Taken>((resolve) => {
    take = resolve;
  });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bodyBytesMax) chunks.push(chunk);
    });
    request.on('error', () => undefined);
    request.on('end', () => {
      const isOurs = request.method === 'POST' && request.url?.endsWith(path) === true && bytes <= bodyBytesMax;
      if (isOurs) take({ headers: request.headers, body: Buffer.concat(chunks), atMs: performance.now() });
      response.writeHead(isOurs ? 200 : 404, { 'content-length': '0' }).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    first,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
