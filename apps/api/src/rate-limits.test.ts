// Rate limits as those see them who call the API, over one and over two processes, and while Redis is away.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newApiKey } from '@posthorn/core';
import { eventually, type RedisServer, startRedis } from '@posthorn/testkit';
import { type ApiWorld, createApiWorld } from '../tests/api-world.js';
import { limits } from './limits.js';

/** In a window that no test outlives. */
const windowS = 600;
const perWindow = 30;
const rateLimits = { managementRequestsPerS: perWindow / windowS, publishEventsPerS: perWindow / windowS, windowS };
const event = { event_type: 'order.placed', data: {} };

const ask = async (world: ApiWorld, key: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const response = await fetch(world.origin + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
};
type Ask = (index: number) => Promise<{ readonly status: number }>;
/** How many answers have each status. */
const burst = async (count: number, one: Ask): Promise<Readonly<Record<number, number>>> => {
  const counts: Record<number, number> = {};
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const { status } = await one(index);
      counts[status] = (counts[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 20 }, lane));
  return counts;
};

describe('two processes over one Redis', () => {
  let redis: RedisServer;
  let worlds: readonly [ApiWorld, ApiWorld];
  beforeAll(async () => {
    redis = await startRedis();
    const first = await createApiWorld(null, { redisUrl: redis.url, rateLimits });
    worlds = [first, await createApiWorld(null, { redisUrl: redis.url, rateLimits, beside: first })];
  });
  afterAll(async () => {
    for (const world of [...worlds].reverse()) await world.close();
    await redis.stop();
  });
  const worldOf = (index: number): ApiWorld => worlds[index % 2] as ApiWorld;

  it('let through of ten times as many requests exactly what a key may have, and other keys’ as before', async () => {
    const [key, other] = [await worlds[0].key('viewer'), await worlds[0].key('viewer')];
    const counts = await burst(10 * perWindow, (index) => ask(worldOf(index), key, 'GET', '/v1/webhooks'));
    expect(counts).toEqual({ 200: perWindow, 429: 9 * perWindow });
    expect((await ask(worlds[0], other, 'GET', '/v1/webhooks')).status).toBe(200);
  });

  it('let through of ten times as many events exactly what a key may publish, and its requests as before', async () => {
    const key = await worlds[0].key('admin');
    const counts = await burst(10 * perWindow, (index) => ask(worldOf(index), key, 'POST', '/v1/events', event));
    expect(counts).toEqual({ 202: perWindow, 429: 9 * perWindow });
    expect((await ask(worlds[0], key, 'GET', '/v1/webhooks')).status).toBe(200);
    const { rows } = await worlds[0].pool.query('select count(*)::int as n from events');
    expect(rows[0].n).toBe(perWindow);
  });

  it('count a batch by its events, and refuse one that would never go through for what it is', async () => {
    const key = await worlds[0].key('publisher');
    const batch = (count: number) =>
      ask(worlds[0], key, 'POST', '/v1/events/batch', { events: Array.from({ length: count }, () => event) });
    expect((await batch(perWindow + 1)).status).toBe(422);
    expect((await batch(perWindow - 1)).status).toBe(202);
    expect((await batch(2)).status).toBe(429);
    expect((await batch(1)).status).toBe(202);
    expect((await ask(worlds[0], key, 'POST', '/v1/events', event)).status).toBe(429);
  });

  it('say after how long to come again, in the form of the route', async () => {
    const key = await worlds[0].key('admin');
    await burst(2 * perWindow, () => ask(worlds[0], key, 'GET', '/v1/webhooks'));
    const native = await ask(worlds[1], key, 'GET', '/v1/webhooks');
    expect([native.status, JSON.parse(native.text).code]).toEqual([429, 'rate_limited']);
    const afterS = Number(native.headers.get('retry-after'));
    expect(afterS).toBeGreaterThan(0);
    expect(afterS).toBeLessThanOrEqual(windowS);
    expect(native.headers.get('ratelimit')).toBe(`"requests";r=0;t=${afterS}`);
    expect(native.headers.get('ratelimit-policy')).toBe(`"requests";q=${perWindow};w=${windowS}`);
    const commerce = await ask(worlds[0], key, 'GET', '/api/webhooks');
    expect([commerce.status, commerce.headers.get('content-type')]).toEqual([429, expect.stringContaining('application/vnd.api+json')]);
    expect(JSON.parse(commerce.text).errors[0]).toMatchObject({ status: '429' });
    for (const path of ['/webhook', '/compat/cot/webhooks', '/compat/flow/webhooks']) {
      const answer = await ask(worlds[0], key, 'GET', path);
      expect([path, answer.status, answer.headers.get('retry-after') !== null]).toEqual([path, 429, true]);
      expect(JSON.parse(answer.text)).toEqual(expect.any(Object));
    }
    expect(await worlds[0].metrics.text()).toMatch(/posthorn_requests_refused_total{code="rate_limited"} [1-9]/);
  });

  it('each let through all of it by itself while Redis is away', async () => {
    await redis.kill();
    const key = await worlds[0].key('viewer');
    const counts = await burst(10 * perWindow, (index) => ask(worldOf(index), key, 'GET', '/v1/webhooks'));
    expect(counts).toEqual({ 200: 2 * perWindow, 429: 8 * perWindow });
    await redis.restart();
  });
});

describe('failed sign-ins', () => {
  let world: ApiWorld;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'posthorn-rates-'));
    await writeFile(join(directory, 'index.html'), '<!doctype html>');
    world = await createApiWorld(directory, { rateLimits: { managementRequestsPerS: 0, publishEventsPerS: 0 }, trustProxy: ['127.0.0.1'] });
  });
  afterAll(async () => {
    await world.close();
    await rm(directory, { recursive: true });
  });
  const guess = (): string => newApiKey('test', randomBytes(8), randomBytes(24)).key;
  const from = (address: string) => ({ 'x-forwarded-for': address });
  const allowed = { 401: limits.failedSignInsMax, 429: 9 * limits.failedSignInsMax };

  it('are answered so many times, and then refused, by header and by the console’s page alike', async () => {
    const byHeader = (address: string) =>
      burst(10 * limits.failedSignInsMax, () => ask(world, guess(), 'GET', '/v1/webhooks', undefined, from(address)));
    expect(await byHeader('192.0.2.1')).toEqual(allowed);
    const signIn: Ask = () => ask(world, 'x', 'POST', '/console/session', { key: guess() }, from('192.0.2.2'));
    expect(await burst(10 * limits.failedSignInsMax, signIn)).toEqual(allowed);
    // Each address for itself.
    expect((await ask(world, guess(), 'GET', '/v1/webhooks', undefined, from('192.0.2.3'))).status).toBe(401);
  });

  it('of others behind the same address keep out nobody whose key is valid', async () => {
    const [key, unseen] = [await world.key('viewer'), await world.key('viewer')];
    const read = (each: string) => ask(world, each, 'GET', '/v1/webhooks', undefined, from('192.0.2.4'));
    expect((await read(key)).status).toBe(200);
    await burst(100, () => read(guess()));
    expect((await read(key)).status).toBe(200);
    // One that was never used here: as soon as not too many others are looked up.
    await eventually(async () => (await read(unseen)).status === 200);
    const session = await ask(world, 'x', 'POST', '/console/session', { key }, from('192.0.2.4'));
    expect(session.status).toBe(200);
  });

  it('of a key that was revoked count too', async () => {
    const key = await world.key('viewer');
    expect((await ask(world, key, 'GET', '/v1/webhooks', undefined, from('192.0.2.5'))).status).toBe(200);
    await world.db.updateTable('api_keys').set({ revoked_at: new Date() }).where('last_four', '=', key.slice(-4)).execute();
    await eventually(async () => (await ask(world, key, 'GET', '/v1/webhooks', undefined, from('192.0.2.5'))).status === 401, {
      timeoutMs: 7_000,
    });
    await eventually(async () => (await ask(world, key, 'GET', '/v1/webhooks', undefined, from('192.0.2.5'))).status === 429);
  });

  it('without a word of a proxy count for who connects, whatever a client says of itself', async () => {
    const plain = await createApiWorld(null, { rateLimits: { managementRequestsPerS: 0, publishEventsPerS: 0 } });
    const counts = await burst(30, (index) => ask(plain, guess(), 'GET', '/v1/webhooks', undefined, from(`198.51.100.${index}`)));
    expect(counts).toEqual({ 401: limits.failedSignInsMax, 429: 30 - limits.failedSignInsMax });
    await plain.close();
  });
});
