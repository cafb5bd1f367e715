import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { newWebhook } from '../../tests/past.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

type Entry = { readonly id: string; readonly at: string; readonly action: string; readonly details: Record<string, unknown> };
const list = async (query: string): Promise<readonly Entry[]> => (await world.call('GET', `/v1/audit?${query}`)).body.data;
const actions = async (query: string) => (await list(query)).map(({ action }) => action);

describe('the audit log', () => {
  it('tells of all that is done to a webhook, and by whom, newest first', async () => {
    const id = await newWebhook(world, 'acme', { name: 'Told' });
    const call = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path = '', body?: unknown) =>
      world.call(method, `/v1/webhooks/${id}${path}`, body === undefined ? {} : { body });
    await call('PATCH', '', { description: 'changed', url: 'http://127.0.0.1:9/x' });
    await call('PATCH', '', { description: 'changed' });
    await call('GET', '/secret');
    await call('PATCH', '', { is_active: false });
    await call('POST', '/enable');
    await call('POST', '/pause');
    await call('POST', '/resume');
    await call('POST', '/rotate-secret', {});
    await call('DELETE');
    expect((await actions(`subject_id=${id}`)).map((action) => action.replace('webhook.', ''))).toEqual([
      'deleted',
      'secret_rotated',
      'resumed',
      'paused',
      'enabled',
      'disabled',
      'secret_read',
      'changed',
      'created',
    ]);
    const [changed] = await list(`subject_id=${id}&action=webhook.changed`);
    expect(changed).toEqual({
      id: expect.any(String),
      at: expect.any(String),
      actor: { key_id: expect.any(String), role: 'admin' },
      action: 'webhook.changed',
      subject: { kind: 'webhook', id },
      tenant: 'acme',
      details: { version: 2, fields: ['description', 'url'] },
    });
  });

  it('says nothing of what was refused', async () => {
    const id = await newWebhook(world, 'refused', { name: 'One' });
    await newWebhook(world, 'refused', { name: 'Two' });
    expect((await world.call('PATCH', `/v1/webhooks/${id}`, { body: { name: 'Two' } })).status).toBe(409);
    expect(await actions(`subject_id=${id}`)).toEqual(['webhook.created']);
  });

  it('tells of keys, tenants, event types and environments', async () => {
    const key = (await world.call('POST', '/v1/api-keys', { body: { role: 'viewer' } })).body.id;
    await world.call('DELETE', `/v1/api-keys/${key}`);
    await world.call('POST', '/v1/tenants', { body: { tenant: 'told' } });
    await world.call('PATCH', '/v1/tenants/told', { body: { name: 'Told' } });
    await world.call('DELETE', '/v1/tenants/told');
    await world.call('POST', '/v1/event-types', { body: { name: 'told.type' } });
    await world.call('PATCH', '/v1/event-types/told.type', { body: { description: 'x' } });
    await world.call('DELETE', '/v1/event-types/told.type');
    await world.call('POST', '/v1/environments', { body: { name: 'told', mode: 'test' } });
    await world.call('PATCH', `/v1/environments/${world.environmentId}`, { body: { settings: { max_in_flight: 30 } } });
    expect((await actions('limit=10')).reverse()).toEqual([
      'api_key.created',
      'api_key.revoked',
      'tenant.created',
      'tenant.changed',
      'tenant.erased',
      'event_type.created',
      'event_type.changed',
      'event_type.deleted',
      'environment.created',
      'environment.changed',
    ]);
  });

  it('is filtered by what was done, to what, by whom, for whom and when, in pages', async () => {
    const id = await newWebhook(world, 'filtered');
    await newWebhook(world, 'filtered');
    const mine = await world.key('admin');
    await world.call('PATCH', `/v1/webhooks/${id}`, { key: mine, body: { description: 'mine' } });
    expect(await actions('tenant=filtered')).toEqual(['webhook.changed', 'webhook.created', 'webhook.created']);
    expect(await actions('tenant=filtered&action=webhook.created')).toHaveLength(2);
    expect(await actions(`subject_kind=webhook&subject_id=${id}`)).toEqual(['webhook.changed', 'webhook.created']);
    expect(await actions(`subject_kind=tenant&subject_id=${id}`)).toEqual([]);
    expect(await actions('tenant=nobody')).toEqual([]);
    const [changed] = await list('tenant=filtered');
    const { key_id: keyId } = (changed as unknown as { actor: { key_id: string } }).actor;
    expect(await actions(`actor_key_id=${keyId}`)).toEqual(['webhook.changed']);
    expect(await actions(`tenant=filtered&at[gt]=${changed?.at}`)).toEqual([]);
    expect(await actions(`tenant=filtered&at[lt]=${new Date(Date.parse(changed?.at ?? '') + 1).toISOString()}`)).toHaveLength(3);
    const first = (await world.call('GET', '/v1/audit?tenant=filtered&limit=2')).body;
    expect(await actions(`tenant=filtered&limit=2&cursor=${first.next_cursor}`)).toEqual(['webhook.created']);
    for (const query of [`limit=2&cursor=${first.next_cursor}`, 'actor_key_id=x', 'at[lt]=x', 'at=x', 'colour=1', 'tenant=a%20b'])
      expect((await world.call('GET', `/v1/audit?${query}`)).status).toBe(400);
  });

  it('is that of the environment, for admins whose key is bound to no tenant', async () => {
    const elsewhere = await world.environment('test');
    expect((await world.call('GET', '/v1/audit', { key: await world.key('admin', undefined, elsewhere) })).body.data).toEqual([]);
    for (const role of ['operator', 'publisher', 'viewer'] as const)
      expect((await world.call('GET', '/v1/audit', { key: await world.key(role) })).status).toBe(403);
    for (const role of ['admin', 'channel'] as const)
      expect((await world.call('GET', '/v1/audit', { key: await world.key(role, 'acme') })).status).toBe(403);
  });
});
