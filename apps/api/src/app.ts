// The Fastify instance before it has routes: how requests are named, judged, let in and answered when something is wrong.
import Fastify, { type FastifyInstance } from 'fastify';
import { type Access, registerAccess } from './access.js';
import { collectTaken, registerPages } from './console/pages.js';
import { openDocs } from './docs.js';
import { answerProblem, registerProblems } from './errors.js';
import { limits } from './limits.js';
import { registerOpenapi } from './openapi.js';
import { compileSchema } from './validation.js';

export type AppDependencies = {
  readonly access: Pick<Access, 'require'>;
  /** What build of the console it serves; none: there is no console. */
  readonly consoleDirectory?: string | null;
  /** Told of what is broken on our side. */
  readonly onInternal: (error: Error, requestId: string) => void;
};

const requestIdPattern = /^[A-Za-z0-9._-]{1,128}$/;

/** An app that routes can be registered with; each says in `config.permission` who may call it. */
export const createApp = async ({ access, consoleDirectory = null, onInternal }: AppDependencies): Promise<FastifyInstance> => {
  const app = Fastify({
    logger: false,
    bodyLimit: limits.requestBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: 65_000,
    frameworkErrors: answerProblem,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: limits.pathParameterCharsMax },
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && requestIdPattern.test(given) ? given : crypto.randomUUID();
    },
  });
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  // Answers are what the handlers make; the schemas of answers are for those who read them.
  app.setSerializerCompiler(() => JSON.stringify);
  // Fastify takes text as it is, past every check of our own parser: an event comes as application/json or not at all.
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(compileSchema);
  openDocs(app);
  registerAccess(app, access);
  const taken = collectTaken(app);
  const pages = consoleDirectory === null ? null : await registerPages(app, consoleDirectory, taken);
  registerProblems(app, onInternal, pages);
  await registerOpenapi(app);
  return app;
};
