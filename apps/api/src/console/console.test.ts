// The console at the API: its session in the place of a key, and its pages.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createKeyRing } from '@posthorn/db';
import { type ApiWorld, createApiWorld, encryptionKey } from '../../tests/api-world.js';
import { lastBefore } from '../../tests/last-before.js';
import { limits } from '../limits.js';
import { createSessions } from './sessions.js';

const page = '<!doctype html><meta property="csp-nonce" nonce="__CSP_NONCE__"><title>console</title>';

let directory: string;
let world: ApiWorld;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'posthorn-console-'));
  await mkdir(join(directory, 'assets'));
  await writeFile(join(directory, 'index.html'), page);
  await writeFile(join(directory, 'assets', 'index-abc.js'), 'export {};');
  world = await createApiWorld(directory);
});
afterAll(async () => {
  await world.close();
  await rm(directory, { recursive: true });
});

const send = async (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) => {
  const response = await fetch(world.origin + path, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : null };
};
const signIn = async (key: string) => {
  const answer = await send('POST', '/console/session', {}, { key });
  const setCookie = answer.headers.get('set-cookie') ?? '';
  return { ...answer, setCookie, cookie: setCookie.split(';')[0] ?? '', csrf: String(answer.body?.csrf) };
};
const webhook = { url: 'http://127.0.0.1:9/' };
const revoke = (key: string) =>
  world.db
    .updateTable('api_keys')
    .set({ revoked_at: new Date() })
    .where('key_hash', '=', createHash('sha256').update(key).digest())
    .execute();

describe('signing in', () => {
  it('tells who one is and what one may do, and never the key', async () => {
    const key = await world.key('operator');
    const { status, body, text, headers, setCookie } = await signIn(key);
    expect(status).toBe(200);
    expect(body).toEqual({
      key_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      role: 'operator',
      tenant: null,
      environment: { id: world.environmentId, name: expect.any(String), mode: 'test' },
      permissions: ['read_deliveries', 'read_webhooks', 'operate_webhooks', 'reset_circuit', 'replay', 'read_deployment'],
      csrf: expect.stringMatching(/^[\w-]{32}$/),
    });
    const keyOf = `/v1/api-keys/${body.key_id}`;
    expect((await send('GET', keyOf, { authorization: `Bearer ${world.admin}` })).body).toMatchObject({ role: 'operator' });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(text + decodeURIComponent(setCookie)).not.toContain(key);
    const channel = await signIn(await world.key('channel', 'acme'));
    expect([channel.body.tenant, channel.body.permissions.includes('reset_circuit')]).toEqual(['acme', false]);
    const bound = await signIn(await world.key('admin', 'acme'));
    for (const unbound of ['administer', 'read_deployment']) expect(bound.body.permissions).not.toContain(unbound);
  });

  it('sets a cookie that no script reads, no other site sends, and that ends', async () => {
    const { setCookie } = await signIn(world.admin);
    const flags = setCookie.split('; ').slice(1).sort();
    expect(flags).toEqual(['HttpOnly', `Max-Age=${limits.sessionS}`, 'Path=/', 'SameSite=Strict']);
  });

  it('binds the cookie to the host and to https where people come over https', async () => {
    const { begin } = await createSessions({ keyRing: createKeyRing(encryptionKey), isSecure: true });
    const { cookie } = begin(Buffer.alloc(32));
    expect(cookie).toMatch(/^__Host-posthorn_session=[^;]+; .*Path=\/.*HttpOnly.*Secure.*SameSite=Strict/);
  });

  it('refuses a key that is not known, revoked or expired, and sets nothing', async () => {
    const [revoked, expired] = [await world.key('admin'), await world.key('admin')];
    await revoke(revoked);
    await world.db
      .updateTable('api_keys')
      .set({ expires_at: new Date(Date.now() - 1_000) })
      .where('key_hash', '=', createHash('sha256').update(expired).digest())
      .execute();
    for (const key of ['', 'x', `ph_test_${'x'.repeat(40)}`, revoked, expired]) {
      const { status, body, setCookie } = await signIn(key);
      expect([status, body.code, setCookie]).toEqual([401, 'unauthorized', '']);
    }
  });

  it('is for our own pages alone', async () => {
    const answer = await send('POST', '/console/session', { 'sec-fetch-site': 'cross-site' }, { key: world.admin });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
    const form = await fetch(`${world.origin}/console/session`, { method: 'POST', body: new URLSearchParams({ key: world.admin }) });
    expect(form.status).toBe(415);
  });
});

describe('a session', () => {
  it('is nothing to an API that serves no console', async () => {
    const bare = await createApiWorld();
    try {
      const { begin } = await createSessions({ keyRing: createKeyRing(encryptionKey), isSecure: false });
      const { cookie } = begin(createHash('sha256').update(bare.admin).digest());
      const read = (origin: string) => fetch(`${origin}/v1/webhooks`, { headers: { cookie: cookie.split(';')[0] ?? '' } });
      expect((await read(bare.origin)).status).toBe(401);
      const { cookie: ours } = begin(createHash('sha256').update(world.admin).digest());
      expect((await send('GET', '/v1/webhooks', { cookie: ours.split(';')[0] ?? '' })).status).toBe(200);
    } finally {
      await bare.close();
    }
  });

  it('reads like a header, and changes things with its token', async () => {
    const { cookie, csrf } = await signIn(world.admin);
    expect((await send('GET', '/v1/webhooks', { cookie })).status).toBe(200);
    const created = await send('POST', '/v1/webhooks', { cookie, 'x-posthorn-csrf': csrf }, webhook);
    expect(created.status).toBe(201);
    const again = await send('GET', '/console/session', { cookie });
    expect([again.status, again.body.csrf]).toEqual([200, csrf]);
  });

  it('changes nothing without its own token', async () => {
    const [{ cookie }, { csrf: others }] = [await signIn(world.admin), await signIn(world.admin)];
    for (const token of [undefined, '', 'x', others]) {
      const headers = { cookie, ...(token !== undefined && { 'x-posthorn-csrf': token }) };
      for (const [method, path, body] of [
        ['POST', '/v1/webhooks', webhook],
        ['PATCH', `/v1/webhooks/${world.newId()}`, webhook],
        ['DELETE', `/v1/webhooks/${world.newId()}`, undefined],
        ['DELETE', '/console/session', undefined],
      ] as const)
        expect((await send(method, path, headers, body)).status).toBe(403);
    }
  });

  it('counts for nothing in a request of another site, which a header of a key does', async () => {
    const { cookie, csrf } = await signIn(world.admin);
    const elsewhere = { 'sec-fetch-site': 'cross-site' };
    expect((await send('GET', '/v1/webhooks', { ...elsewhere, cookie })).status).toBe(403);
    expect((await send('POST', '/v1/webhooks', { ...elsewhere, cookie, 'x-posthorn-csrf': csrf }, webhook)).status).toBe(403);
    expect((await send('GET', '/v1/webhooks', { ...elsewhere, authorization: `Bearer ${world.admin}` })).status).toBe(200);
  });

  it('may what its key may, and a header goes before it', async () => {
    const { cookie, csrf } = await signIn(await world.key('viewer'));
    expect((await send('POST', '/v1/webhooks', { cookie, 'x-posthorn-csrf': csrf }, webhook)).status).toBe(403);
    const authorization = `Bearer ${world.admin}`;
    expect((await send('POST', '/v1/webhooks', { cookie, authorization }, webhook)).status).toBe(201);
    expect((await send('GET', '/v1/webhooks', { cookie, authorization: 'Bearer x' })).status).toBe(401);
    // A proxy's own password is not ours.
    expect((await send('GET', '/v1/webhooks', { cookie, authorization: 'Basic eDp5' })).status).toBe(200);
  });

  it('ends where it is asked to', async () => {
    const { cookie, csrf } = await signIn(world.admin);
    const ended = await send('DELETE', '/console/session', { cookie, 'x-posthorn-csrf': csrf });
    expect([ended.status, ended.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('posthorn_session=; Max-Age=0')]);
    expect((await send('DELETE', '/console/session')).status).toBe(204);
  });

  it('ends with its key, within 5 s of the revocation', async () => {
    const key = await world.key('admin');
    const { cookie } = await signIn(key);
    expect((await send('GET', '/v1/webhooks', { cookie })).status).toBe(200);
    await revoke(key);
    const revokedAt = performance.now();
    expect(await lastBefore(401, () => send('GET', '/v1/webhooks', { cookie }))).toBeLessThan(revokedAt + 5_000);
    expect((await send('GET', '/console/session', { cookie })).status).toBe(401);
  });

  it('that is too old, or that nobody made, is none', async () => {
    const { cookie } = await signIn(world.admin);
    const [name, value = ''] = cookie.split('=');
    const changed = value.slice(0, 20) + (value[20] === 'A' ? 'B' : 'A') + value.slice(21);
    const { begin } = await createSessions({ keyRing: createKeyRing(Buffer.alloc(32, 9)), isSecure: false });
    const foreign = begin(createHash('sha256').update(world.admin).digest()).cookie.split(';')[0] ?? '';
    for (const each of [`${name}=`, `${name}=x`, `${name}=a%3Bb`, `${name}=${changed}`, foreign]) {
      const answer = await send('GET', '/v1/webhooks', { cookie: each });
      expect([answer.status, answer.body.code]).toEqual([401, 'unauthorized']);
    }
    const later = Date.now() + (limits.sessionS + 1) * 1_000;
    const clock = jest.spyOn(Date, 'now').mockReturnValue(later);
    try {
      expect((await send('GET', '/v1/webhooks', { cookie })).status).toBe(401);
    } finally {
      clock.mockRestore();
    }
  });
});

describe('the pages', () => {
  const html = { accept: 'text/html,application/xhtml+xml' };

  it('are one page at every address that is not the API’s', async () => {
    for (const path of ['/', '/webhooks', '/webhooks/1?tab=versions', '/settings/webhooks/new', '/healthy', '/web-hook']) {
      const answer = await send('GET', path, html);
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([path, 200, 'text/html; charset=utf-8']);
      expect(answer.text).toContain('<title>console</title>');
    }
    for (const path of ['/v1/nothing', '/api/nothing', '/webhook/a/b', '/compat/x', '/assets/gone.js', '/console/nothing', '/docs/nothing'])
      expect([path, (await send('GET', path, html)).status]).toEqual([path, 404]);
    expect((await send('GET', '/settings', { accept: 'application/json' })).status).toBe(404);
    expect((await send('POST', '/settings', html)).status).toBe(404);
  });

  it('let in scripts of ours alone, no frame, and styles that have the nonce of the answer', async () => {
    const answers = [await send('GET', '/', html), await send('GET', '/', html)];
    const nonces = answers.map(({ headers, text }) => {
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toMatch(/default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[A-Za-z0-9+/=]+'/);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('same-origin');
      expect(headers.get('permissions-policy')).toContain('camera=()');
      expect(headers.get('cache-control')).toBe('no-cache');
      const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
      expect(text).toContain(`nonce="${nonce}"`);
      return nonce;
    });
    expect(nonces[0]).not.toBe(nonces[1]);
  });

  it('have files that are kept for a year, and none beyond their folder', async () => {
    const file = await send('GET', '/assets/index-abc.js');
    expect([file.status, file.text]).toEqual([200, 'export {};']);
    expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(file.headers.get('x-content-type-options')).toBe('nosniff');
    for (const path of ['/assets/../index.html', '/assets/..%2findex.html', '/assets/%2e%2e/index.html', '/assets/', '/assets'])
      expect([path, (await send('GET', path)).text.includes('console</title>')]).toEqual([path, false]);
  });
});

describe('without a console', () => {
  it('there are neither pages nor sessions', async () => {
    const bare = await createApiWorld();
    try {
      expect((await fetch(`${bare.origin}/`, { headers: { accept: 'text/html' } })).status).toBe(404);
      const { cookie } = await signIn(world.admin);
      expect((await fetch(`${bare.origin}/console/session`, { headers: { cookie } })).status).toBe(404);
    } finally {
      await bare.close();
    }
  });
});
