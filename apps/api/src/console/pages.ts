// The console's files, from a directory that the API is given. Its pages have addresses of their own, which no route knows: whatever a browser
// asks for outside of the API's paths is answered with the one page that finds out itself.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

export type Pages = {
  /** Whether a request that no route takes is for a page of the console. */
  readonly isForPage: (request: FastifyRequest) => boolean;
  readonly sendPage: (reply: FastifyReply) => FastifyReply;
};

/** Stands in index.html where the nonce of each answer goes. */
const noncePlaceholder = '__CSP_NONCE__';
const nonceBytes = 16;

/**
 * Scripts come of our own files alone. Mantine writes its theme's variables and responsive values into style elements, which is what the nonce is
 * for; style attributes that are set by script are none of the policy's business.
 */
const contentSecurityPolicy = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');

const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

const firstSegment = (url: string): string => url.split(/[/?]/).find((part) => part !== '') ?? '';

/** Notes which first segments of paths are the API's; to be called before its routes are registered. */
export const collectTaken = (app: FastifyInstance): ReadonlySet<string> => {
  const taken = new Set<string>();
  app.addHook('onRoute', ({ url }) => {
    taken.add(firstSegment(url));
  });
  return taken;
};

/** Registers `/assets/*` and makes what answers for pages. @param directory what the console's build made */
export const registerPages = async (app: FastifyInstance, directory: string, taken: ReadonlySet<string>): Promise<Pages> => {
  const page = await readFile(join(directory, 'index.html'), 'utf8');
  const config: FastifyContextConfig = { permission: 'public' };
  await app.register(async (assets) => {
    await assets.register(fastifyStatic, { root: join(directory, 'assets'), serve: false, preCompressed: true });
    // Names carry a hash of their content, so what is under one never changes.
    assets.get<{ Params: { '*': string } }>('/assets/*', { config, schema: { hide: true } }, (request, reply) =>
      reply.headers(securityHeaders).sendFile(request.params['*'], { immutable: true, maxAge: '365d' }),
    );
  });
  return {
    isForPage: ({ method, url, headers }) =>
      (method === 'GET' || method === 'HEAD') && /\btext\/html\b/.test(headers.accept ?? '') && !taken.has(firstSegment(url)),
    sendPage: (reply) => {
      const nonce = randomBytes(nonceBytes).toString('base64');
      return reply
        .code(200)
        .headers({ ...securityHeaders, 'content-security-policy': contentSecurityPolicy(nonce), 'cache-control': 'no-cache' })
        .type('text/html; charset=utf-8')
        .send(page.replaceAll(noncePlaceholder, nonce));
    },
  };
};
