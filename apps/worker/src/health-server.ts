// What a worker answers over HTTP: whether it lives, whether it is ready and if not why, and its metrics.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type HealthServer = { readonly port: number; readonly close: () => Promise<void> };

export type HealthDependencies = {
  readonly host: string;
  readonly port: number;
  /** What is wrong, by check; empty: ready. */
  readonly problems: () => Promise<Readonly<Record<string, string>>>;
  readonly metrics: () => Promise<string>;
};

const json = 'application/json';

export const startHealthServer = async (dependencies: HealthDependencies): Promise<HealthServer> => {
  const answer = async (path: string): Promise<{ status: number; type: string; body: string }> => {
    switch (path) {
      case '/healthz':
        return { status: 200, type: json, body: '{"status":"ok"}' };
      case '/readyz': {
        const problems = await dependencies.problems();
        const ready = Object.keys(problems).length === 0;
        return { status: ready ? 200 : 503, type: json, body: JSON.stringify({ status: ready ? 'ready' : 'not ready', problems }) };
      }
      case '/metrics':
        return { status: 200, type: 'text/plain; version=0.0.4', body: await dependencies.metrics() };
      default:
        return { status: 404, type: json, body: '{"status":"not found"}' };
    }
  };
  const server: Server = createServer((request, response) => {
    // Not as a URL: what is none would throw here, outside of any promise.
    answer((request.url ?? '/').replace(/\?.*$/s, ''))
      .catch((error: unknown) => ({
        status: 503,
        type: json,
        body: JSON.stringify({ status: 'not ready', problems: { internal: String(error) } }),
      }))
      .then(({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body));
  });
  server.requestTimeout = 10_000;
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
