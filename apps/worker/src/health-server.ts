// What a worker answers over HTTP: whether it lives, whether it is ready and if not why, and its metrics.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { limits } from './limits.js';

export type HealthServer = { readonly port: number; readonly close: () => Promise<void> };

export type HealthDependencies = {
  readonly host: string;
  readonly port: number;
  /** What is wrong, by check; empty: ready. */
  readonly problems: () => Promise<Readonly<Record<string, string>>>;
  /** What is wrong while it works all the same. */
  readonly degraded: () => Promise<Readonly<Record<string, string>>>;
  readonly metrics: () => Promise<string>;
};

const json = 'application/json';
const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

export const startHealthServer = async (dependencies: HealthDependencies): Promise<HealthServer> => {
  const answer = async (path: string): Promise<{ status: number; type: string; body: string }> => {
    switch (path) {
      case '/healthz':
        return { status: 200, type: json, body: '{"status":"ok"}' };
      case '/readyz': {
        const [problems, degraded] = await Promise.all([dependencies.problems(), dependencies.degraded()]);
        const ready = Object.keys(problems).length === 0;
        return {
          status: ready ? 200 : 503,
          type: json,
          body: JSON.stringify({ status: ready ? 'ready' : 'not ready', problems, degraded }),
        };
      }
      case '/metrics':
        return { status: 200, type: 'text/plain; version=0.0.4', body: await dependencies.metrics() };
      default:
        return { status: 404, type: json, body: '{"status":"not found"}' };
    }
  };
  const { headersTimeoutMs, requestTimeoutMs, keepAliveMs, headersBytesMax, connectionsMax } = limits.health;
  const options = {
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: headersBytesMax,
    connectionsCheckingInterval: 1_000,
  };
  const server: Server = createServer(options, (request, response) => {
    // Nobody who asks sends a body: it is read past, up to the end of the time for a request.
    request.resume();
    // Not as a URL: what is none would throw here, outside of any promise.
    answer((request.url ?? '/').replace(/\?.*$/s, ''))
      // Without the error: nobody who asks has shown who they are.
      .catch(() => ({ status: 503, type: json, body: '{"status":"not ready","problems":{"internal":"a check failed"},"degraded":{}}' }))
      .then(({ status, type, body }) => response.writeHead(status, { ...securityHeaders, 'content-type': type }).end(body));
  });
  server.maxConnections = connectionsMax;
  server.timeout = 2 * keepAliveMs;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(dependencies.port, dependencies.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
