// What is refused before a route sees it: in the form of the route, with a clear answer.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiWorld, createApiWorld } from '../tests/api-world.js';
import { createApp } from './app.js';
import { limits } from './limits.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const post = async (path: string, body: string | Buffer, headers: Record<string, string> = {}, method = 'POST') => {
  const response = await fetch(world.origin + path, {
    method,
    headers: { authorization: `Bearer ${world.admin}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text), type: response.headers.get('content-type') };
};
const id = '01890a5d-ac96-774b-bcce-b302099a8057';
/** A route of each kind of body, and what tells the code in its errors. */
const bodyRoutes = [
  ['POST', '/v1/webhooks'],
  ['PATCH', `/v1/webhooks/${id}`],
  ['POST', '/v1/webhooks/import'],
  ['POST', '/v1/event-types'],
  ['POST', '/v1/explain'],
  ['POST', `/v1/webhooks/${id}/test`],
  ['POST', '/v1/events'],
  ['POST', '/v1/events/batch'],
  ['POST', '/api/webhooks'],
  ['POST', '/webhook'],
  ['POST', '/compat/cot/webhooks'],
  ['POST', '/compat/flow/webhooks'],
] as const;
const open = (levels: number): string => '['.repeat(levels);

describe.each(bodyRoutes)('%s %s', (method, path) => {
  it('refuses what is nested too deeply without parsing it', async () => {
    const { status, body } = await post(path, open(60_000), {}, method);
    expect([422, 404]).toContain(status);
    if (status === 422) expect(JSON.stringify(body)).toMatch(/nest/);
  });

  it('refuses what is compressed', async () => {
    const { status } = await post(path, gzipSync('{}'), { 'content-encoding': 'gzip' }, method);
    expect(status).toBe(415);
  });

  it('refuses what is not UTF-8, and NUL bytes', async () => {
    expect((await post(path, Buffer.from('{"a":"\xff"}', 'latin1'), {}, method)).status).toBe(400);
    expect([400, 404, 422]).toContain((await post(path, '{"a":"\0"}', {}, method)).status);
  });
});

describe('a body of ours', () => {
  it.each(['{"__proto__":{"a":1}}', '{"constructor":{"prototype":{"a":1}}}', '{"metadata":{"__proto__":{}}}'])(
    'is refused with %s',
    async (body) => {
      expect(await post('/v1/webhooks', body)).toMatchObject({ status: 400, body: { code: 'not_json' } });
      expect((await post('/v1/webhooks/import', body)).status).toBe(400);
      expect((await post('/compat/flow/webhooks', body)).status).toBe(400);
    },
  );

  it('is refused with more fields than are looked at, by number', async () => {
    const many = `{"event_types":[${'1,'.repeat(limits.bodyValuesMax)}1]}`;
    expect(await post('/v1/webhooks', many)).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
  });
});

it('a payload may have any names', async () => {
  const data = '{"__proto__":{"a":1},"constructor":{"prototype":{"b":2}}}';
  expect((await post('/v1/events', `{"event_type":"a.b","data":${data}}`)).status).toBe(202);
});

describe('headers', () => {
  it('are at most so many', async () => {
    const some = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, '1']));
    const ask = (count: number) => fetch(`${world.origin}/healthz`, { headers: some(count) });
    expect((await ask(limits.headersMax - 20)).status).toBe(200);
    for (const count of [limits.headersMax, 1_000]) {
      const answer = await ask(count);
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([431, 'headers_too_large']);
    }
  });
});

describe('when there is too much to do', () => {
  it('everything is refused for a moment but what tells so', async () => {
    const told: string[] = [];
    const app = await createApp({
      access: { require: () => Promise.reject(new Error('not asked')) },
      isLoadTooHigh: () => true,
      onTooMany: (code) => void told.push(code),
      onInternal: () => undefined,
    });
    app.get('/vital', { config: { permission: 'public', isVital: true } }, async () => 'ok');
    app.get('/other', { config: { permission: 'publish' } }, async () => 'ok');
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    expect((await fetch(`${origin}/vital`)).status).toBe(200);
    for (const url of ['/other', '/nothing']) {
      const answer = await fetch(origin + url);
      const { code } = (await answer.json()) as { code: string };
      expect([answer.status, answer.headers.get('retry-after'), code]).toEqual([503, '1', 'overloaded']);
    }
    expect(told).toEqual(['overloaded', 'overloaded']);
    await app.close();
  });
});
