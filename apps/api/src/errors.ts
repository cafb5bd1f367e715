// Every error of the API leaves as an RFC 9457 problem with a stable code; nothing of our insides stands in it.
import { type FieldError, type ProblemCode, ProblemError, problem, problemDocument } from '@posthorn/core';
import { EncryptionKeyError, isDatabaseUnavailable, TenantErasedError } from '@posthorn/db';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify';
import type { Pages } from './console/pages.js';
import { limits } from './limits.js';
import { OverloadedError } from './micro-batcher.js';
import { traceIdOf } from './traced-publishing.js';

/** Told of an error of ours, with what stands in its log line. */
export type OnInternal = (error: Error, facts: { readonly request_id: string; readonly trace_id?: string }) => void;

const retrySoon = { headers: { 'retry-after': String(limits.retryAfterS) } };

const pointerOf = (error: FastifySchemaValidationError, name: string): string =>
  `${error.instancePath}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

const fieldErrorOf = (error: FastifySchemaValidationError): FieldError => {
  const params = error.params as { additionalProperty?: string; missingProperty?: string; allowedValues?: unknown[] };
  if (error.keyword === 'additionalProperties') {
    const pointer = pointerOf(error, String(params.additionalProperty));
    return { pointer, code: 'unknown_field', message: `${pointer} is not a field` };
  }
  if (error.keyword === 'required') {
    const pointer = pointerOf(error, String(params.missingProperty));
    return { pointer, code: 'missing_field', message: `${pointer} is missing` };
  }
  const why =
    error.keyword === 'enum' ? `must be one of ${params.allowedValues?.map(String).join(', ')}` : (error.message ?? 'is not valid');
  return { pointer: error.instancePath, code: 'invalid_field', message: `${error.instancePath || 'the value'} ${why}` };
};

const validationProblem = (error: FastifyError): ProblemError => {
  const errors = (error.validation ?? []).slice(0, limits.fieldErrorsMax).map(fieldErrorOf);
  if (error.validationContext !== 'body') return problem('invalid_request', errors[0]?.message, { errors });
  const code = errors[0]?.code === 'unknown_field' || errors[0]?.code === 'missing_field' ? errors[0].code : 'invalid_field';
  return problem(code, errors[0]?.message, { errors });
};

/** The problem that an error is answered with. */
export const toProblem = (error: FastifyError | Error): ProblemError => {
  if (error instanceof ProblemError) return error;
  if (error instanceof OverloadedError) return problem('overloaded', error.message, retrySoon);
  if (error instanceof EncryptionKeyError) return problem('overloaded', `${error.message}; nothing was stored`, retrySoon);
  if (error instanceof TenantErasedError) return problem('conflict', `${error.message}; try again in some seconds`);
  if (isDatabaseUnavailable(error)) return problem('database_unavailable', 'nothing was stored; try again', retrySoon);
  const { code, validation, statusCode } = error as Partial<FastifyError>;
  if (validation !== undefined) return validationProblem(error as FastifyError);
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return problem('body_too_large');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return problem('unsupported_media_type', 'send application/json');
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return problem('not_json');
    default:
      return statusCode !== undefined && statusCode >= 400 && statusCode < 500
        ? problem('invalid_request', error.message)
        : problem('internal');
  }
};

/** How the errors of a route are written. */
export type ErrorForm = {
  readonly mediaType: string;
  /** `$id` of its schema, for the OpenAPI document. */
  readonly schema: string;
  readonly body: (problem: ProblemError, requestId: string) => unknown;
};

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Without one they are problem documents. */
    errorForm?: ErrorForm;
  }
}

/** RFC 9457. */
export const problemForm: ErrorForm = { mediaType: 'application/problem+json', schema: 'Problem', body: problemDocument };

/** Answers with an error in its form. */
const answerIn = ({ mediaType, body }: ErrorForm, error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void => {
  const answer = toProblem(error);
  reply.code(answer.status).headers(answer.headers).type(mediaType).send(body(answer, request.id));
};

export type UnroutedProblems = {
  /** Answers with what Fastify finds wrong before there is a route, such as a path that cannot be read, in the form of the routes that begin alike. */
  readonly answer: (error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply) => void;
  /** To be called before routes are registered: it remembers how the errors of each are written. */
  readonly watch: (app: FastifyInstance) => void;
};

export const createUnroutedProblems = (): UnroutedProblems => {
  const forms = new Map<string, ErrorForm>();
  return {
    watch: (app) => {
      app.addHook('onRoute', ({ url, config }) => {
        if (config?.errorForm !== undefined && url.includes('/:')) forms.set(url.slice(0, url.indexOf('/:') + 1), config.errorForm);
      });
    },
    answer: (error, request, reply) => {
      const path = request.url.replaceAll(/\/{2,}/g, '/');
      const [, form = problemForm] = [...forms].find(([beginning]) => path.startsWith(beginning)) ?? [];
      answerIn(form, error, request, reply);
    },
  };
};

/** Makes every error and every unknown route a problem document; where a browser asks for a page of the console, it gets that. */
export const registerProblems = (
  app: FastifyInstance,
  onInternal: OnInternal,
  pages: Pages | null = null,
  onTooMany: (code: ProblemCode) => void = () => undefined,
): void => {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const answer = toProblem(error);
    if (answer.status >= 500 && answer.code !== 'overloaded') onInternal(error, { request_id: request.id, ...traceIdOf(request) });
    if (answer.code === 'rate_limited' || answer.code === 'overloaded') onTooMany(answer.code);
    answerIn(request.routeOptions.config.errorForm ?? problemForm, answer, request, reply);
    return reply;
  });
  app.setNotFoundHandler((request, reply) => {
    if (pages?.isForPage(request)) return pages.sendPage(reply);
    const answer = problem('not_found', `there is no ${request.method} ${request.url.split('?')[0]}`);
    return reply.code(404).type('application/problem+json').send(problemDocument(answer, request.id));
  });
};
