import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSecretBox, loadTenantWebhooks } from '@posthorn/db';
import { eventually } from '@posthorn/testkit';
import { type ApiWorld, createApiWorld, encryptionKey } from '../../tests/api-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const unset = {
  timeout_ms: null,
  max_in_flight: null,
  circuit_threshold: null,
  circuit_recovery: null,
  retry_schedule_s: null,
  allow_http: false,
  event_schemas: 'off',
};
const every = {
  timeout_ms: 8_001,
  max_in_flight: 7,
  circuit_threshold: 30,
  circuit_recovery: 'manual',
  retry_schedule_s: [5, 10],
  allow_http: true,
  event_schemas: 'warn',
};

const fresh = async (mode: 'live' | 'test' = 'test') => {
  const id = await world.environment(mode);
  const key = await world.key('admin', undefined, id);
  const call = (method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown) =>
    world.call(method, path, { key, ...(body !== undefined && { body }) });
  return {
    id,
    call,
    read: async () => (await call('GET', `/v1/environments/${id}`)).body,
    change: (body: unknown) => call('PATCH', `/v1/environments/${id}`, body),
    newWebhook: async (fields: Record<string, unknown> = {}): Promise<string> =>
      (await call('POST', '/v1/webhooks', { url: 'http://127.0.0.1:9/', ...fields })).body.id,
  };
};
const stateOf = async (webhookId: string) =>
  (
    await world.pool.query('select chunk_lease_s, manual, circuit_retry_at, no_success_since from webhook_state where webhook_id = $1', [
      webhookId,
    ])
  ).rows[0];
/** The webhooks of the one tenant of an environment, as a worker has them. */
const loaded = async (environmentId: string) => {
  const { rows } = await world.pool.query('select id, webhooks_version from tenants where environment_id = $1', [environmentId]);
  const defaults = { timeoutMs: 15_000, maxInFlight: 20, circuitThreshold: 10, retryScheduleS: [1] };
  const { version, webhooks } = await loadTenantWebhooks(world.pool, rows[0].id, createSecretBox(encryptionKey), defaults);
  return { version, byId: new Map(webhooks.map((webhook) => [webhook.id, webhook])) };
};

describe('an environment', () => {
  it('shows itself to its keys, and nothing else', async () => {
    const [one, other] = [await fresh('live'), await fresh()];
    const shown = await one.read();
    expect(shown).toEqual({
      id: one.id,
      name: one.id,
      mode: 'live',
      settings: unset,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    expect((await one.call('GET', '/v1/environments')).body).toEqual({ data: [shown], next_cursor: null });
    for (const id of [other.id, world.newId(), 'x']) {
      expect((await one.call('GET', `/v1/environments/${id}`)).status).toBe(404);
      expect((await one.call('PATCH', `/v1/environments/${id}`, { name: 'taken-over' })).status).toBe(404);
    }
    expect((await one.call('GET', '/v1/environments?cursor=x')).body.code).toBe('invalid_cursor');
  });

  it('is made with its first key, which opens it alone', async () => {
    const made = await world.call('POST', '/v1/environments', {
      body: { name: 'staging', mode: 'live', settings: { max_in_flight: 5, timeout_ms: null } },
    });
    const { admin_key: key, ...shown } = made.body;
    expect([made.status, made.headers.location]).toEqual([201, `/v1/environments/${shown.id}`]);
    expect(shown).toMatchObject({ name: 'staging', mode: 'live', settings: { ...unset, max_in_flight: 5 } });
    expect(key).toMatch(/^ph_live_/);
    expect((await world.call('GET', '/v1/environments', { key })).body.data).toEqual([shown]);
    const { body: keys } = await world.call('GET', '/v1/api-keys', { key });
    expect(keys.data).toEqual([expect.objectContaining({ role: 'admin', tenant: null })]);
    expect((await world.call('GET', `/v1/environments/${shown.id}`)).status).toBe(404);
    const { body: log } = await world.call('GET', '/v1/audit?action=environment.created');
    expect(log.data).toEqual([
      expect.objectContaining({ subject: { kind: 'environment', id: shown.id }, details: { name: 'staging', mode: 'live' } }),
    ]);
  });

  it('has a name that no other has', async () => {
    const { change } = await fresh();
    await world.call('POST', '/v1/environments', { body: { name: 'taken', mode: 'test' } });
    for (const answer of [
      await world.call('POST', '/v1/environments', { body: { name: 'taken', mode: 'test' } }),
      await change({ name: 'taken' }),
    ])
      expect(answer).toMatchObject({ status: 409, body: { code: 'conflict', errors: [{ pointer: '/name', code: 'conflict' }] } });
    expect((await change({ name: 'renamed' })).body.name).toBe('renamed');
  });

  it.each([
    [{ mode: 'test' }, 'missing_field', '/name'],
    [{ name: 'a' }, 'missing_field', '/mode'],
    [{ name: 'a', mode: 'both' }, 'invalid_field', '/mode'],
    [{ name: 'a b', mode: 'test' }, 'invalid_field', '/name'],
    [{ name: 'a', mode: 'test', id: 'x' }, 'unknown_field', '/id'],
  ])('is not made of %j', async (body, code, pointer) => {
    expect(await world.call('POST', '/v1/environments', { body })).toMatchObject({ status: 422, body: { code, errors: [{ pointer }] } });
  });
});

describe('its settings', () => {
  it('are replaced one by one, null gives one back, and the log names them', async () => {
    const { id, change, read, call } = await fresh();
    expect((await change({ settings: every })).body.settings).toEqual(every);
    expect((await change({ settings: { timeout_ms: 9_000, circuit_recovery: null, allow_http: null } })).body.settings).toEqual({
      ...every,
      timeout_ms: 9_000,
      circuit_recovery: null,
      allow_http: false,
    });
    const nulls = Object.fromEntries(Object.keys(every).map((name) => [name, null]));
    expect((await change({ settings: nulls })).body.settings).toEqual(unset);
    const { updated_at: at } = await read();
    expect((await change({ settings: nulls })).body.updated_at).toBe(at);
    const { body } = await call('GET', '/v1/audit?action=environment.changed');
    expect(body.data.map((each: { details: unknown }) => each.details)).toEqual([
      { fields: Object.keys(every).filter((name) => name !== 'circuit_recovery' && name !== 'allow_http') },
      { fields: ['timeout_ms', 'circuit_recovery', 'allow_http'] },
      { fields: Object.keys(every) },
    ]);
    expect(body.data[0].subject).toEqual({ kind: 'environment', id });
  });

  it.each([
    [{ colour: 1 }, 'unknown_field', '/settings/colour'],
    [{ timeout_ms: 999 }, 'invalid_field', '/settings/timeout_ms'],
    [{ timeout_ms: 30_001 }, 'invalid_field', '/settings/timeout_ms'],
    [{ timeout_ms: '9000' }, 'invalid_field', '/settings/timeout_ms'],
    [{ max_in_flight: 0 }, 'invalid_field', '/settings/max_in_flight'],
    [{ max_in_flight: 10_001 }, 'invalid_field', '/settings/max_in_flight'],
    [{ circuit_threshold: 1.5 }, 'invalid_field', '/settings/circuit_threshold'],
    [{ circuit_threshold: 1_001 }, 'invalid_field', '/settings/circuit_threshold'],
    [{ circuit_recovery: 'never' }, 'invalid_field', '/settings/circuit_recovery'],
    [{ retry_schedule_s: [0] }, 'invalid_field', '/settings/retry_schedule_s/0'],
    [{ retry_schedule_s: Array(31).fill(1) }, 'invalid_field', '/settings/retry_schedule_s'],
    [{ allow_http: 'yes' }, 'invalid_field', '/settings/allow_http'],
    [{ event_schemas: 'strict' }, 'invalid_field', '/settings/event_schemas'],
  ])('refuse %j', async (settings, code, pointer) => {
    const { change, read } = await fresh();
    const answer = await change({ settings: { max_in_flight: 3, ...settings } });
    expect(answer).toMatchObject({ status: 422, body: { code } });
    expect(answer.body.errors.map((each: { pointer: string }) => each.pointer)).toEqual([pointer]);
    expect((await read()).settings).toEqual(unset);
  });

  it('act on the webhooks that have no value of their own, and on no others', async () => {
    const { id, change, newWebhook } = await fresh();
    const plain = await newWebhook();
    const own = await newWebhook({
      timeout_ms: 1_000,
      max_in_flight: 3,
      circuit_threshold: 4,
      circuit_recovery: 'automatic',
      retry_schedule_s: [9],
    });
    const halfOwn = await newWebhook({ timeout_ms: 2_000 });
    const before = await loaded(id);
    expect(before.byId.get(plain)).toMatchObject({ timeoutMs: 15_000, maxInFlight: 20, circuitThreshold: 10 });
    for (const settings of [every, { ...every, timeout_ms: 12_000, max_in_flight: 9, circuit_threshold: 2, retry_schedule_s: [] }]) {
      await change({ settings });
      const after = await loaded(id);
      expect(after.version).toBeGreaterThan(before.version);
      const ofEnvironment = {
        timeoutMs: settings.timeout_ms,
        maxInFlight: settings.max_in_flight,
        circuitThreshold: settings.circuit_threshold,
        retryScheduleS: settings.retry_schedule_s,
      };
      expect(after.byId.get(plain)).toMatchObject(ofEnvironment);
      expect(after.byId.get(halfOwn)).toMatchObject({ ...ofEnvironment, timeoutMs: 2_000 });
      expect(after.byId.get(own)).toMatchObject({ timeoutMs: 1_000, maxInFlight: 3, circuitThreshold: 4, retryScheduleS: [9] });
      expect(await stateOf(plain)).toMatchObject({ chunk_lease_s: Math.ceil(settings.timeout_ms / 1000) + 20, manual: true });
      expect(await stateOf(halfOwn)).toMatchObject({ chunk_lease_s: 22, manual: true });
      expect(await stateOf(own)).toMatchObject({ chunk_lease_s: 21, manual: false });
    }
    await change({ settings: { timeout_ms: null, circuit_recovery: null } });
    expect(await stateOf(plain)).toMatchObject({ chunk_lease_s: 35, manual: false });
    expect(await stateOf(own)).toMatchObject({ chunk_lease_s: 21, manual: false });
  });

  it('say of an open circuit whether it is probed or waits for a person', async () => {
    const { change, newWebhook } = await fresh();
    const id = await newWebhook();
    await world.pool.query(
      `update webhook_state set circuit = 1, circuit_opened_at = now(), circuit_retry_at = now(), no_success_since = now() - interval '100 h' where webhook_id = $1`,
      [id],
    );
    await change({ settings: { circuit_recovery: 'manual' } });
    expect(await stateOf(id)).toMatchObject({ manual: true, circuit_retry_at: null });
    await change({ settings: { circuit_recovery: 'automatic' } });
    const state = await stateOf(id);
    expect(state).toMatchObject({ manual: false, circuit_retry_at: expect.any(Date) });
    // Its 120 h begin now.
    expect(Date.now() - state.no_success_since.getTime()).toBeLessThan(60_000);
  });

  it('that were stored and not applied are applied by the same request once more', async () => {
    const { id, change, newWebhook } = await fresh();
    const webhookId = await newWebhook();
    await world.pool.query(`update environments set settings = '{"timeout_ms": 3000}' where id = $1`, [id]);
    const before = await loaded(id);
    expect(await stateOf(webhookId)).toMatchObject({ chunk_lease_s: 35 });
    await change({ settings: { timeout_ms: 3_000 } });
    expect(await stateOf(webhookId)).toMatchObject({ chunk_lease_s: 23 });
    expect((await loaded(id)).version).toBeGreaterThan(before.version);
  });

  it('let plain http into a live environment', async () => {
    const { change, call } = await fresh('live');
    const make = async () => (await call('POST', '/v1/webhooks', { url: 'http://127.0.0.1:9/' })).status;
    expect(await make()).toBe(422);
    await change({ settings: { allow_http: true } });
    await eventually(async () => (await make()) === 201);
  });

  it('of another environment stay as they are', async () => {
    const [one, other] = [await fresh(), await fresh()];
    const webhookId = await other.newWebhook();
    const before = await loaded(other.id);
    await one.change({ settings: every });
    expect(await stateOf(webhookId)).toMatchObject({ chunk_lease_s: 35, manual: false });
    expect((await loaded(other.id)).version).toBe(before.version);
    expect((await other.read()).settings).toEqual(unset);
  });
});
