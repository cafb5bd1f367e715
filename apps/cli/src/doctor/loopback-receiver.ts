// The doctor's endpoint: a receiver on loopback that takes the first whole request to its path and answers 200 to it.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Taken = { readonly headers: IncomingHttpHeaders; readonly body: Buffer /** On the monotonic clock. */; readonly atMs: number };

export type LoopbackReceiver = {
  readonly port: number;
  /** The first request; never rejects. */
  readonly first: Promise<Taken>;
  stop(): Promise<void>;
};

const bodyBytesMax = 64 * 1024;

/** @param port 0: a free one. @param path of the webhook; others are answered 404 */
export const startLoopbackReceiver = async (port: number, path: string): Promise<LoopbackReceiver> => {
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
      const isOurs = request.method === 'POST' && request.url === path && bytes <= bodyBytesMax;
      if (isOurs) take({ headers: request.headers, body: Buffer.concat(chunks), atMs: performance.now() });
      response.writeHead(isOurs ? 200 : 404, { 'content-length': '0' }).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
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
