// The demo's endpoint: somebody else's server, which verifies every request with the npm package `standardwebhooks`.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Receipt } from './ledger.js';

export type DemoReceiver = {
  /** `http://127.0.0.1:port/demo` */
  readonly url: string;
  /** Until it is given, every signature counts as wrong. */
  useSecret(secret: string): void;
  stop(): Promise<void>;
};

/** Answers 200 to everything, also to what does not verify: a retry would only hide what is wrong. `now` is a monotonic clock in ms. */
export async function startDemoReceiver(take: (receipt: Receipt) => void, now: () => number): Promise<DemoReceiver> {
  let webhook: Webhook | null = null;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const atMs = now();
      response.writeHead(200, { 'content-length': '0' }).end();
      const body = Buffer.concat(chunks);
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      take({ id: headers['webhook-id'] ?? '', body, signatureFault: signatureFault(webhook, body, headers), atMs });
    });
  });
  // A kept connection that this side closes first would make the sender's next request fail.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/demo`,
    useSecret: (secret) => {
      webhook = new Webhook(secret);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function signatureFault(webhook: Webhook | null, body: Buffer, headers: Record<string, string>): string | null {
  if (webhook === null) return 'it arrived before the webhook had a secret';
  try {
    webhook.verify(body, headers);
    return null;
  } catch (error) {
    return `signature: ${(error as Error).message}`;
  }
}
