// Every route, page and refusal says to browsers what may be done with it.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { problem, unsubscribeToken } from '@posthorn/core';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { type ApiWorld, createApiWorld, encryptionKey } from '../tests/api-world.js';
import { createApp } from './app.js';
import { registerRoutes } from './routes.js';

const nobody = {} as never;
/** Everything that is registered, on dependencies that nobody asks for. */
const openRoutes = async (isSecure: boolean) => {
  const routes: Pick<RouteOptions, 'method' | 'url'>[] = [];
  const access = { require: () => Promise.reject(problem(isSecure ? 'unauthorized' : 'forbidden')) };
  const app: FastifyInstance = await createApp({ access, isSecure, onInternal: () => undefined });
  app.addHook('onRoute', ({ method, url }) => void routes.push({ method, url }));
  await registerRoutes(app, { health: nobody, publish: nobody, stream: nobody, deployment: nobody, webhooks: nobody });
  return { app, routes, origin: await app.listen({ host: '127.0.0.1', port: 0 }) };
};

const ask = async (url: string, method: string) => {
  const response = await fetch(url, { method, headers: { accept: 'text/html,*/*' }, redirect: 'manual' });
  await response.arrayBuffer();
  return { status: response.status, headers: Object.fromEntries(response.headers) };
};

const expectHeaders = (of: string, headers: Readonly<Record<string, string>>, isSecure = false): void => {
  expect({ of, ...headers }).toMatchObject({
    of,
    'x-content-type-options': 'nosniff',
    'referrer-policy': expect.stringMatching(/^(no-referrer|same-origin)$/),
    'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
    'cache-control': expect.any(String),
  });
  expect(headers['content-security-policy']).not.toContain('unsafe');
  expect(headers['strict-transport-security']).toBe(isSecure ? 'max-age=31536000' : undefined);
};

describe.each([
  ['http', false],
  ['https', true],
] as const)('by %s', (_, isSecure) => {
  it('every route has them, whatever it answers', async () => {
    const { app, routes, origin } = await openRoutes(isSecure);
    expect(routes.length).toBeGreaterThan(150);
    for (const { method, url } of routes) {
      for (const each of [method].flat()) {
        const path = url.replace(/:\w+/g, '01890a5d-ac96-774b-bcce-b302099a8057').replace('*', 'x');
        const { status, headers } = await ask(origin + path, each);
        expectHeaders(`${each} ${url} (${status})`, headers, isSecure);
        if (/^\/(v1|api|compat)\//.test(url)) expect([url, headers['cache-control']]).toEqual([url, 'no-store']);
      }
    }
    await app.close();
  });

  it('what is no request of a route has them too', async () => {
    const { app, origin } = await openRoutes(isSecure);
    for (const url of ['/nothing', '/%', '/v1/webhooks/%', `/v1/webhooks/${'x'.repeat(500)}`]) {
      const { status, headers } = await ask(origin + url, 'GET');
      expect([url, status >= 400]).toEqual([url, true]);
      expectHeaders(url, headers, isSecure);
    }
    await app.close();
  });
});

describe('a server', () => {
  let world: ApiWorld;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'posthorn-headers-'));
    await mkdir(join(directory, 'assets'));
    await writeFile(join(directory, 'index.html'), '<!doctype html><title>console</title>');
    await writeFile(join(directory, 'assets', 'index-abc.js'), 'export {};');
    world = await createApiWorld(directory);
  });
  afterAll(async () => {
    await world.close();
    await rm(directory, { recursive: true });
  });

  it('has them on its pages and files, and on what works', async () => {
    const { body: webhook } = await world.call('POST', '/v1/webhooks', { body: { url: 'http://127.0.0.1:9/' } });
    const token = unsubscribeToken(encryptionKey, webhook.id);
    for (const path of [
      '/',
      '/webhooks/1',
      '/assets/index-abc.js',
      '/docs',
      '/docs/',
      '/docs/json',
      '/docs/static/swagger-ui.css',
      '/openapi.json',
      `/unsubscribe/${token}`,
      '/unsubscribe/x',
      '/healthz',
      '/readyz',
      '/metrics',
      '/console/session',
    ]) {
      const { status, headers } = await ask(world.origin + path, 'GET');
      expectHeaders(`${path} (${status})`, headers);
    }
  });

  it('lets nobody keep what holds a secret', async () => {
    const { body: webhook, headers: ofCreation } = await world.call('POST', '/v1/webhooks', { body: { url: 'http://127.0.0.1:9/' } });
    const ofSecret = (await world.call('GET', `/v1/webhooks/${webhook.id}/secret`)).headers;
    const ofKey = (await world.call('POST', '/v1/api-keys', { body: { name: 'one', role: 'viewer' } })).headers;
    for (const headers of [ofCreation, ofSecret, ofKey]) expect(headers['cache-control']).toBe('no-store');
  });

  it('has them where there is no request that could be read', async () => {
    const said = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(world.origin).port), '127.0.0.1', () => socket.write('NO HTTP\r\n\r\n'));
      let text = '';
      socket.setEncoding('latin1').on('data', (each: string) => {
        text += each;
      });
      socket.on('end', () => resolve(text)).on('error', reject);
    });
    const [head = '', body = ''] = said.split('\r\n\r\n');
    expect(head.split('\r\n')[0]).toBe('HTTP/1.1 400 Bad Request');
    expectHeaders(
      'no HTTP',
      Object.fromEntries(
        head
          .split('\r\n')
          .slice(1)
          .map((line) => line.split(': ') as [string, string]),
      ),
    );
    expect(JSON.parse(body)).toMatchObject({ code: 'invalid_request', status: 400, request_id: '' });
  });
});
