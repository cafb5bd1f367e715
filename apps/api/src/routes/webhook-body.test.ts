import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSecretBox, loadTenantWebhooks } from '@posthorn/db';
import { type ApiWorld, createApiWorld, encryptionKey } from '../../tests/api-world.js';

let world: ApiWorld;
let kept: { readonly id: string; readonly shown: unknown };
beforeAll(async () => {
  world = await createApiWorld();
  const { id } = (await create({ tenant: 'kept' })).body;
  kept = { id, shown: (await world.call('GET', `/v1/webhooks/${id}`)).body };
});
afterAll(() => world.close());

const url = 'http://127.0.0.1:9/hook';
const create = (body: Record<string, unknown> = {}, key?: string) =>
  world.call('POST', '/v1/webhooks', { body: { url, ...body }, ...(key !== undefined && { key }) });
const change = (body: unknown) => world.call('PATCH', `/v1/webhooks/${kept.id}`, { body });

const written = {
  name: 'Everything',
  code: 'all',
  description: 'all of it',
  event_types: ['order.*', 'posthorn.*'],
  context: { taskGroup: '6261', survey: ['a', 1, null] },
  project_flows: ['Flow 1', 'Flüsse'],
  filter: { data: { total: { $gt: 10 }, $or: [{ a: 1 }, { b: { $exist: false } }] } },
  include_resources: ['customer', 'lines'],
  notification_type: 'rest',
  payload_format: 'jsonapi',
  signature_header: { name: 'x-signature', value: 'sha256={hex}' },
  circuit_threshold: 30,
  circuit_recovery: 'manual',
  retry_schedule_s: [5, 10],
  rate_limit: { max: 100, per_seconds: 60 },
  max_in_flight: 3,
  timeout_ms: 2_500,
  notification: { email: 'ops@example.com', success: true, fail: false },
  reference: 'r',
  reference_origin: 'o',
  metadata: { a: { b: null } },
};
const secretParts = {
  authentication: { type: 'basic', username: 'USER-NAME', password: 'PASS-WORD' },
  headers: { 'X-Own': 'OWN-VALUE', 'x-type': '{event_type}' },
};

const stateOf = async (id: string) =>
  (
    await world.pool.query(
      'select chunk_lease_s, manual, rate_max, rate_per_s, disabled_at, disabled_reason from webhook_state where webhook_id = $1',
      [id],
    )
  ).rows[0];

describe('a new webhook', () => {
  it('keeps every field that can be written, shows no secret value, and gives workers all of it', async () => {
    const made = await create({ ...written, ...secretParts, tenant: 'whole' });
    expect(made).toMatchObject({ status: 201, headers: { etag: '"1"' } });
    const shown = {
      ...written,
      authentication: { type: 'basic', username: '<hidden>', password: '<hidden>' },
      headers: { 'X-Own': '<hidden>', 'x-type': '<hidden>' },
    };
    expect(made.body).toMatchObject({ ...shown, is_active: true, version: 1 });
    const read = await world.call('GET', `/v1/webhooks/${made.body.id}`);
    expect(read).toMatchObject({ body: shown, headers: { etag: '"1"' } });
    const versions = await world.pool.query('select snapshot, changes, changed_by from webhook_versions where webhook_id = $1', [
      made.body.id,
    ]);
    expect(versions.rows).toEqual([
      { snapshot: expect.objectContaining({ name: 'Everything', version: 1 }), changes: {}, changed_by: 'admin' },
    ]);
    for (const text of [made.text, read.text, JSON.stringify(versions.rows)]) expect(text).not.toMatch(/USER-NAME|PASS-WORD|OWN-VALUE/);
    const defaults = { timeoutMs: 1, maxInFlight: 1, circuitThreshold: 1, retryScheduleS: [] };
    const loaded = await loadTenantWebhooks(world.pool, await world.tenantId('whole'), createSecretBox(encryptionKey), defaults);
    expect(loaded.version).toBe(2);
    expect(loaded.webhooks.map((each) => ({ ...each, ...each.sender() }))).toEqual([
      expect.objectContaining({
        authentication: ['authorization', `Basic ${Buffer.from('USER-NAME:PASS-WORD').toString('base64')}`],
        headers: secretParts.headers,
        context: written.context,
        filter: written.filter,
        projectFlows: written.project_flows,
        shape: expect.objectContaining({ includeResources: written.include_resources, payloadFormat: 'jsonapi' }),
        bodySignature: { template: written.signature_header, secret: made.body.secret },
        rateLimited: true,
        timeoutMs: 2_500,
      }),
    ]);
    expect(await stateOf(made.body.id)).toEqual({
      chunk_lease_s: 23,
      manual: true,
      rate_max: 100,
      rate_per_s: 60,
      disabled_at: null,
      disabled_reason: null,
    });
  });

  it('has the defaults of its environment in its state, where it says nothing', async () => {
    const place = await world.environment('test');
    const key = await world.key('admin', undefined, place);
    const made = await create({}, key);
    expect(await stateOf(made.body.id)).toMatchObject({ chunk_lease_s: 35, manual: false, rate_max: null, rate_per_s: null });
    await world.pool.query(`update environments set settings = '{"timeout_ms": 8001, "circuit_recovery": "manual"}' where id = $1`, [
      place,
    ]);
    const next = await create({}, key);
    expect(await stateOf(next.body.id)).toMatchObject({ chunk_lease_s: 29, manual: true });
    const own = await create({ timeout_ms: 1_000, circuit_recovery: 'automatic' }, key);
    expect(await stateOf(own.body.id)).toMatchObject({ chunk_lease_s: 21, manual: false });
  });

  it('that is not active is disabled by hand', async () => {
    const made = await create({ is_active: false });
    expect(made.body).toMatchObject({ status: 'disabled', is_active: false, disabled_reason: 'by_hand', disabled_at: expect.any(String) });
    const { body } = await world.call('GET', `/v1/webhooks/${made.body.id}/timeline`);
    expect(body.data).toEqual([expect.objectContaining({ kind: 'disabled', details: expect.objectContaining({ by: 'admin' }) })]);
  });

  it('of a channel has the circuit of its environment', async () => {
    const channel = await world.key('channel', 'sold');
    for (const body of [{ circuit_threshold: 3 }, { circuit_recovery: 'manual' }])
      expect(await create(body, channel)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await create({ circuit_threshold: null, timeout_ms: 1_000 }, channel)).status).toBe(201);
  });

  it('is asked for by those who may, before anything is said about its fields', async () => {
    for (const role of ['operator', 'viewer', 'publisher'] as const)
      expect(await create({ colour: 1 }, await world.key(role))).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await create({ colour: 1 }, 'nobody')).status).toBe(401);
  });
});

const deep = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);

/** Wrong in a new webhook and in a change. */
const wrong: readonly [string, Record<string, unknown>, string, string][] = [
  ['a context that is a list', { context: [] }, 'invalid_field', '/context'],
  ['a context that is null', { context: null }, 'invalid_field', '/context'],
  ['a context nested too deep', { context: deep(40) }, 'nesting_too_deep', `/context${'/a'.repeat(32)}`],
  ['a zero byte in its context', { context: { a: ['\0'] } }, 'invalid_field', '/context'],
  ['a filter that is a string', { filter: '$eq' }, 'invalid_field', '/filter'],
  ['an operator that is none', { filter: { data: { a: { $gtt: 1 } } } }, 'invalid_field', '/filter/data/a/$gtt'],
  ['an $or that is no list', { filter: { $or: {} } }, 'invalid_field', '/filter/$or'],
  ['half a character in its filter', { filter: { data: { a: '\ud800' } } }, 'invalid_field', '/filter'],
  ['project flows that are no list', { project_flows: 'a' }, 'invalid_field', '/project_flows'],
  ['an empty project flow', { project_flows: ['a', ''] }, 'invalid_field', '/project_flows/1'],
  ['a control character in a resource', { include_resources: ['a\u0007'] }, 'invalid_field', '/include_resources/0'],
  [
    'resources in a format without a place for them',
    { include_resources: ['a'], payload_format: 'data' },
    'invalid_field',
    '/include_resources',
  ],
  ['an unknown format', { payload_format: 'xml' }, 'invalid_field', '/payload_format'],
  ['another way of notification', { notification_type: 'mail' }, 'invalid_field', '/notification_type'],
  ['authentication without a type', { authentication: { token: 'a' } }, 'missing_field', '/authentication/type'],
  ['authentication that is null', { authentication: null }, 'invalid_field', '/authentication'],
  ['an empty token', { authentication: { type: 'bearer', token: '' } }, 'invalid_field', '/authentication/token'],
  [
    'a denied header for its key',
    { authentication: { type: 'api_key', header: 'Host', value: 'a' } },
    'invalid_field',
    '/authentication/header',
  ],
  ['a hidden token that is nowhere', { authentication: { type: 'bearer', token: '<hidden>' } }, 'invalid_field', '/authentication/token'],
  ['a denied own header', { headers: { 'webhook-id': 'a' } }, 'invalid_field', '/headers/webhook-id'],
  ['a line break in an own header', { headers: { a: 'b\r\nc: d' } }, 'invalid_field', '/headers/a'],
  ['a hidden own header that is nowhere', { headers: { a: '<hidden>' } }, 'invalid_field', '/headers/a'],
  [
    'an own header that is the authentication',
    { headers: { 'X-Api-Key': 'a' }, authentication: { type: 'api_key', value: 'b' } },
    'invalid_field',
    '/headers/X-Api-Key',
  ],
  ['a signature without a place', { signature_header: { name: 'x-sign', value: 'hex' } }, 'invalid_field', '/signature_header/value'],
  ['a signature in a denied header', { signature_header: { name: 'Date', value: '{hex}' } }, 'invalid_field', '/signature_header/name'],
  ['a rate limit of nothing', { rate_limit: { max: 0, per_seconds: 1 } }, 'invalid_field', '/rate_limit/max'],
  ['a rate limit beyond its bound', { rate_limit: { max: 100_001, per_seconds: 1 } }, 'invalid_field', '/rate_limit/max'],
  ['a rate limit over too long', { rate_limit: { max: 1, per_seconds: 3_601 } }, 'invalid_field', '/rate_limit/per_seconds'],
  ['half a rate limit', { rate_limit: { max: 1 } }, 'missing_field', '/rate_limit/per_seconds'],
  ['a rate limit with more', { rate_limit: { max: 1, per_seconds: 1, burst: 2 } }, 'unknown_field', '/rate_limit/burst'],
  ['an unknown recovery', { circuit_recovery: 'never' }, 'invalid_field', '/circuit_recovery'],
  ['a threshold of nothing', { circuit_threshold: 0 }, 'invalid_field', '/circuit_threshold'],
  ['an address of nobody', { notification: { email: 'nobody' } }, 'invalid_field', '/notification/email'],
  ['an unknown notification', { notification: { sms: true } }, 'unknown_field', '/notification/sms'],
  ['an activity that is a word', { is_active: 'yes' }, 'invalid_field', '/is_active'],
  ['a field that is shown alone', { statistics: {} }, 'unknown_field', '/statistics'],
  ['an id of its own', { id: 'x' }, 'unknown_field', '/id'],
  ['a URL that may not be called', { url: 'http://10.1.2.3/' }, 'blocked_address', '/url'],
  ['a URL that is null', { url: null }, 'invalid_field', '/url'],
];

describe('what is refused', () => {
  it.each(wrong)('in a new webhook, with its place: %s', async (_, body, code, pointer) => {
    const answer = await create({ name: 'refused', ...body });
    expect(answer).toMatchObject({ status: 422, body: { code } });
    expect(answer.body.errors.map((each: { pointer: string }) => each.pointer)).toContain(pointer);
    const { rows } = await world.pool.query(`select 1 from webhooks where name = 'refused'`);
    expect(rows).toEqual([]);
  });

  it.each(wrong)('in a change, which changes nothing then: %s', async (_, body, code, pointer) => {
    const answer = await change({ description: 'changed', ...body });
    expect(answer).toMatchObject({ status: 422, body: { code } });
    expect(answer.body.errors.map((each: { pointer: string }) => each.pointer)).toContain(pointer);
    expect((await world.call('GET', `/v1/webhooks/${kept.id}`)).body).toEqual(kept.shown);
  });

  it('is named all at once, each place once', async () => {
    const body = {
      url: 'ftp://x/',
      colour: 1,
      name: 7,
      event_types: ['ok', 'or der'],
      filter: { data: { $bad: 1 } },
      headers: { host: 'a' },
      timeout_ms: 1,
      secret: 'short',
    };
    const answer = await create(body);
    const pointers = answer.body.errors.map((each: { pointer: string }) => each.pointer);
    expect([...pointers].sort()).toEqual(
      ['/colour', '/event_types/1', '/filter/data/$bad', '/headers/host', '/name', '/secret', '/timeout_ms', '/url'].sort(),
    );
  });

  it('names a field that cannot be written as such, and tenant and secret in a change', async () => {
    for (const field of ['tenant', 'secret', 'status', 'version', 'created_at', 'circuit_state', 'object_id'])
      expect(await change({ [field]: 'a' })).toMatchObject({
        status: 422,
        body: { code: 'unknown_field', errors: [{ pointer: `/${field}`, message: `/${field} cannot be written` }] },
      });
  });

  it('is a number that cannot be kept, and what is no object at all', async () => {
    for (const body of [`{"url":"${url}","filter":{"data":{"a":{"$lt":1e400}}}}`, `{"url":"${url}","metadata":{"a":-1e999}}`])
      expect(await world.call('POST', '/v1/webhooks', { body })).toMatchObject({ status: 422, body: { code: 'invalid_field' } });
    for (const body of ['[]', '1', 'null'])
      for (const answer of [await change(body), await world.call('POST', '/v1/webhooks', { body })])
        expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_field' } });
    for (const method of ['POST', 'PATCH'] as const)
      expect((await world.call(method, method === 'POST' ? '/v1/webhooks' : `/v1/webhooks/${kept.id}`)).status).toBe(422);
  });
});
