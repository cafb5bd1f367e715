import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { problem } from '@posthorn/core';
import Fastify, { type FastifyError } from 'fastify';
import { createUnroutedProblems, registerProblems, toProblem } from './errors.js';
import { OverloadedError } from './micro-batcher.js';
import { compileSchema } from './validation.js';

const withFields = (message: string, fields: Readonly<Record<string, unknown>>) => Object.assign(new Error(message), fields);
const inside = 'at pool.ts:12 password=hunter2';

describe('the problem of an error', () => {
  it.each([
    ['a problem', problem('conflict', 'mine'), 'conflict'],
    ['too much that waits', new OverloadedError('full'), 'overloaded'],
    ['a database that refuses connections', withFields(inside, { code: 'ECONNREFUSED' }), 'database_unavailable'],
    ['a connection that broke', new Error('Connection terminated unexpectedly'), 'database_unavailable'],
    ['a pool that is exhausted', new Error('timeout exceeded when trying to connect'), 'database_unavailable'],
    ['a server that is stopping', withFields(inside, { code: '57P01' }), 'database_unavailable'],
    ['a statement that took too long', withFields(inside, { code: '57014' }), 'database_unavailable'],
    ['too many connections', withFields(inside, { code: '53300' }), 'database_unavailable'],
    ['a server that only reads', withFields(inside, { code: '25006' }), 'database_unavailable'],
    ['a deadlock', withFields(inside, { code: '40P01' }), 'database_unavailable'],
    ['a constraint of ours', withFields(inside, { code: '23505' }), 'internal'],
    ['a statement that is wrong', withFields(inside, { code: '42601' }), 'internal'],
    ['anything else', new TypeError(inside), 'internal'],
    ['a 5xx of the framework', withFields(inside, { statusCode: 500, code: 'FST_ERR_X' }), 'internal'],
    ['a body that is too large', withFields('', { code: 'FST_ERR_CTP_BODY_TOO_LARGE', statusCode: 413 }), 'body_too_large'],
    ['another media type', withFields('', { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 }), 'unsupported_media_type'],
    ['an empty body', withFields('', { code: 'FST_ERR_CTP_EMPTY_JSON_BODY', statusCode: 400 }), 'not_json'],
    ['a body that is not JSON', withFields('', { code: 'FST_ERR_CTP_INVALID_JSON_BODY', statusCode: 400 }), 'not_json'],
    ['a length that is wrong', withFields('', { code: 'FST_ERR_CTP_INVALID_CONTENT_LENGTH', statusCode: 400 }), 'not_json'],
    ['another 4xx of the framework', withFields('odd', { code: 'FST_ERR_Y', statusCode: 400 }), 'invalid_request'],
  ] as const)('that is %s', (_, error, code) => {
    const answer = toProblem(error as FastifyError);
    expect(answer.code).toBe(code);
    expect(JSON.stringify({ ...answer, message: answer.message })).not.toMatch(/hunter2|pool\.ts/);
    if (answer.status === 503) expect(answer.headers).toEqual({ 'retry-after': '1' });
  });
});

describe('an answer that is an error', () => {
  const logged: { readonly message: string; readonly requestId: string }[] = [];
  const unrouted = createUnroutedProblems();
  const app = Fastify({ genReqId: () => 'r1', frameworkErrors: unrouted.answer });
  unrouted.watch(app);
  app.setValidatorCompiler(compileSchema);
  registerProblems(app, (error, facts) => logged.push({ message: error.message, requestId: facts.request_id }));
  const body = {
    type: 'object',
    required: ['a'],
    additionalProperties: false,
    properties: {
      a: { type: 'string' },
      list: { type: 'array', items: { type: 'integer' } },
      deep: { type: 'object', additionalProperties: false },
    },
  };
  app.post('/checked', { schema: { body } }, async () => ({}));
  app.get('/broken', async () => {
    throw new Error(inside);
  });
  const errorForm = {
    mediaType: 'application/x-form+json',
    schema: 'Form',
    body: ({ code }: { readonly code: string }) => ({ said: code }),
  };
  app.get('/formed/:id', { config: { permission: 'public', errorForm } }, async () => ({}));
  app.get('/full', async () => {
    throw new OverloadedError('full');
  });
  let origin = '';
  beforeAll(async () => {
    origin = await app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => app.close());

  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(origin + path, init);
    return {
      status: answer.status,
      headers: answer.headers,
      type: answer.headers.get('content-type'),
      body: JSON.parse(await answer.text()),
    };
  };

  const post = (payload: unknown) =>
    ask('/checked', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof payload === 'string' ? payload : JSON.stringify(payload),
    });

  it('is a problem document with the id of the request, and says nothing of our insides; those are logged', async () => {
    const answer = await ask('/broken');
    expect(answer.type).toMatch(/^application\/problem\+json/);
    expect(answer.body).toEqual({
      type: 'urn:posthorn:problem:internal',
      title: 'Something broke on our side',
      status: 500,
      detail: 'Something broke on our side',
      code: 'internal',
      errors: [],
      request_id: 'r1',
    });
    expect(logged.splice(0)).toEqual([{ message: inside, requestId: 'r1' }]);
    expect((await ask('/full')).headers.get('retry-after')).toBe('1');
    expect(logged).toEqual([]);
  });

  it('names what there is not, without the query', async () => {
    const answer = await ask('/nowhere?key=hunter2');
    expect([answer.status, answer.body.code, answer.body.detail]).toEqual([404, 'not_found', 'there is no GET /nowhere']);
  });

  it.each([
    ['a missing field', {}, 'missing_field', '/a'],
    ['an unknown field', { a: 'x', b: 1 }, 'unknown_field', '/b'],
    ['an unknown field with a slash and a tilde', { a: 'x', 'b/~': 1 }, 'unknown_field', '/b~1~0'],
    ['an unknown field deep inside', { a: 'x', deep: { c: 1 } }, 'unknown_field', '/deep/c'],
    ['a field of another type, which is not coerced', { a: 1 }, 'invalid_field', '/a'],
    ['an item of another type', { a: 'x', list: [1, '2'] }, 'invalid_field', '/list/1'],
    ['a body that is a list', [], 'invalid_field', ''],
  ])('points at %s', async (_, payload, code, pointer) => {
    const answer = await post(payload);
    expect(answer).toMatchObject({ status: 422, type: expect.stringMatching(/^application\/problem\+json/), body: { code } });
    expect(answer.body.errors).toContainEqual({ pointer, code, message: expect.any(String) });
  });

  it('names all wrong fields at once', async () => {
    const { body: document } = await post({ b: 1, list: 'x' });
    expect(document.errors.map((error: { pointer: string }) => error.pointer).sort()).toEqual(['/a', '/b', '/list']);
  });

  it.each(['', '{', '{"a":', 'nul', '{"a":"x"}}', '{"__proto__":{}}'])('refuses the body %s as not JSON', async (text) => {
    expect(await post(text)).toMatchObject({ status: 400, body: { code: 'not_json' } });
  });

  it('is a problem document for a path that cannot be read, too', async () => {
    const answer = await ask('/%zz');
    expect(answer).toMatchObject({
      status: 400,
      type: expect.stringMatching(/^application\/problem\+json/),
      body: { code: 'invalid_request' },
    });
  });

  it.each(['/formed/%zz', '//formed//%'])('has the form of the routes that begin like %s', async (path) => {
    expect(await ask(path)).toMatchObject({
      status: 400,
      type: 'application/x-form+json; charset=utf-8',
      body: { said: 'invalid_request' },
    });
  });
});
