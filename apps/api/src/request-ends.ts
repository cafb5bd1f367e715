// What is told of requests that were answered: metrics by route, and a line of the log for those who want one of each.
import type { Logger, Metrics } from '@posthorn/telemetry';
import type { FastifyInstance } from 'fastify';
import { traceIdOf } from './traced-publishing.js';

export type RequestEndDependencies = {
  readonly metrics: Pick<Metrics, 'httpRequests' | 'httpRequestSeconds'>;
  readonly logger: Pick<Logger, 'debug' | 'isLevelEnabled'>;
};

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const statusClassOf = (status: number): string => `${Math.floor(status / 100)}xx`;
/** It is open for as long as somebody looks. */
const streamRoute = '/v1/stream';

type Children = { readonly ended: { inc: () => void }; readonly took: { observe: (seconds: number) => void } };

/** Counts every answer under the pattern of its route, as the API document writes it; whatever is not in the document is `other`. */
export const registerRequestEnds = (app: FastifyInstance, { metrics, logger }: RequestEndDependencies): void => {
  const documented = new Map<string, string>();
  app.addHook('onRoute', ({ url, schema }) => {
    if (schema !== undefined && schema.hide !== true) documented.set(url, url.replaceAll(/:(\w+)/g, '{$1}'));
  });
  // Labels are looked up by their text, which costs more than counting.
  const known = new Map<string, Children>();
  const childrenOf = (route: string, method: string, status: string): Children => {
    const key = `${method} ${status} ${route}`;
    let children = known.get(key);
    if (children === undefined) {
      children = {
        ended: metrics.httpRequests.labels({ route, method, status }),
        took: metrics.httpRequestSeconds.labels({ route, method }),
      };
      known.set(key, children);
    }
    return children;
  };
  const isLogged = logger.isLevelEnabled('debug');
  app.addHook('onResponse', (request, reply, done) => {
    const route = documented.get(request.routeOptions.url ?? '') ?? 'other';
    const method = methods.has(request.method) ? request.method : 'other';
    const { ended, took } = childrenOf(route, method, statusClassOf(reply.statusCode));
    ended.inc();
    if (route !== streamRoute) took.observe(reply.elapsedTime / 1_000);
    if (isLogged)
      logger.debug(
        {
          request_id: request.id,
          method,
          route,
          status: reply.statusCode,
          duration_ms: Math.round(reply.elapsedTime * 10) / 10,
          ...traceIdOf(request),
        },
        'request.answered',
      );
    done();
  });
};
