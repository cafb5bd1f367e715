import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newApiKey } from '@posthorn/core';
import { eventually } from '@posthorn/testkit';
import fc from 'fast-check';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { lastBefore } from '../../tests/last-before.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const create = (body: unknown, key = world.admin) => world.call('POST', '/v1/api-keys', { body, key });
const list = async (query = '', key = world.admin) => (await world.call('GET', `/v1/api-keys${query}`, { key })).body;
const idsOf = async (query: string) => (await list(query)).data.map((each: { id: string }) => each.id);
const read = (id: string, key = world.admin) => world.call('GET', `/v1/api-keys/${id}`, { key });
const revoke = (id: string, key = world.admin) => world.call('DELETE', `/v1/api-keys/${id}`, { key });

describe('a key', () => {
  it('is made for a role, shown once, and works', async () => {
    const made = await create({ role: 'viewer', name: 'Dashboard' });
    expect([made.status, made.headers.location]).toEqual([201, `/v1/api-keys/${made.body.id}`]);
    const { key, ...shown } = made.body;
    expect(key).toMatch(/^ph_test_[0-9A-Za-z]+_[0-9A-Za-z]+$/);
    expect(shown).toEqual({
      id: expect.any(String),
      name: 'Dashboard',
      role: 'viewer',
      tenant: null,
      key_hint: `${key.split('_').slice(0, 3).join('_')}_…${key.slice(-4)}`,
      created_at: expect.any(String),
      created_by: expect.any(String),
      expires_at: null,
      revoked_at: null,
      last_used_at: null,
    });
    expect((await read(shown.id)).body).toEqual(shown);
    expect((await world.call('GET', '/v1/webhooks', { key })).status).toBe(200);
    expect((await world.call('GET', '/v1/api-keys', { key })).status).toBe(403);
    const { body } = await world.call('GET', `/v1/audit?subject_id=${shown.id}`);
    expect(body.data).toEqual([expect.objectContaining({ action: 'api_key.created', details: { role: 'viewer', name: 'Dashboard' } })]);
    expect(JSON.stringify(body)).not.toContain(key.slice(-10));
  });

  it('may be bound to a tenant, which is made if it is new', async () => {
    const { body } = await create({ role: 'channel', tenant: 'sold' });
    expect(body).toMatchObject({ role: 'channel', tenant: 'sold' });
    expect((await world.call('GET', '/v1/tenants/sold')).status).toBe(200);
    const made = await world.call('POST', '/v1/webhooks', { key: body.key, body: { url: 'http://127.0.0.1:9/' } });
    expect(made.body.tenant).toBe('sold');
    expect((await create({ role: 'admin', tenant: 'sold' })).status).toBe(201);
  });

  it.each([
    [{}, 'missing_field', '/role'],
    [{ role: 'owner' }, 'invalid_field', '/role'],
    [{ role: 'channel' }, 'missing_field', '/tenant'],
    [{ role: 'channel', tenant: null }, 'missing_field', '/tenant'],
    [{ role: 'viewer', tenant: 'a b' }, 'invalid_field', '/tenant'],
    [{ role: 'viewer', name: 'a\nb' }, 'invalid_field', '/name'],
    [{ role: 'viewer', key: 'ph_test_mine' }, 'unknown_field', '/key'],
    [{ role: 'viewer', expires_at: 'tomorrow' }, 'invalid_field', '/expires_at'],
    [{ role: 'viewer', expires_at: 1 }, 'invalid_field', '/expires_at'],
    [{ role: 'viewer', expires_at: '2020-01-01T00:00:00Z' }, 'invalid_field', '/expires_at'],
  ])('is not made of %j', async (body, code, pointer) => {
    const before = await world.pool.query('select count(*)::int as n from api_keys');
    const answer = await create(body);
    expect(answer).toMatchObject({ status: 422, body: { code, errors: [{ pointer }] } });
    expect((await world.pool.query('select count(*)::int as n from api_keys')).rows).toEqual(before.rows);
  });

  it('of another environment, or none, is not found', async () => {
    const elsewhere = await world.key('admin', undefined, await world.environment('live'));
    const { id } = (await create({ role: 'viewer' })).body;
    expect([(await read(id, elsewhere)).status, (await revoke(id, elsewhere)).status]).toEqual([404, 404]);
    expect((await list('', elsewhere)).data).toHaveLength(1);
    for (const none of ['x', world.newId()]) expect([(await read(none)).status, (await revoke(none)).status]).toEqual([404, 404]);
    expect((await read(id)).body.revoked_at).toBeNull();
    expect((await create({ role: 'viewer' }, elsewhere)).body.key_hint).toMatch(/^ph_live_/);
  });

  it('ends at its time, also in a process that knows it', async () => {
    const livesMs = 5_000;
    const { body } = await create({ role: 'viewer', expires_at: new Date(Date.now() + livesMs).toISOString() });
    const endsAt = performance.now() + livesMs;
    const ask = () => world.call('GET', '/v1/webhooks', { key: body.key });
    expect((await ask()).status).toBe(200);
    expect(await lastBefore(401, ask)).toBeLessThan(endsAt);
    // The list asks Postgres, whose clock an API knows to a few milliseconds.
    await eventually(async () => (await idsOf('?is_active=false')).includes(body.id));
  });

  it('that is revoked ends within 5 s, and stays in the list', async () => {
    const { body } = await create({ role: 'viewer' });
    const ask = () => world.call('GET', '/v1/webhooks', { key: body.key });
    expect((await ask()).status).toBe(200);
    expect([(await revoke(body.id)).status, (await revoke(body.id)).status]).toEqual([204, 204]);
    const revokedAt = performance.now();
    const { revoked_at } = (await read(body.id)).body;
    expect(Date.parse(revoked_at)).toBeLessThanOrEqual(Date.now() + 1_000);
    expect(await lastBefore(401, ask)).toBeLessThan(revokedAt + 5_000);
    const { body: log } = await world.call('GET', `/v1/audit?subject_id=${body.id}&action=api_key.revoked`);
    expect(log.data).toHaveLength(1);
  });

  it('that is used says when, to about a minute', async () => {
    const { body } = await create({ role: 'viewer' });
    await world.call('GET', '/v1/webhooks', { key: body.key });
    await eventually(async () => (await read(body.id)).body.last_used_at !== null);
    const { last_used_at } = (await read(body.id)).body;
    await world.call('GET', '/v1/webhooks', { key: body.key });
    expect((await read(body.id)).body.last_used_at).toBe(last_used_at);
  });

  it('is never in a list, nor what makes it one', async () => {
    const names = fc.string({ maxLength: 20 }).map((text) => `k${text.replace(/[\p{Cc}\p{Cs}]/gu, '')}`);
    const role = fc.constantFrom('admin', 'operator', 'publisher', 'viewer');
    await fc.assert(
      fc.asyncProperty(role, names, async (ofRole, name) => {
        const { key, id } = (await create({ role: ofRole, name })).body;
        const secret = key.split('_')[3];
        const shown = [await list(), (await read(id)).body, (await world.call('GET', '/v1/audit')).body]
          .map((each) => JSON.stringify(each))
          .join();
        expect(shown).toContain(id);
        // Four characters of it are shown, and no more.
        for (let at = 0; at + 8 <= secret.length; at += 4) expect(shown).not.toContain(secret.slice(at, at + 8));
        expect(shown).not.toMatch(/hash/);
      }),
      { numRuns: 10 },
    );
  });

  it('is in the database as its SHA-256 alone', async () => {
    const { key, id } = (await create({ role: 'viewer', name: 'at rest' })).body;
    const { rows } = await world.pool.query('select key_hash, last_four, k::text as row from api_keys k where id = $1', [id]);
    expect(rows[0].key_hash).toEqual(createHash('sha256').update(key).digest());
    expect(rows[0].last_four).toBe(key.slice(-4));
    const { rows: log } = await world.pool.query('select a::text as row from audit_log a where subject_id = $1', [id]);
    expect(log).toHaveLength(1);
    const [, , , secret] = key.split('_');
    for (const { row } of [...rows, ...log]) for (const part of [key, secret, secret.slice(0, 8)]) expect(row).not.toContain(part);
  });

  it('with a slip in any one character is none', async () => {
    const { key } = (await create({ role: 'viewer' })).body;
    for (let at = 0; at < key.length; at += 3) {
      const other = key.slice(0, at) + (key[at] === 'x' ? 'y' : 'x') + key.slice(at + 1);
      expect([other, (await world.call('GET', '/v1/webhooks', { key: other })).status]).toEqual([other, 401]);
    }
    expect((await world.call('GET', '/v1/webhooks', { key })).status).toBe(200);
  });

  it('is listed by role, tenant and whether it works, in pages', async () => {
    const [one, two, three] = [
      (await create({ role: 'publisher', tenant: 'listed' })).body.id,
      (await create({ role: 'viewer', tenant: 'listed' })).body.id,
      (await create({ role: 'publisher', tenant: 'listed' })).body.id,
    ];
    await revoke(one);
    expect(await idsOf('?tenant=listed')).toEqual([three, two, one]);
    expect(await idsOf('?tenant=listed&role=publisher')).toEqual([three, one]);
    expect(await idsOf('?tenant=listed&is_active=true')).toEqual([three, two]);
    expect(await idsOf('?tenant=listed&is_active=false')).toEqual([one]);
    expect(await idsOf('?tenant=nobody')).toEqual([]);
    const first = await list('?tenant=listed&limit=2');
    expect(await idsOf(`?tenant=listed&limit=2&cursor=${first.next_cursor}`)).toEqual([one]);
    for (const query of [`cursor=${first.next_cursor}`, 'role=owner', 'is_active=1', 'name=x', 'tenant=a%20b'])
      expect((await world.call('GET', `/v1/api-keys?${query}`)).status).toBe(400);
  });
});

describe('the last admin key', () => {
  const alone = async () => {
    const environmentId = await world.environment('test');
    const key = await world.key('admin', undefined, environmentId);
    const { id } = (await list('', key)).data[0];
    return { environmentId, key, id };
  };

  it('cannot be revoked while no other is valid', async () => {
    const { environmentId, key, id } = await alone();
    await world.key('admin', 'bound', environmentId);
    await world.key('operator', undefined, environmentId);
    const expired = (await create({ role: 'admin', expires_at: new Date(Date.now() + 60_000).toISOString() }, key)).body.id;
    await world.pool.query(`update api_keys set expires_at = now() - interval '1 s' where id = $1`, [expired]);
    expect(await revoke(id, key)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect((await read(id, key)).body.revoked_at).toBeNull();
    expect((await revoke(expired, key)).status).toBe(204);
    await create({ role: 'admin' }, key);
    expect((await revoke(id, key)).status).toBe(204);
  });

  it('stays when two revoke each other at once', async () => {
    for (let round = 0; round < 5; round++) {
      const { key, id } = await alone();
      const other = (await create({ role: 'admin' }, key)).body;
      const answers = await Promise.all([revoke(id, key), revoke(other.id, key)]);
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
    }
  });
});

it('keys that are guessed are no keys', async () => {
  const { key } = newApiKey('test', new Uint8Array(8), new Uint8Array(24));
  expect((await world.call('GET', '/v1/api-keys', { key })).status).toBe(401);
});
