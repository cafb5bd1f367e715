import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stepTenantErasure, tenantErasureLimits } from '@posthorn/db';
import { eventually } from '@posthorn/testkit';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { newWebhook, pastDelivery, pastEvent } from '../../tests/past.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const create = (body: unknown) => world.call('POST', '/v1/tenants', { body });
const read = (key: string) => world.call('GET', `/v1/tenants/${key}`);
const change = (key: string, body: unknown) => world.call('PATCH', `/v1/tenants/${key}`, { body });
const erase = (key: string) => world.call('DELETE', `/v1/tenants/${key}`);
const keysOf = async (query: string) =>
  (await world.call('GET', `/v1/tenants?${query}`)).body.data.map((each: { tenant: string }) => each.tenant);
const actionsOn = async (id: string) =>
  (await world.call('GET', `/v1/audit?subject_id=${id}`)).body.data.map((each: { action: string }) => each.action);
const runErasures = async (): Promise<void> => {
  while (await stepTenantErasure(world.pool, 1, { ...tenantErasureLimits, settleS: 0 }));
};

describe('a tenant', () => {
  it('is made, read and changed, and the log says so', async () => {
    const made = await create({ tenant: 'made', name: 'Acme Ltd', email: 'a@example.com', metadata: { plan: 'gold', seats: 3 } });
    expect([made.status, made.headers.location]).toEqual([201, '/v1/tenants/made']);
    expect(made.body).toEqual({
      id: expect.any(String),
      tenant: 'made',
      name: 'Acme Ltd',
      email: 'a@example.com',
      metadata: { plan: 'gold', seats: 3 },
      webhooks: 0,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    expect((await read('made')).body).toEqual(made.body);
    const changed = await change('made', { name: null, metadata: { seats: 4, plan: null, more: [1] } });
    expect(changed.body).toMatchObject({ name: null, email: 'a@example.com', metadata: { seats: 4, more: [1] } });
    expect(Date.parse(changed.body.updated_at)).toBeGreaterThanOrEqual(Date.parse(made.body.updated_at));
    expect((await change('made', { name: null })).body).toEqual(changed.body);
    expect(await actionsOn(made.body.id)).toEqual(['tenant.changed', 'tenant.created']);
    const { body } = await world.call('GET', '/v1/audit?action=tenant.changed');
    expect(body.data[0]).toMatchObject({ tenant: 'made', details: { fields: ['name', 'metadata'] } });
  });

  it('is made by itself when it is named, and then has no other', async () => {
    await newWebhook(world, 'named');
    expect((await read('named')).body).toMatchObject({ tenant: 'named', name: null, email: null, metadata: {} });
    expect(await create({ tenant: 'named' })).toMatchObject({
      status: 409,
      body: { code: 'conflict', errors: [{ pointer: '/tenant', code: 'conflict' }] },
    });
  });

  it.each([
    [{}, 'missing_field', '/tenant'],
    [{ tenant: 'a b' }, 'invalid_field', '/tenant'],
    [{ tenant: 'x'.repeat(129) }, 'invalid_field', '/tenant'],
    [{ tenant: 1 }, 'invalid_field', '/tenant'],
    [{ tenant: 'a', colour: 1 }, 'unknown_field', '/colour'],
    [{ tenant: 'a', id: 'x' }, 'unknown_field', '/id'],
    [{ tenant: 'a', name: 'two\nlines' }, 'invalid_field', '/name'],
    [{ tenant: 'a', name: '' }, 'invalid_field', '/name'],
    [{ tenant: 'a', email: 'nobody' }, 'invalid_field', '/email'],
    [{ tenant: 'a', metadata: [] }, 'invalid_field', '/metadata'],
    [{ tenant: 'a', metadata: { a: 'nul\u0000' } }, 'invalid_field', '/metadata'],
    [{ tenant: 'a', metadata: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [n, n])) }, 'invalid_field', '/metadata'],
    [{ tenant: 'a', metadata: JSON.parse(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`) }, 'nesting_too_deep', '/metadata'],
  ])('is not made of %j', async (body, code, pointer) => {
    const answer = await create(body);
    expect(answer).toMatchObject({ status: 422, body: { code } });
    expect(answer.body.errors.map((each: { pointer: string }) => each.pointer)).toEqual([pointer]);
    expect((await read('a')).status).toBe(404);
  });

  it('has no more metadata after many changes than after one', async () => {
    await create({ tenant: 'full', metadata: Object.fromEntries(Array.from({ length: 64 }, (_, n) => [n, n])) });
    expect(await change('full', { metadata: { more: 1 } })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/metadata' }] } });
    expect((await change('full', { metadata: { 0: null, more: 1 } })).status).toBe(200);
    expect(await change('full', { tenant: 'other' })).toMatchObject({ status: 422, body: { code: 'unknown_field' } });
  });

  it('of another environment, or none, is not found', async () => {
    const elsewhere = await world.key('admin', undefined, await world.environment('test'));
    await create({ tenant: 'mine' });
    for (const method of ['GET', 'PATCH', 'DELETE'] as const)
      expect((await world.call(method, '/v1/tenants/mine', { key: elsewhere, ...(method === 'PATCH' && { body: {} }) })).status).toBe(404);
    expect((await world.call('GET', '/v1/tenants', { key: elsewhere })).body).toEqual({ data: [], next_cursor: null });
    for (const key of ['nobody', 'a%20b', 'erased%2Fx']) expect((await read(key)).status).toBe(404);
    expect((await read('mine')).status).toBe(200);
  });

  it('says how many webhooks it has', async () => {
    const counted = async () => {
      const { data } = (await world.call('GET', '/v1/tenants?name=Counted')).body;
      return data.map(({ tenant, webhooks }: { tenant: string; webhooks: number }) => [tenant, webhooks]);
    };
    for (const n of [1, 2]) await create({ tenant: `counted-${n}`, name: 'Counted' });
    const ids = [await newWebhook(world, 'counted-1'), await newWebhook(world, 'counted-1')];
    expect(await counted()).toEqual([
      ['counted-2', 0],
      ['counted-1', 2],
    ]);
    await world.call('DELETE', `/v1/webhooks/${ids[0]}`);
    expect((await read('counted-1')).body).toMatchObject({ webhooks: 1 });
  });

  it('is listed, newest first, in pages, by key, name and time', async () => {
    for (const n of [1, 2, 3]) await create({ tenant: `listed-${n}`, name: 'Listed' });
    expect(await keysOf('name=Listed')).toEqual(['listed-3', 'listed-2', 'listed-1']);
    expect(await keysOf('tenant=listed-2')).toEqual(['listed-2']);
    expect(await keysOf('tenant=listed-2&name=Other')).toEqual([]);
    const first = (await world.call('GET', '/v1/tenants?name=Listed&limit=2')).body;
    expect(await keysOf(`name=Listed&limit=2&cursor=${first.next_cursor}`)).toEqual(['listed-1']);
    const { created_at: at } = (await read('listed-2')).body;
    expect(await keysOf(`name=Listed&created_at[lt]=${at}`)).toEqual(['listed-1']);
    expect(await keysOf(`name=Listed&created_at[gte]=${at}`)).toEqual(['listed-3', 'listed-2']);
    for (const query of [`limit=2&cursor=${first.next_cursor}`, 'colour=1', 'tenant=a%20b', 'created_at[near]=x', 'created_at[lt]=x'])
      expect((await world.call('GET', `/v1/tenants?${query}`)).status).toBe(400);
  });
});

describe('erasing a tenant', () => {
  it('takes its keys, webhooks and content away, and sets its name free', async () => {
    const { id } = (await create({ tenant: 'gone', name: 'Gone Ltd', email: 'g@example.com', metadata: { a: 1 } })).body;
    const key = await world.key('channel', 'gone');
    const other = await world.key('channel', 'stays');
    const webhookId = await newWebhook(world, 'gone');
    const [eventId, waiting] = [await pastEvent(world, 'gone'), await pastEvent(world, 'gone')];
    await pastDelivery(world, eventId, webhookId, 'succeeded', 'gone');
    await pastDelivery(world, waiting, webhookId, 'waiting', 'gone');
    const erased = await erase('gone');
    expect(erased.status).toBe(202);
    expect(erased.body).toMatchObject({ id, tenant: 'gone', name: 'Gone Ltd', erasing_at: expect.any(String) });
    expect(await erase('gone')).toMatchObject({ status: 404 });
    expect((await read('gone')).status).toBe(404);
    expect(await keysOf('tenant=gone')).toEqual([]);
    expect((await world.call('GET', `/v1/webhooks/${webhookId}`)).status).toBe(404);
    expect((await world.pool.query('select 1 from webhook_secrets where webhook_id = $1', [webhookId])).rowCount).toBe(0);
    expect((await world.call('GET', '/v1/events', { key })).status).toBe(401);
    expect((await world.call('GET', '/v1/events', { key: other })).status).toBe(200);

    const again = await create({ tenant: 'gone' });
    expect(again.status).toBe(201);
    expect(again.body.id).not.toBe(id);
    await runErasures();
    const { rows } = await world.pool.query(
      'select key, name, email, metadata, erased_at is not null as erased from tenants where id = $1',
      [id],
    );
    expect(rows).toEqual([{ key: `erased/${id}`, name: null, email: null, metadata: {}, erased: true }]);
    const shown = await world.call('GET', `/v1/events/${eventId}`);
    expect(shown.body).toMatchObject({ tenant: `erased/${id}`, data: null, current_context: null });
    const { rows: left } = await world.pool.query(
      'select status, reason, (select max(request_headers) from attempts a where a.event_id = d.event_id) as headers from deliveries d where webhook_id = $1 order by status',
      [webhookId],
    );
    expect(left).toEqual([
      { status: 1, reason: null, headers: '' },
      { status: 4, reason: 19, headers: null },
    ]);
    expect(await actionsOn(id)).toEqual(['tenant.erased', 'tenant.created']);
    expect((await read('gone')).body.id).toBe(again.body.id);
  });

  it('lets the next event and the next webhook of its name belong to a new tenant', async () => {
    const before = await newWebhook(world, 'reborn');
    await world.call('POST', '/v1/events', { body: { event_type: 'a', data: 1, tenant: 'reborn' } });
    const { id } = (await read('reborn')).body;
    await erase('reborn');
    const after = await newWebhook(world, 'reborn');
    const { body } = await world.call('POST', '/v1/events', { body: { event_type: 'a', data: 1, tenant: 'reborn' } });
    const { rows } = await world.pool.query(
      'select tenant_id from events where id = $1 union all select tenant_id from webhooks where id = $2',
      [body.id, after],
    );
    expect(rows.map((row) => row.tenant_id)).toEqual(Array(2).fill((await read('reborn')).body.id));
    expect(rows[0].tenant_id).not.toBe(id);
    expect((await world.call('GET', `/v1/webhooks/${before}`)).status).toBe(404);
  });

  it('erases the default tenant too', async () => {
    await world.call('POST', '/v1/events', { body: { event_type: 'a', data: 1 } });
    expect((await erase('default')).status).toBe(202);
    expect((await world.call('POST', '/v1/events', { body: { event_type: 'a', data: 1 } })).status).toBe(202);
  });

  it('is not missed by those who make a webhook for it at the same time', async () => {
    const { id } = (await create({ tenant: 'raced' })).body;
    const made = Array.from({ length: 12 }, () =>
      world.call('POST', '/v1/webhooks', { body: { tenant: 'raced', url: 'http://127.0.0.1:9/' } }),
    );
    await eventually(async () => (await world.pool.query('select 1 from webhooks where tenant_id = $1', [id])).rowCount !== 0);
    expect((await erase('raced')).status).toBe(202);
    for (const { status } of await Promise.all(made)) expect([201, 409]).toContain(status);
    const { rows } = await world.pool.query('select 1 from webhooks where tenant_id = $1 and deleted_at is null', [id]);
    expect(rows).toEqual([]);
  });
});
