import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isSecret } from '@posthorn/core';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const url = 'http://127.0.0.1:9/hook';
const create = (body: Record<string, unknown> = {}, key?: string) =>
  world.call('POST', '/v1/webhooks', { body: { url, ...body }, ...(key !== undefined && { key }) });
const get = (path: string, key?: string) => world.call('GET', path, key === undefined ? {} : { key });

describe('making a webhook', () => {
  it('answers with the whole object, its secret and its place, and reads back the same without the secret', async () => {
    const body = {
      tenant: 'acme',
      name: 'Work orders',
      code: 'wo',
      event_types: ['order.*'],
      timeout_ms: 2_000,
      metadata: { a: { b: [1, null] } },
    };
    const made = await create(body);
    expect(made).toMatchObject({ status: 201, headers: { location: `/v1/webhooks/${made.body.id}` }, body: { ...body, url } });
    const { secret, ...shown } = made.body;
    expect(isSecret(secret)).toBe(true);
    expect(shown).toMatchObject({
      mode: 'test',
      status: 'active',
      is_active: true,
      circuit_state: 'closed',
      max_in_flight: null,
      authentication: { type: 'none' },
      version: 1,
      statistics: { succeeded: 0, pending: 0, held: 0, attempts: 0, last_attempt_at: null },
    });
    const read = await get(`/v1/webhooks/${made.body.id}`);
    expect([read.status, read.body]).toEqual([200, shown]);
    expect(read.text).not.toContain(secret);
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    ['no URL', { url: undefined }, 'missing_field', '/url'],
    ['an unknown field', { colour: 1 }, 'unknown_field', '/colour'],
    ['a number as name', { name: 7 }, 'invalid_field', '/name'],
    ['a code with capitals', { code: 'WO' }, 'invalid_field', '/code'],
    ['a pattern that is none', { event_types: ['ok', 'or der'] }, 'invalid_field', '/event_types/1'],
    ['a short secret', { secret: 'short' }, 'invalid_field', '/secret'],
    ['a public key', { secret: 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=' }, 'invalid_field', '/secret'],
    ['a tenant with a blank', { tenant: 'a b' }, 'invalid_field', '/tenant'],
    ['a timeout beyond its bound', { timeout_ms: 30_001 }, 'invalid_field', '/timeout_ms'],
    ['a zero byte in its name', { name: 'a\u0000b' }, 'invalid_field', '/name'],
    ['half a character in its description', { description: 'a\ud800' }, 'invalid_field', '/description'],
    ['a zero byte in its reference', { reference: '\u0000' }, 'invalid_field', '/reference'],
    ['a zero byte deep in its metadata', { metadata: { a: [{ b: '\u0000' }] } }, 'invalid_field', '/metadata'],
    ['half a character in a key of its metadata', { metadata: { a: { '\udc00': 1 } } }, 'invalid_field', '/metadata'],
  ])('with %s is refused, and says where', async (_, body, code, pointer) => {
    const answer = await create(body);
    expect(answer).toMatchObject({ status: 422, body: { code } });
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ pointer }));
  });

  it('with metadata nested beyond all measure is refused', async () => {
    const body = `{"url":"${url}","metadata":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`;
    expect(await world.call('POST', '/v1/webhooks', { body })).toMatchObject({ status: 422, body: { code: 'nesting_too_deep' } });
  });

  it('takes every other character', async () => {
    const name = '\\u0000 \u{1F4EF}\té\\';
    const metadata = { '\\ud800': ['\\u0000', '\u{10FFFF}'] };
    const { body } = await create({ name, metadata });
    expect((await get(`/v1/webhooks/${body.id}`)).body).toMatchObject({ name, metadata });
  });

  it('at an address that is not allowed names the rule', async () => {
    for (const blocked of ['http://169.254.169.254/', 'http://10.0.0.1/'])
      expect(await create({ url: blocked })).toMatchObject({
        status: 422,
        body: { code: 'blocked_address', errors: [{ pointer: '/url' }] },
      });
    expect(await create({ url: 'ftp://x/' })).toMatchObject({
      status: 422,
      body: { code: 'invalid_field', errors: [{ pointer: '/url' }] },
    });
  });

  it('over plain http is for test environments alone', async () => {
    const live = await world.key('admin', undefined, await world.environment('live'));
    expect(await create({}, live)).toMatchObject({
      status: 422,
      body: { code: 'invalid_field', errors: [{ pointer: '/url', code: 'scheme' }] },
    });
    expect(await create({ url: 'https://example.com/' }, live)).toMatchObject({ status: 201, body: { mode: 'live' } });
  });

  it('under a name or code that its tenant has already conflicts; another tenant may have it', async () => {
    for (const field of ['name', 'code']) {
      const body = { tenant: 'twice', [field]: 'same' };
      expect((await create(body)).status).toBe(201);
      expect(await create(body)).toMatchObject({ status: 409, body: { code: 'conflict', errors: [{ pointer: `/${field}` }] } });
      expect((await create({ ...body, tenant: 'elsewhere' })).status).toBe(201);
    }
  });
});

describe('listing webhooks', () => {
  it('goes through all of them, newest first, page by page', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await create({ tenant: 'pages' })).body.id);
    const seen: string[][] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await get(`/v1/webhooks?tenant=pages&limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(body.data.map((each: { id: string }) => each.id));
      cursor = body.next_cursor;
    }
    expect(seen).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)].map((page) => [...page]));
    const first = await get('/v1/webhooks?tenant=pages&limit=2');
    for (const path of ['/v1/webhooks?tenant=acme', '/v1/webhooks?limit=2', '/v1/deliveries?limit=2'])
      expect(await get(`${path}&cursor=${first.body.next_cursor}`)).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
    expect((await get('/v1/webhooks?tenant=nobody')).body).toEqual({ data: [], next_cursor: null });
  });

  it.each(['limit=0', 'limit=201', 'limit=1.5', 'limit=x', 'limit=', 'limit=1&limit=2', 'colour=1'])('refuses ?%s', async (query) => {
    expect(await get(`/v1/webhooks?${query}`)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  it('of a tenant whose name cannot be one is refused', async () => {
    for (const tenant of ['%00', '%F0%9F%93%AF', 'a%20b'])
      expect(await get(`/v1/webhooks?tenant=${tenant}`)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });
});

describe('a key that is bound to a tenant', () => {
  it('makes and sees its own webhooks; those of others are not there', async () => {
    const channel = await world.key('channel', 'mine');
    const mine = (await create({}, channel)).body;
    const theirs = (await create({ tenant: 'theirs' })).body;
    expect(mine.tenant).toBe('mine');
    expect(await create({ tenant: 'theirs' }, channel)).toMatchObject({ status: 403, body: { code: 'tenant_forbidden' } });
    for (const part of ['', '/secret', '/stats', '/attempts']) {
      expect((await get(`/v1/webhooks/${mine.id}${part}`, channel)).status).toBe(200);
      expect(await get(`/v1/webhooks/${theirs.id}${part}`, channel)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    expect((await get('/v1/webhooks', channel)).body.data.map((each: { id: string }) => each.id)).toEqual([mine.id]);
    expect((await get('/v1/webhooks?tenant=theirs', channel)).body.data).toEqual([]);
  });

  it('of another environment sees nothing, be it an admin', async () => {
    const made = (await create()).body;
    const stranger = await world.key('admin', undefined, await world.environment('test'));
    for (const part of ['', '/secret', '/stats', '/attempts'])
      expect((await get(`/v1/webhooks/${made.id}${part}`, stranger)).status).toBe(404);
    expect((await get('/v1/webhooks', stranger)).body.data).toEqual([]);
  });
});

describe('a secret', () => {
  const audit = async (id: string) => {
    const { rows } = await world.pool.query('select actor, action, subject_kind from audit_log where subject_id::text = $1 order by at', [
      id,
    ]);
    return rows;
  };

  it('is given to those who may have it, and every time is written down', async () => {
    const given = 'my-own-secret-0123456789';
    const { id, secret } = (await create({ secret: given })).body;
    expect(secret).toBe(given);
    expect((await get(`/v1/webhooks/${id}/secret`)).body).toEqual({ secret: given, previous: [] });
    await get(`/v1/webhooks/${id}/secret`);
    expect(await audit(id)).toEqual(
      ['created', 'secret_read', 'secret_read'].map((what) => ({ actor: 'admin', action: `webhook.${what}`, subject_kind: 'webhook' })),
    );
    const { rows } = await world.pool.query(`select ciphertext from webhook_secrets where webhook_id = $1`, [id]);
    expect(rows[0].ciphertext.includes(Buffer.from(given))).toBe(false);
  });

  it('is refused to others, and that is no reading', async () => {
    const { id } = (await create()).body;
    for (const role of ['operator', 'viewer', 'publisher'] as const)
      expect((await get(`/v1/webhooks/${id}/secret`, await world.key(role))).status).toBe(403);
    expect(await audit(id)).toEqual([{ actor: 'admin', action: 'webhook.created', subject_kind: 'webhook' }]);
  });
});

describe('statistics', () => {
  it('are buckets of the asked interval, and a lifetime', async () => {
    const { id } = (await create()).body;
    const place = [world.environmentId, await world.tenantId('default'), id];
    const day = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
    for (const at of [`${day}T10:00Z`, `${day}T10:59Z`, `${day}T11:00Z`])
      await world.pool.query(
        `insert into webhook_stats (environment_id, tenant_id, webhook_id, span, at, event_type, slot, created, succeeded, attempts, attempts_ok, ms_2, duration_ms_sum)
         values ($1, $2, $3, 0, $4, 'a', 0, 3, 2, 4, 2, 4, 8)`,
        [...place, at],
      );
    const { body } = await get(`/v1/webhooks/${id}/stats?from=${day}T00:00:00Z&to=${day}T11:00:00Z&interval=hour`);
    const bucket = { attempts: 8, attempts_ok: 4, created: 6, succeeded: 4, failed: 0, retries: 0, duration_ms_sum: 16 };
    expect(body.data).toEqual([expect.objectContaining({ at: `${day}T10:00:00.000Z`, ...bucket })]);
    expect(body.data[0].latency.slice(0, 3)).toEqual([0, 8, 0]);
    expect(body.lifetime).toMatchObject({ succeeded: 6, pending: 3, held: 0, attempts: 12 });
    expect(body).toMatchObject({ webhook_id: id, interval: 'hour', from: `${day}T00:00:00.000Z`, to: `${day}T11:00:00.000Z` });
    expect((await get(`/v1/webhooks/${id}/stats`)).body).toMatchObject({ interval: 'hour', data: [] });
    await world.pool.query('update webhook_state set paused_at = now() where webhook_id = $1', [id]);
    expect((await get(`/v1/webhooks/${id}`)).body).toMatchObject({ status: 'paused', statistics: { pending: 0, held: 3 } });
  });

  it.each(['interval=week', 'from=yesterday', 'from=2025', 'to=2025-02-30T00:00:00Z', 'to=1', 'colour=1'])('refuse ?%s', async (query) => {
    const { id } = (await create()).body;
    expect(await get(`/v1/webhooks/${id}/stats?${query}`)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });
});
