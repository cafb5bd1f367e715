// The OpenAPI document without a running server: the same routes, on dependencies that nobody calls.
import { problem } from '@posthorn/core';
import { createApp } from './app.js';
import { documentOf } from './openapi.js';
import { registerRoutes } from './routes.js';

/** The document as JSON: what GET /openapi.json answers with. */
export const createOpenapiDocument = async (): Promise<ReturnType<typeof documentOf>> => {
  const access = { require: () => Promise.reject(problem('internal', 'this app takes no requests')) };
  const app = await createApp({ access, onInternal: () => undefined });
  await registerRoutes(app, {
    health: {} as never,
    publish: {} as never,
    stream: {} as never,
    deployment: {} as never,
    webhooks: {} as never,
  });
  await app.ready();
  const document = documentOf(app);
  await app.close();
  return document;
};
