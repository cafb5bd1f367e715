import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listNotifications } from '@posthorn/db';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { newWebhook, pastNotification } from '../../tests/past.js';

const operator = 'ops@example.com';
let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld(null, { smtpUrl: 'smtp://127.0.0.1:9', operatorEmail: operator });
});
afterAll(() => world.close());

const list = async (query: string, key = world.admin) => (await world.call('GET', `/v1/notifications?${query}`, { key })).body;
const ids = async (query: string, key?: string): Promise<string[]> => (await list(query, key)).data.map(({ id }: { id: string }) => id);

describe('notifications', () => {
  it('say what there was to tell, how often, and how the mail stands', async () => {
    const webhook = await newWebhook(world, 'told');
    const [atMs, at] = [Date.parse('2026-01-02T03:04:05.678Z'), '2026-01-02T03:04:05.678Z'];
    const refused = { address: 'a@example.com', status: 'failed', tries: 2, error: '550 <no such user>' } as const;
    const id = await pastNotification(world, webhook, 'told', { kind: 'delivery_failed', count: 7, atMs, mail: refused });
    expect((await list(`webhook_id=${webhook}`)).data).toEqual([
      {
        id,
        webhook_id: webhook,
        tenant: 'told',
        kind: 'delivery_failed',
        count: 7,
        first_at: at,
        last_at: at,
        details: { webhook_id: webhook },
        outcome: 'mailed',
        mail: { to: 'a@example.com', status: 'failed', tries: 2, error: '550 <no such user>', sent_at: null },
      },
    ]);
    const told = async (how: Parameters<typeof pastNotification>[3]) => {
      await pastNotification(world, webhook, 'told', how);
      return (await list(`webhook_id=${webhook}&limit=1`)).data[0];
    };
    expect(await told({ outcome: null })).toMatchObject({ outcome: null, mail: null });
    for (const outcome of ['nobody', 'switched_off', 'no_mail_server'] as const)
      expect(await told({ outcome, kind: 'circuit_opened' })).toMatchObject({ outcome, mail: null });
    expect(await told({ mail: { address: 'a@example.com', status: 'waiting', tries: 0 } })).toMatchObject({
      mail: { status: 'waiting', tries: 0, error: null, sent_at: null },
    });
    expect((await told({ mail: { address: 'a@example.com' } })).mail).toMatchObject({ status: 'sent', sent_at: expect.any(String) });
    // The mail may be gone before it: retention deletes each by its own age.
    await world.pool.query('delete from mails');
    expect((await list(`webhook_id=${webhook}&limit=1`)).data[0]).toMatchObject({ outcome: 'mailed', mail: null });
  });

  it('are filtered by webhook, kind, tenant and time, newest first, in pages', async () => {
    const [one, two] = [await newWebhook(world, 'filtered'), await newWebhook(world, 'filtered')];
    const dayMs = 86_400_000;
    const fromMs = Date.parse('2026-02-01T00:00:00Z');
    const made = [];
    for (const [day, webhook, kind] of [
      [0, one, 'webhook_failing'],
      [1, one, 'webhook_recovered'],
      [2, two, 'webhook_failing'],
    ] as const)
      made.push(await pastNotification(world, webhook, 'filtered', { kind, atMs: fromMs + day * dayMs }));
    const [first, second, third] = made;
    expect(await ids('tenant=filtered')).toEqual([third, second, first]);
    expect(await ids('tenant=filtered&kind=webhook_failing')).toEqual([third, first]);
    expect(await ids(`webhook_id=${one}`)).toEqual([second, first]);
    expect(await ids('tenant=filtered&first_at[gte]=2026-02-02T00:00:00Z&first_at[lt]=2026-02-03T00:00:00Z')).toEqual([second]);
    expect(await ids('tenant=nobody')).toEqual([]);
    const page = await list('tenant=filtered&limit=2');
    expect(await ids(`tenant=filtered&limit=2&cursor=${page.next_cursor}`)).toEqual([first]);
    for (const query of [`cursor=${page.next_cursor}`, 'kind=x', 'webhook_id=x', 'first_at=x', 'colour=1', 'limit=0'])
      expect((await world.call('GET', `/v1/notifications?${query}`)).status).toBe(400);
  });

  it('look no further than so far for what is rare, and go on from there', async () => {
    const webhook = await newWebhook(world, 'walked');
    const rare = await pastNotification(world, webhook, 'walked', { kind: 'circuit_opened' });
    for (let n = 0; n < 4; n += 1) await pastNotification(world, webhook, 'walked');
    const reach = { environmentId: world.environmentId, tenantId: await world.tenantId('walked') };
    const page = { ...reach, webhookId: null, kind: 'circuit_opened', firstAt: null, limit: 2 } as const;
    const limits = { firstRows: 1, rowsMax: 3 };
    const start = await listNotifications(world.db, { ...page, beforeId: null }, limits);
    expect([start.rows, start.lookedTo]).toEqual([[], expect.any(String)]);
    const rest = await listNotifications(world.db, { ...page, beforeId: start.lookedTo }, limits);
    expect([rest.rows.map(({ id }) => id), rest.lookedTo]).toEqual([[rare], null]);
  });

  it('are those of the tenant that a key is bound to, without the address of the operator', async () => {
    const [mine, theirs] = [await newWebhook(world, 'mine'), await newWebhook(world, 'theirs')];
    const told = await pastNotification(world, mine, 'mine', { mail: { address: operator } });
    await pastNotification(world, theirs, 'theirs');
    const channel = await world.key('channel', 'mine');
    expect(await ids('', channel)).toEqual([told]);
    expect(await ids(`webhook_id=${theirs}`, channel)).toEqual([]);
    expect(await ids('tenant=theirs', channel)).toEqual([]);
    expect((await list('', channel)).data[0].mail.to).toBeNull();
    expect((await list(`webhook_id=${mine}`)).data[0].mail.to).toBe(operator);
  });
});

describe('a webhook', () => {
  const notified = async (id: string, key = world.admin) => (await world.call('GET', `/v1/webhooks/${id}`, { key })).body.notified;

  it('says who is told: its own address, else its tenant’s, else the operator’s', async () => {
    const id = await newWebhook(world, 'addressed');
    expect(await notified(id)).toEqual({ email: operator, source: 'operator', by_mail: true });
    expect(await notified(id, await world.key('channel', 'addressed'))).toEqual({ email: null, source: 'operator', by_mail: true });
    await world.call('PATCH', '/v1/tenants/addressed', { body: { email: 'team@example.com' } });
    expect(await notified(id)).toEqual({ email: 'team@example.com', source: 'tenant', by_mail: true });
    const patched = await world.call('PATCH', `/v1/webhooks/${id}`, { body: { notification: { email: 'own@example.com' } } });
    expect(patched.body.notified).toEqual({ email: 'own@example.com', source: 'webhook', by_mail: true });
    const { data } = (await world.call('GET', '/v1/webhooks?tenant=addressed')).body;
    expect(data[0].notified.source).toBe('webhook');
    const { body } = await world.call('PATCH', `/v1/webhooks/${id}`, { body: { notified: {} } });
    expect(body.errors[0].message).toBe('/notified cannot be written');
  });

  it('says that nobody is told, and that there is no mail server', async () => {
    const bare = await createApiWorld();
    const { body } = await bare.call('POST', '/v1/webhooks', { body: { url: 'http://127.0.0.1:9/' } });
    await bare.close();
    expect(body.notified).toEqual({ email: null, source: null, by_mail: false });
  });
});
