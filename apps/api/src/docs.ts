// GET /openapi.json, and /docs to read it in a browser. All of it comes from our own origin: it works without the network, and the
// Content-Security-Policy lets nothing else in.
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { documentOf } from './openapi.js';

const docsPath = '/docs';

/** Neither scripts nor styles may be inline: the page has none. `data:` is for the icons in its style sheet. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const isOfDocs = (url: string): boolean => url === docsPath || url.startsWith(`${docsPath}/`);

/** The routes of the page are a plugin's, which cannot say who may call them. To be called before routes are asked for that. */
export const openDocs = (app: FastifyInstance): void => {
  app.addHook('onRoute', (route) => {
    if (isOfDocs(route.url)) route.config = { ...route.config, permission: 'public' };
  });
};

/** GET /openapi.json and /docs. */
export const docsRoutes = async (app: FastifyInstance) => {
  let document: string | null = null;
  app.get('/openapi.json', { config: { permission: 'public' }, schema: { hide: true } }, async (_request, reply) => {
    document ??= JSON.stringify(documentOf(app));
    return reply.type('application/json; charset=utf-8').send(document);
  });

  await app.register(swaggerUi, {
    routePrefix: docsPath,
    staticCSP: contentSecurityPolicy,
    theme: { title: 'Posthorn API' },
    // Without the bar in which other documents could be opened.
    uiConfig: { layout: 'BaseLayout', docExpansion: 'list', displayRequestDuration: true },
  });
};
