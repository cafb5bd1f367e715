// The Fastify instance before it has routes: how requests are named, judged, let in and answered when something is wrong.
import type { ProblemCode } from '@posthorn/core';
import Fastify, { type FastifyInstance } from 'fastify';
import { type Access, registerAccess } from './access.js';
import { answerOnSocket } from './connection-errors.js';
import { collectTaken, registerPages } from './console/pages.js';
import { openDocs } from './docs.js';
import { createUnroutedProblems, type OnInternal, registerProblems } from './errors.js';
import { takeJsonBodies } from './json-body.js';
import type { Quota } from './limiting/quota.js';
import { limits } from './limits.js';
import { registerOpenapi } from './openapi.js';
import { type RequestEndDependencies, registerRequestEnds } from './request-ends.js';
import { type CountingServer, createCountingServer, registerRequestLimits } from './request-limits.js';
import { securityHeadersOf } from './security-headers.js';
import { compileSchema } from './validation.js';

export type AppDependencies = {
  readonly access: Pick<Access, 'require'>;
  /** What build of the console it serves; none: there is no console. */
  readonly consoleDirectory?: string | null;
  /** Whether people come over https. */
  readonly isSecure?: boolean;
  /** Whose word for the address of a client is taken: addresses and CIDRs of proxies; by default nobody's. */
  readonly trustProxy?: readonly string[];
  /** What a key may ask for; null: any number of requests. */
  readonly requests?: Quota | null;
  /** Whether requests are to be refused, since the process does not keep up. */
  readonly isLoadTooHigh?: () => boolean;
  /** The server under it, for those who want to know what it has to do. */
  readonly server?: CountingServer;
  /** Whether the process stops, and new requests are to go elsewhere. */
  readonly isStopping?: () => boolean;
  /** Told of every request that is refused since there are too many. */
  readonly onTooMany?: (code: ProblemCode) => void;
  /** Where requests that were answered are counted and logged; absent: nowhere. */
  readonly requestEnds?: RequestEndDependencies;
  /** Told of what is broken on our side. */
  readonly onInternal: OnInternal;
};

const requestIdPattern = /^[A-Za-z0-9._-]{1,128}$/;

/** An app that routes can be registered with; each says in `config.permission` who may call it. */
export const createApp = async (dependencies: AppDependencies): Promise<FastifyInstance> => {
  const { access, consoleDirectory = null, isSecure = false, trustProxy = [], requests = null, onInternal } = dependencies;
  const securityHeaders = securityHeadersOf(isSecure);
  const unrouted = createUnroutedProblems();
  const app = Fastify({
    serverFactory: (dependencies.server ?? createCountingServer()).serverFactory,
    // While it closes, requests are answered as they are while it stops: its own 503 is no problem document.
    return503OnClosing: false,
    // What is wrong is told by the list of it, which is cut; the whole is never put into words.
    schemaErrorFormatter: () => new Error('not of the shape'),
    logger: false,
    bodyLimit: limits.requestBytesMax,
    trustProxy: trustProxy.length === 0 ? false : [...trustProxy],
    clientErrorHandler: answerOnSocket(securityHeaders),
    frameworkErrors: (error, request, reply) =>
      unrouted.answer(error, request, reply.headers({ ...securityHeaders, 'x-request-id': request.id })),
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: limits.pathParameterCharsMax },
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && requestIdPattern.test(given) ? given : crypto.randomUUID();
    },
  });
  const { isLoadTooHigh = () => false, isStopping = () => false } = dependencies;
  if (dependencies.requestEnds !== undefined) registerRequestEnds(app, dependencies.requestEnds);
  registerRequestLimits(app, { securityHeaders, isLoadTooHigh, isStopping });
  // Answers are what the handlers make; the schemas of answers are for those who read them.
  app.setSerializerCompiler(() => JSON.stringify);
  // Fastify takes text as it is, past every check of our own parser: an event comes as application/json or not at all.
  app.removeContentTypeParser('text/plain');
  takeJsonBodies(app, ['application/json']);
  app.setValidatorCompiler(compileSchema);
  unrouted.watch(app);
  openDocs(app);
  registerAccess(app, access, requests);
  const taken = collectTaken(app);
  const pages = consoleDirectory === null ? null : await registerPages(app, consoleDirectory, taken);
  registerProblems(app, onInternal, pages, dependencies.onTooMany);
  await registerOpenapi(app);
  return app;
};
