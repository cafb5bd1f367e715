import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSecretBox, loadTenantWebhooks } from '@posthorn/db';
import { eventually } from '@posthorn/testkit';
import { type ApiWorld, type Call, createApiWorld, encryptionKey } from '../../tests/api-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const url = 'http://127.0.0.1:9/hook';
const create = async (body: Record<string, unknown> = {}): Promise<string> =>
  (await world.call('POST', '/v1/webhooks', { body: { url, ...body } })).body.id;
const change = (id: string, body: unknown, call: Call = {}) => world.call('PATCH', `/v1/webhooks/${id}`, { body, ...call });
const read = (id: string, key?: string) => world.call('GET', `/v1/webhooks/${id}`, key === undefined ? {} : { key });
const rows = async (text: string, ...values: unknown[]) => (await world.pool.query(text, values)).rows;
const state = async (id: string) => (await rows('select * from webhook_state where webhook_id = $1', id))[0];
const setState = (id: string, set: string) => rows(`update webhook_state set ${set} where webhook_id = $1`, id);
const versions = (id: string) =>
  rows('select version, snapshot, changes, changed_by from webhook_versions where webhook_id = $1 order by 1', id);
const tenantVersion = async (tenant: string): Promise<number> =>
  (await rows('select webhooks_version as v from tenants where id = $1', await world.tenantId(tenant)))[0].v;
const timeline = async (id: string) =>
  (await rows('select kind from webhook_timeline where webhook_id = $1 order by at', id)).map((each) => each.kind);
const loaded = async (tenant: string) => {
  const defaults = { timeoutMs: 1, maxInFlight: 1, circuitThreshold: 1, retryScheduleS: [] };
  const { webhooks } = await loadTenantWebhooks(world.pool, await world.tenantId(tenant), createSecretBox(encryptionKey), defaults);
  return webhooks[0] === undefined ? undefined : { ...webhooks[0], ...webhooks[0].sender() };
};

describe('a change', () => {
  it('replaces the named fields whole, merges notification, metadata and headers, and leaves the rest', async () => {
    const first = {
      name: 'a',
      description: 'stays',
      event_types: ['a', 'b'],
      context: { a: '1', b: '2' },
      filter: { data: { a: 1, b: 2 } },
      retry_schedule_s: [1, 2],
      notification: { email: 'a@example.com', success: true, fail: false },
      metadata: { a: 1, b: { c: 2 }, d: 3 },
      headers: { 'x-a': '1', 'X-b': '2', 'x-c': '3' },
    };
    const id = await create(first);
    const before = (await read(id)).body;
    const answer = await change(id, {
      name: null,
      event_types: ['c'],
      context: { b: '3' },
      filter: { data: { b: 3 } },
      retry_schedule_s: null,
      notification: { success: null, fail: true },
      metadata: { b: { e: 1 }, d: null, f: 5 },
      headers: { 'X-A': '<hidden>', 'x-B': 'new', 'x-c': null, 'x-d': '4' },
    });
    const expected = {
      ...before,
      name: null,
      event_types: ['c'],
      context: { b: '3' },
      filter: { data: { b: 3 } },
      retry_schedule_s: null,
      notification: { email: 'a@example.com', success: false, fail: true },
      metadata: { a: 1, b: { e: 1 }, f: 5 },
      headers: { 'X-A': '<hidden>', 'x-B': '<hidden>', 'x-d': '<hidden>' },
      version: 2,
      updated_at: expect.not.stringMatching(before.updated_at),
    };
    expect(answer).toMatchObject({ status: 200, headers: { etag: '"2"' } });
    expect(answer.body).toEqual(expected);
    expect((await read(id)).body).toEqual(answer.body);
  });

  it('is one version: its snapshot, what is different, and who did it, without secret values', async () => {
    const id = await create({
      tenant: 'versions',
      headers: { 'x-a': 'FIRST-VALUE' },
      authentication: { type: 'bearer', token: 'FIRST-TOKEN' },
    });
    const before = await tenantVersion('versions');
    const channel = await world.key('channel', 'versions');
    const body = { name: 'b', headers: { 'x-a': 'NEXT-VALUE' }, authentication: { type: 'bearer', token: 'NEXT-TOKEN' } };
    const answer = await change(id, body, { key: channel });
    expect(answer.status).toBe(200);
    const [, next] = await versions(id);
    const hidden = { type: 'bearer', token: '<hidden>' };
    expect(next).toEqual({
      version: 2,
      snapshot: expect.objectContaining({ version: 2, name: 'b', header_names: ['x-a'], authentication: hidden }),
      changes: {
        name: { from: null, to: 'b' },
        headers: { from: { 'x-a': '<hidden>' }, to: { 'x-a': '<hidden>' } },
        authentication: { from: hidden, to: hidden },
      },
      changed_by: 'channel',
    });
    expect(await tenantVersion('versions')).toBe(before + 1);
    expect(answer.text + JSON.stringify(await versions(id))).not.toMatch(/FIRST-|NEXT-/);
    expect(await loaded('versions')).toMatchObject({
      version: 2,
      headers: { 'x-a': 'NEXT-VALUE' },
      authentication: ['authorization', 'Bearer NEXT-TOKEN'],
    });
  });

  it('that changes nothing makes no version, and wakes nobody', async () => {
    const body = {
      tenant: 'same',
      name: 'n',
      filter: { data: { b: 1, a: [1] } },
      headers: { 'x-a': 'v' },
      authentication: { type: 'basic', username: 'u', password: 'p' },
    };
    const id = await create(body);
    const [before, version] = [(await read(id)).body, await tenantVersion('same')];
    const { tenant: _, ...same } = body;
    for (const again of [
      {},
      same,
      { url: 'http://127.0.0.1:9/hook#part', filter: { data: { a: [1], b: 1 } } },
      { headers: { 'X-A': null, 'x-a': '<hidden>' } },
    ]) {
      const answer = await change(id, again);
      expect([answer.status, answer.body]).toEqual([200, before]);
    }
    const hidden = { headers: { 'x-a': '<hidden>' }, authentication: { type: 'basic', username: '<hidden>', password: '<hidden>' } };
    expect((await change(id, hidden)).body).toEqual(before);
    expect([(await versions(id)).length, await tenantVersion('same')]).toEqual([1, version]);
  });

  it('keeps what is written as hidden beside what is new, and forgets what is taken away', async () => {
    const id = await create({ tenant: 'hidden', authentication: { type: 'basic', username: 'u', password: 'p' }, headers: { 'x-a': 'v' } });
    await change(id, { authentication: { type: 'basic', username: '<hidden>', password: 'q' } });
    expect((await loaded('hidden'))?.authentication).toEqual(['authorization', `Basic ${Buffer.from('u:q').toString('base64')}`]);
    expect(await change(id, { authentication: { type: 'bearer', token: '<hidden>' } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/authentication/token' }] },
    });
    await change(id, { authentication: { type: 'none' }, headers: { 'x-a': null } });
    expect(await loaded('hidden')).toMatchObject({ authentication: null, headers: null });
    expect((await rows('select purpose from webhook_secrets where webhook_id = $1', id)).map((each) => each.purpose)).toEqual(['signing']);
  });

  it('is judged by what it makes of the webhook, not by itself', async () => {
    const id = await create({ include_resources: ['a'], headers: { 'x-api-key': 'a' }, metadata: Object.fromEntries(many('m', 64)) });
    const wrong: readonly [unknown, string][] = [
      [{ payload_format: 'data' }, '/payload_format'],
      [{ authentication: { type: 'api_key', value: 'b' } }, '/headers/x-api-key'],
      [{ headers: Object.fromEntries(many('h', 20)) }, '/headers'],
      [{ metadata: { one: 1 } }, '/metadata'],
    ];
    for (const [body, pointer] of wrong) expect(await change(id, body)).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
    expect((await change(id, { payload_format: 'data', include_resources: [] })).status).toBe(200);
  });

  it('to a name that another webhook of the tenant has conflicts, and changes nothing', async () => {
    await create({ tenant: 'names', code: 'taken' });
    const id = await create({ tenant: 'names' });
    expect(await change(id, { code: 'taken', description: 'x' })).toMatchObject({
      status: 409,
      body: { code: 'conflict', errors: [{ pointer: '/code' }] },
    });
    expect((await read(id)).body).toMatchObject({ description: null, version: 1 });
  });

  it('of two at once, both count', async () => {
    const id = await create({ metadata: {} });
    const names = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(names.map((name) => change(id, { metadata: { [name]: 1 } })));
    expect((await read(id)).body).toMatchObject({ version: 6, metadata: Object.fromEntries(names.map((name) => [name, 1])) });
  });

  it('under an ETag that is not that of now is refused', async () => {
    const id = await create();
    const with_ = (tag: string, body: unknown = { name: 'x' }) => change(id, body, { headers: { 'if-match': tag } });
    for (const tag of ['"2"', 'W/"1"', '1', '"1x"', ''])
      expect(await with_(tag)).toMatchObject({ status: 412, body: { code: 'precondition_failed' } });
    expect((await read(id)).body.version).toBe(1);
    expect(await with_('"7", "1"')).toMatchObject({ status: 200, headers: { etag: '"2"' } });
    expect((await with_('*', { name: 'y' })).status).toBe(200);
    expect((await world.call('DELETE', `/v1/webhooks/${id}`, { headers: { 'if-match': '"2"' } })).status).toBe(412);
  });
});

const many = (prefix: string, count: number): [string, string][] => Array.from({ length: count }, (_, index) => [`${prefix}${index}`, 'v']);

describe('who may change', () => {
  it('is an admin, and a channel what is its own but the circuit', async () => {
    const id = await create({ tenant: 'roles', circuit_threshold: 7 });
    for (const role of ['operator', 'viewer', 'publisher'] as const) {
      const key = await world.key(role);
      expect(await change(id, { name: 'x' }, { key })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      expect(await world.call('DELETE', `/v1/webhooks/${id}`, { key })).toMatchObject({ status: 403 });
    }
    const own = await world.key('channel', 'roles');
    for (const body of [{ circuit_threshold: 8, name: 'x' }, { circuit_threshold: null }, { circuit_recovery: 'manual' }])
      expect(await change(id, body, { key: own })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await read(id)).body).toMatchObject({ version: 1, circuit_threshold: 7 });
    expect((await change(id, { name: 'x', circuit_threshold: 7 }, { key: own })).body).toMatchObject({ name: 'x', version: 2 });
    const strangers = [await world.key('channel', 'others'), await world.key('admin', undefined, await world.environment('test'))];
    for (const key of strangers) {
      expect((await change(id, { name: 'y' }, { key })).status).toBe(404);
      expect((await world.call('DELETE', `/v1/webhooks/${id}`, { key })).status).toBe(404);
    }
    expect((await change('nothing', {})).status).toBe(404);
    expect((await read(id)).body).toMatchObject({ name: 'x', version: 2 });
  });
});

describe('what follows from a change', () => {
  it('stands in the state', async () => {
    const id = await create();
    const { changed_at } = await state(id);
    await change(id, { timeout_ms: 30_000, rate_limit: { max: 5, per_seconds: 60 }, circuit_recovery: 'manual' });
    const now = await state(id);
    expect(now).toMatchObject({ chunk_lease_s: 50, rate_max: 5, rate_per_s: 60, manual: true });
    expect(now.changed_at.getTime()).toBeGreaterThan(changed_at.getTime());
    await change(id, { timeout_ms: null, rate_limit: null, circuit_recovery: null });
    expect(await state(id)).toMatchObject({ chunk_lease_s: 35, rate_max: null, rate_per_s: null, manual: false });
  });

  it('is that a full rate limit of before holds nothing back, but a chunk that is out does', async () => {
    const full = `due_at = now(), not_before = now() + interval '1 h', rate_times = array[now()], rate_counts = array[1]`;
    const [held, out] = [
      await create({ rate_limit: { max: 1, per_seconds: 3_600 } }),
      await create({ rate_limit: { max: 1, per_seconds: 3_600 } }),
    ];
    await setState(held, full);
    await setState(out, `${full}, out_until = now() + interval '1 h'`);
    const isDue = async (id: string) => (await rows('select wake_at <= now() as due from webhook_state where webhook_id = $1', id))[0].due;
    await change(held, { name: 'x' });
    expect(await isDue(held)).toBe(false);
    for (const id of [held, out]) await change(id, { rate_limit: { max: 9, per_seconds: 3_600 } });
    expect([await isDue(held), await isDue(out)]).toEqual([true, false]);
  });

  it('is that an open circuit which waited for a person begins its 120 h, and says when it is probed', async () => {
    const id = await create({ circuit_recovery: 'manual' });
    await setState(
      id,
      `circuit = 1, circuit_opened_at = now(), no_success_since = now() - interval '200 h', not_before = now() + interval '10 min'`,
    );
    await change(id, { circuit_recovery: 'automatic' });
    const { no_success_since, circuit_retry_at, not_before } = await state(id);
    expect(Date.now() - no_success_since.getTime()).toBeLessThan(60_000);
    expect(circuit_retry_at).toEqual(not_before);
    await change(id, { circuit_recovery: 'manual' });
    expect((await read(id)).body).toMatchObject({ circuit_state: 'open', circuit_retry_at: null });
  });

  it.each<[string, Record<string, unknown>, boolean]>([
    ['a new URL', { url: 'http://127.0.0.1:9/other' }, true],
    ['new authentication', { authentication: { type: 'bearer', token: 't' } }, true],
    ['the same URL', { url, name: 'x' }, false],
    ['a new name', { name: 'y' }, false],
  ])('is a probe of an open circuit with %s', async (_, body, isProbed) => {
    const id = await create();
    await setState(id, `circuit = 1, circuit_failure_count = 10, circuit_opened_at = now(), not_before = now() + interval '1 h'`);
    await change(id, body);
    expect(await timeline(id)).toEqual(isProbed ? ['probe_due'] : []);
    expect((await read(id)).body).toMatchObject({ circuit_state: 'open', circuit_failure_count: 10 });
  });

  it('is switching on and off by is_active, which is no version', async () => {
    const id = await create();
    for (const [is_active, status] of [
      [false, 'disabled'],
      [false, 'disabled'],
      [true, 'active'],
      [true, 'active'],
    ] as const)
      expect((await change(id, { is_active })).body).toMatchObject({ is_active, status, version: 1 });
    expect(await timeline(id)).toEqual(['disabled', 'enabled']);
    const audited = await rows('select action from audit_log where subject_id::text = $1 order by at', id);
    expect(audited.map((each) => each.action)).toEqual(['webhook.created', 'webhook.disabled', 'webhook.enabled']);
    expect((await change(id, { is_active: false, name: 'off' })).body).toMatchObject({
      version: 2,
      name: 'off',
      disabled_reason: 'by_hand',
    });
  });
});

describe('deleting', () => {
  it('is answered with 204, then with 404 by every route; its name is free and its secrets are gone', async () => {
    const id = await create({ tenant: 'deleted', name: 'free', authentication: { type: 'bearer', token: 't' } });
    const version = await tenantVersion('deleted');
    const answer = await world.call('DELETE', `/v1/webhooks/${id}`);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await world.call('DELETE', `/v1/webhooks/${id}`)).status).toBe(404);
    for (const part of ['', '/secret', '/stats', '/attempts', '/timeline'])
      expect((await world.call('GET', `/v1/webhooks/${id}${part}`)).status).toBe(404);
    for (const part of ['enable', 'disable', 'pause', 'resume', 'reset-circuit', 'test'])
      expect((await world.call('POST', `/v1/webhooks/${id}/${part}`)).status).toBe(404);
    expect((await change(id, { name: 'x' })).status).toBe(404);
    expect(await rows('select 1 from webhook_secrets where webhook_id = $1', id)).toEqual([]);
    expect((await rows('select action from audit_log where subject_id::text = $1 order by at', id)).map((each) => each.action)).toEqual([
      'webhook.created',
      'webhook.deleted',
    ]);
    expect(await tenantVersion('deleted')).toBe(version + 1);
    expect(await create({ tenant: 'deleted', name: 'free' })).toEqual(expect.any(String));
  });

  it('while it is being changed waits for the change and leaves no secret behind', async () => {
    for (let i = 0; i < 8; i++) {
      const id = await create();
      const path = `/v1/webhooks/${id}`;
      // As an owner does: a change that waited for the lock so long that it was refused is made again.
      const changes = ['a', 'b'].map((token) =>
        eventually(async () => {
          const answer = await change(id, { authentication: { type: 'bearer', token } });
          return answer.status !== 503 && answer;
        }),
      );
      const [deleted, ...changed] = await Promise.all([world.call('DELETE', path), ...changes]);
      expect(deleted.status).toBe(204);
      for (const { status } of changed) expect([200, 404]).toContain(status);
      expect(await rows('select 1 from webhook_secrets where webhook_id = $1', id)).toEqual([]);
    }
  });
});
