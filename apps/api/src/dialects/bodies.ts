// Bodies as the dialects' clients send them.
import type { FastifyInstance } from 'fastify';

/** In this scope bodies of these media types are JSON. Some clients name the type of a body even when they delete, and send none. */
export const takeJsonBodies = (app: FastifyInstance, mediaTypes: readonly string[]): void => {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<string>([...mediaTypes], { parseAs: 'string' }, (request, body, done) => {
    if (body === '' && request.method === 'DELETE') done(null);
    else parse(request, body, done);
  });
};
