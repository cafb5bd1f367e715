import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiWorld, type Call, createApiWorld } from '../../tests/api-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const url = 'http://127.0.0.1:9/hook';
const create = async (body: Record<string, unknown> = {}): Promise<string> =>
  (await world.call('POST', '/v1/webhooks', { body: { url, tenant: 'acme', ...body } })).body.id;
const change = (id: string, body: unknown) => world.call('PATCH', `/v1/webhooks/${id}`, { body });
const read = async (id: string) => (await world.call('GET', `/v1/webhooks/${id}`)).body;
const versions = (id: string, rest = '', call: Call = {}) => world.call('GET', `/v1/webhooks/${id}/versions${rest}`, call);
const restore = (id: string, version: number | string, body?: unknown, call: Call = {}) =>
  world.call('POST', `/v1/webhooks/${id}/versions/${version}/restore`, { ...(body !== undefined && { body }), ...call });
const rows = async (text: string, ...values: unknown[]) => (await world.pool.query(text, values)).rows;
/** A webhook but for what every new version changes. */
const restored = ({ version: _, updated_at: _updated, ...rest }: Record<string, unknown>) => rest;

const full = {
  name: 'first',
  code: 'first',
  description: 'as it was',
  event_types: ['a.*', 'b'],
  context: { a: '1' },
  project_flows: ['f'],
  filter: { data: { a: { $gt: 1 } } },
  include_resources: ['r'],
  signature_header: { name: 'x-signature', value: '{hex}' },
  circuit_threshold: 7,
  circuit_recovery: 'manual',
  retry_schedule_s: [1, 2],
  rate_limit: { max: 5, per_seconds: 1 },
  max_in_flight: 3,
  timeout_ms: 2_000,
  notification: { email: 'a@example.com', success: true, fail: false },
  reference: 'r',
  reference_origin: 'o',
  metadata: { a: { b: [1, null] }, none: null },
};

describe('the versions of a webhook', () => {
  it('are listed newest first, with who made them and what is different', async () => {
    const id = await create({ name: 'listed' });
    const channel = await world.key('channel', 'acme');
    await world.call('PATCH', `/v1/webhooks/${id}`, { body: { name: 'renamed', headers: { 'x-a': 'SECRET' } }, key: channel });
    await change(id, { headers: { 'x-a': null } });
    const { status, body, text } = await versions(id);
    expect(status).toBe(200);
    const who = { key_id: expect.any(String), role: 'admin' };
    const time = expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/);
    expect(body).toEqual({
      data: [
        { version: 3, changed_at: time, changed_by: who, changes: { headers: { from: { 'x-a': '<hidden>' }, to: {} } } },
        {
          version: 2,
          changed_at: time,
          changed_by: { ...who, role: 'channel' },
          changes: { name: { from: 'listed', to: 'renamed' }, headers: { from: {}, to: { 'x-a': '<hidden>' } } },
        },
        { version: 1, changed_at: time, changed_by: who, changes: {} },
      ],
      next_cursor: null,
    });
    expect(text).not.toContain('SECRET');
  });

  it('come page by page, and a cursor belongs to one webhook', async () => {
    const id = await create();
    for (const name of ['a', 'b', 'c', 'd']) await change(id, { description: name });
    const first = (await versions(id, '?limit=2')).body;
    expect(first.data.map((each: { version: number }) => each.version)).toEqual([5, 4]);
    await change(id, { description: 'e' });
    const second = (await versions(id, `?limit=2&cursor=${first.next_cursor}`)).body;
    expect(second.data.map((each: { version: number }) => each.version)).toEqual([3, 2]);
    expect((await versions(await create(), `?cursor=${first.next_cursor}`)).body.code).toBe('invalid_cursor');
    expect((await versions(id, '?since=1')).status).toBe(400);
  });

  it('show the whole configuration of then, secrets hidden, and nothing of the state', async () => {
    const id = await create({
      ...full,
      authentication: { type: 'basic', username: 'USER', password: 'PASS' },
      headers: { 'X-A': 'VALUE' },
    });
    const { body: changed } = await change(id, { name: 'second', code: 'second', filter: null });
    const first = await versions(id, '/1');
    const { webhook } = first.body;
    expect(webhook).toEqual({
      ...full,
      url,
      notification_type: 'rest',
      payload_format: 'envelope',
      authentication: { type: 'basic', username: '<hidden>', password: '<hidden>' },
      headers: { 'X-A': '<hidden>' },
    });
    const shown = (await versions(id, '/2')).body.webhook;
    expect(shown).toEqual(Object.fromEntries(Object.keys(shown).map((name) => [name, changed[name]])));
    expect(first.text).not.toMatch(/USER|PASS|VALUE/);
  });

  it.each(['0', '9', '01', '-1', '1.0', '1e0', 'x', '99999999999999999999'])('have none of number %s', async (version) => {
    const id = await create();
    expect((await versions(id, `/${version}`)).status).toBe(404);
    expect((await restore(id, version)).status).toBe(404);
  });
});

describe('restoring a version', () => {
  it('makes its configuration the next version, and leaves history and state as they are', async () => {
    const id = await create({ ...full, tenant: 'restored' });
    const before = await read(id);
    const merged = { email: null, success: false };
    await change(id, {
      name: 'second',
      code: null,
      context: {},
      filter: null,
      rate_limit: null,
      notification: merged,
      metadata: { none: 1, b: 2 },
    });
    await world.call('POST', `/v1/webhooks/${id}/pause`);
    const history = (await versions(id)).body.data;
    const { status, headers, body } = await restore(id, 1, undefined, { headers: { 'if-match': '"2"' } });
    expect([status, headers.etag]).toEqual([200, '"3"']);
    expect(restored(body)).toEqual(restored({ ...before, status: 'paused', paused_at: body.paused_at }));
    expect(body).toEqual(await read(id));
    const [newest, ...older] = (await versions(id)).body.data;
    expect(older).toEqual(history);
    expect(newest.version).toBe(3);
    const names = ['code', 'context', 'filter', 'metadata', 'name', 'notification', 'rate_limit'];
    expect(Object.keys(newest.changes).sort()).toEqual(names);
    expect(newest.changes.name).toEqual({ from: 'second', to: 'first' });
    const audited = await rows(`select details from audit_log where subject_id = $1 and action = 'webhook.restored'`, id);
    expect(audited).toEqual([{ details: { version: 3, fields: expect.arrayContaining(names), restored_version: 1 } }]);
  });

  it('that is the present one changes nothing, and is no version', async () => {
    const id = await create({ headers: { 'x-a': '1' }, authentication: { type: 'bearer', token: 't' }, metadata: { none: null } });
    const [before] = await rows('select webhooks_version from tenants where key = $1', 'acme');
    for (const body of [undefined, {}, { headers: { 'X-A': '<hidden>' }, authentication: { type: 'bearer', token: '<hidden>' } }])
      expect(await restore(id, 1, body)).toMatchObject({ status: 200, headers: { etag: '"1"' }, body: { version: 1 } });
    expect(await rows('select webhooks_version from tenants where key = $1', 'acme')).toEqual([before]);
  });

  it('under an ETag that is not that of now is refused, and changes nothing', async () => {
    const id = await create({ description: 'a' });
    await change(id, { description: 'b' });
    const answer = await restore(id, 1, {}, { headers: { 'if-match': '"1"' } });
    expect(answer).toMatchObject({ status: 412, body: { code: 'precondition_failed' } });
    expect(await read(id)).toMatchObject({ description: 'b', version: 2 });
  });

  it('goes through the checks of a change: address guard, names of others, circuit settings', async () => {
    const id = await create({ name: 'taken', circuit_threshold: 3 });
    await change(id, { name: 'free', circuit_threshold: 4 });
    const other = await create({ name: 'taken' });
    expect(await restore(id, 1)).toMatchObject({ status: 409, body: { code: 'conflict', errors: [{ pointer: '/name' }] } });
    await world.call('DELETE', `/v1/webhooks/${other}`);
    const channel = await world.key('channel', 'acme');
    expect(await restore(id, 1, undefined, { key: channel })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    await rows(
      `update webhook_versions set snapshot = snapshot || '{"url": "http://169.254.169.254/"}' where webhook_id = $1 and version = 1`,
      id,
    );
    expect(await restore(id, 1)).toMatchObject({ status: 422, body: { code: 'blocked_address', errors: [{ pointer: '/url' }] } });
    expect(await read(id)).toMatchObject({ name: 'free', url, version: 2 });
  });

  it('fills in what a version of an older form does not have', async () => {
    const id = await create({ description: 'old', timeout_ms: 2_000 });
    await rows(`update webhook_versions set snapshot = snapshot - 'timeout_ms' - 'metadata' where webhook_id = $1`, id);
    await change(id, { description: 'new' });
    expect((await versions(id, '/1')).body.webhook).toMatchObject({ timeout_ms: null, metadata: {} });
    expect((await restore(id, 1)).body).toMatchObject({ description: 'old', timeout_ms: null, metadata: {} });
  });

  it('makes the next probe due if the webhook is called otherwise then', async () => {
    const id = await create();
    await change(id, { url: `${url}/other` });
    await rows(
      `update webhook_state set circuit = 1, circuit_opened_at = now(), no_success_since = now() - interval '1 day',
              circuit_retry_at = now() + interval '1 hour', not_before = now() + interval '1 hour' where webhook_id = $1`,
      id,
    );
    expect(Date.parse((await restore(id, 1)).body.circuit_retry_at)).toBeLessThan(Date.now() + 60_000);
    const kinds = await rows('select kind from webhook_timeline where webhook_id = $1', id);
    expect(kinds).toEqual([{ kind: 'probe_due' }]);
  });

  it('of another tenant is not found', async () => {
    const id = await create();
    const key = await world.key('channel', 'globex');
    for (const answer of [await versions(id, '', { key }), await versions(id, '/1', { key }), await restore(id, 1, undefined, { key })])
      expect(answer.status).toBe(404);
  });
});

describe('secret values of a version that is restored', () => {
  const sealed = async (id: string): Promise<readonly string[]> =>
    (await rows('select purpose from webhook_secrets where webhook_id = $1 order by 1', id)).map(({ purpose }) => purpose);

  it('stay where they still have their place', async () => {
    const secrets = { authentication: { type: 'api_key', header: 'x-key', value: 'v' }, headers: { 'x-a': '1', 'X-B': '2' } };
    const id = await create({ description: 'a', ...secrets });
    await change(id, { description: 'b', headers: { 'x-A': '3', 'x-b': null, 'x-c': '4' } });
    const answer = await restore(id, 1);
    // Of x-a there is a value, of X-B none any more.
    expect(answer).toMatchObject({ status: 409, body: { code: 'conflict', errors: [{ pointer: '/headers/X-B', code: 'conflict' }] } });
    const { body } = await restore(id, 1, { headers: { 'x-b': '5' } });
    expect(body).toMatchObject({ version: 3, headers: { 'x-a': '<hidden>', 'X-B': '<hidden>' }, authentication: { header: 'x-key' } });
    expect(await sealed(id)).toEqual(['authentication', 'headers', 'signing']);
  });

  it('that are gone have to be given, all of them; nothing is changed before', async () => {
    const id = await create({ authentication: { type: 'bearer', token: 'OLD' }, headers: { 'x-a': 'OLD', 'x~b': 'OLD' } });
    await change(id, { authentication: { type: 'none' }, headers: { 'x-a': null, 'x~b': null } });
    const answer = await restore(id, 1);
    expect(answer.status).toBe(409);
    expect(answer.body.errors.map((each: { pointer: string }) => each.pointer)).toEqual([
      '/authentication',
      '/headers/x-a',
      '/headers/x~0b',
    ]);
    expect(await read(id)).toMatchObject({ version: 2, headers: {}, authentication: { type: 'none' } });
    const given = { authentication: { type: 'bearer', token: 'NEW' }, headers: { 'x-a': 'NEW', 'x~b': 'NEW' } };
    const { status, text } = await restore(id, 1, given);
    expect(status).toBe(200);
    expect(text).not.toContain('NEW');
    const back = await restore(id, 2);
    expect(back.body).toMatchObject({ version: 4, headers: {}, authentication: { type: 'none' } });
    expect(await sealed(id)).toEqual(['signing']);
  });

  it.each<[string, Record<string, unknown>, number, string]>([
    ['authentication of another type', { authentication: { type: 'basic', username: 'u', password: 'p' } }, 422, '/authentication'],
    ['authentication in another header', { authentication: { type: 'api_key', header: 'x-other', value: 'v' } }, 422, '/authentication'],
    ['authentication without its value', { authentication: { type: 'api_key', header: 'x-key' } }, 422, '/authentication/value'],
    [
      'a value that is not there to keep',
      { authentication: { type: 'api_key', header: 'x-key', value: '<hidden>' } },
      422,
      '/authentication/value',
    ],
    ['a header that it did not have', { headers: { 'x-new': 'v' } }, 422, '/headers/x-new'],
    [
      'a header value with a line break',
      { headers: { 'x-a': 'a\r\nb' }, authentication: { type: 'api_key', header: 'x-key', value: 'v' } },
      422,
      '/headers/x-a',
    ],
    ['a header value that is no text', { headers: { 'x-a': 1 } }, 422, '/headers/x-a'],
    ['an unknown field', { name: 'x' }, 422, '/name'],
    ['authentication that is no object', { authentication: null }, 422, '/authentication'],
  ])('given as %s are refused', async (_, body, status, pointer) => {
    const id = await create({ authentication: { type: 'api_key', header: 'x-key', value: 'v' }, headers: { 'x-a': '1' } });
    await change(id, { authentication: { type: 'none' }, description: 'second' });
    const answer = await restore(id, 1, body);
    expect(answer.status).toBe(status);
    expect(answer.body.errors.map((each: { pointer: string }) => each.pointer)).toContain(pointer);
    expect(await read(id)).toMatchObject({ version: 2, description: 'second' });
  });
});
