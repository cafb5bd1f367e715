// The document and its page need no key and no network: what they load is ours.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { problem } from '@posthorn/core';
import type { FastifyInstance } from 'fastify';
import { createApp } from './app.js';
import { createOpenapiDocument } from './openapi-document.js';
import { registerRoutes } from './routes.js';

let app: FastifyInstance;
let origin: string;
beforeAll(async () => {
  app = await createApp({ access: { require: () => Promise.reject(problem('unauthorized')) }, onInternal: () => undefined });
  await registerRoutes(app, {
    health: {} as never,
    publish: {} as never,
    stream: {} as never,
    deployment: {} as never,
    webhooks: {} as never,
  });
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());

const read = async (url: URL) => {
  const response = await fetch(url);
  const [status, type, policy] = [response.status, response.headers.get('content-type'), response.headers.get('content-security-policy')];
  return { status, type: type?.split(';')[0], policy, text: await response.text() };
};

/** What a browser loads because of a text, as it stands there. */
const referred = (type: string | undefined, text: string): readonly string[] => {
  switch (type) {
    case 'text/html':
      return [...text.matchAll(/<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)="([^"]*)"/g)].map(([, url = '']) => url);
    case 'text/css':
      return [...text.matchAll(/(?:url\(|@import )\s*["']?([^"')\s]+)/g)].map(([, url = '']) => url);
    default:
      return [];
  }
};

it('answers with the document, to anybody', async () => {
  const { status, type, text } = await read(new URL('/openapi.json', origin));
  expect([status, type]).toEqual([200, 'application/json']);
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(await createOpenapiDocument())));
});

describe.each(['/docs', '/docs/'])('the page at %s', (path) => {
  it('loads what it refers to, all from where it comes from', async () => {
    const seen = new Set<string>();
    const types = new Set<string | undefined>();
    const follow = async (url: URL): Promise<void> => {
      if (url.protocol === 'data:' || seen.has(url.href)) return;
      seen.add(url.href);
      expect([url.href, url.origin]).toEqual([url.href, origin]);
      const { status, type, text } = await read(url);
      expect([url.pathname, status]).toEqual([url.pathname, 200]);
      types.add(type);
      for (const each of referred(type, text)) await follow(new URL(each, url));
    };
    await follow(new URL(path, origin));
    expect([...types].sort()).toEqual(['application/javascript', 'image/png', 'text/css', 'text/html']);
    expect([...seen].filter((url) => url.endsWith('.js')).length).toBeGreaterThanOrEqual(3);
  });

  it('shows the document of this server, and has it checked by nobody', async () => {
    const { text } = await read(new URL('/docs/static/swagger-initializer.js', origin));
    expect(text).toContain("url: resolveUrl('./json')");
    expect(text).toContain('validatorUrl: null');
    expect(text).not.toMatch(/https?:\/\/(?!stackoverflow\.com\/a\/)/);
    const shown = await read(new URL('/docs/json', origin));
    expect(JSON.parse(shown.text)).toEqual(JSON.parse((await read(new URL('/openapi.json', origin))).text));
  });

  it('has a policy that lets nothing in from elsewhere, and no inline script', async () => {
    const { policy, text } = await read(new URL(path, origin));
    const sources = new Map((policy ?? '').split('; ').map((each) => [each.split(' ')[0], each.split(' ').slice(1)]));
    expect(sources.get('default-src')).toEqual(["'none'"]);
    for (const source of [...sources.values()].flat()) expect(["'self'", "'none'", 'data:']).toContain(source);
    expect(sources.get('script-src')).toEqual(["'self'"]);
    expect(sources.get('style-src')).toEqual(["'self'"]);
    expect(sources.get('frame-ancestors')).toEqual(["'none'"]);
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/);
  });
});

it('opens nothing beside it', async () => {
  expect((await read(new URL('/docsx', origin))).status).toBe(404);
  expect((await read(new URL('/v1/webhooks', origin))).status).toBe(401);
});
