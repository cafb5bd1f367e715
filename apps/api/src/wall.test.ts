// The second wall, from outside: a route whose statement has lost its WHERE shows its caller nothing of others, and cannot change it.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Database } from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { type ApiWorld, createApiWorld } from '../tests/api-world.js';
import { newWebhook, pastDelivery, pastEvent, pastNotification } from '../tests/past.js';

const tables = [
  ...['attempts', 'deliveries', 'environments', 'event_types', 'events', 'notifications', 'tenants', 'webhook_secrets', 'webhook_state'],
  ...['webhook_stats', 'webhook_timeline', 'webhook_versions', 'webhooks'],
] as const;
const unbound = ['api_keys', 'audit_log'] as const;
type Table = (typeof tables)[number] | (typeof unbound)[number];

/** Real routes of the API, but for the WHERE. */
const addForgetful = (app: FastifyInstance, walledDb: Database): void => {
  const config = { permission: 'read_webhooks' } as const;
  const schema = { hide: true };
  app.get<{ Params: { table: Table } }>('/v1/forgetful/:table', { config, schema }, ({ params }) =>
    walledDb
      .selectFrom(params.table as 'webhooks')
      .selectAll()
      .execute(),
  );
  // A body is read before the handler runs.
  app.post<{ Params: { table: Table } }>('/v1/forgetful/:table', { config, schema }, ({ params }) =>
    walledDb.transaction().execute((one) =>
      one
        .selectFrom(params.table as 'webhooks')
        .selectAll()
        .execute(),
    ),
  );
  app.patch('/v1/forgetful/webhooks', { config, schema }, async () => {
    const { numUpdatedRows } = await walledDb.updateTable('webhooks').set({ description: 'forgotten' }).executeTakeFirstOrThrow();
    return { changed: Number(numUpdatedRows) };
  });
  app.get('/v1/forgetful-public', { config: { permission: 'public' }, schema }, () =>
    walledDb.selectFrom('webhooks').selectAll().execute(),
  );
};

let world: ApiWorld;
let elsewhere: string;
const keys: Record<'unbound' | 'own' | 'other' | 'elsewhere' | 'elsewhereOwn', string> = {
  ...{ unbound: '', own: '', other: '', elsewhere: '', elsewhereOwn: '' },
};
/** Something of everything, of one tenant. */
const fill = async (tenant: string): Promise<void> => {
  const [webhookId, eventId] = [await newWebhook(world, tenant), await pastEvent(world, tenant)];
  await pastDelivery(world, eventId, webhookId, 'failed', tenant);
  await pastNotification(world, webhookId, tenant);
  await world.call('POST', `/v1/webhooks/${webhookId}/pause`);
  await world.call('POST', '/v1/event-types', { body: { name: `type.of.${tenant}` } });
};

beforeAll(async () => {
  world = await createApiWorld(null, {}, addForgetful);
  elsewhere = await world.environment('test');
  await fill('own');
  await fill('other');
  keys.unbound = world.admin;
  keys.own = await world.key('admin', 'own');
  keys.other = await world.key('admin', 'other');
  keys.elsewhere = await world.key('admin', undefined, elsewhere);
  keys.elsewhereOwn = await world.key('admin', 'elsewhere', elsewhere);
});
afterAll(() => world.close());

type Row = Readonly<Record<string, unknown>>;
const read = async (key: string, table: string, method = 'GET'): Promise<readonly Row[]> => {
  const headers = { authorization: `Bearer ${key}`, ...(method === 'POST' && { 'content-type': 'application/json' }) };
  const answer = await fetch(`${world.origin}/v1/forgetful/${table}`, { method, headers, ...(method === 'POST' && { body: '{"a":1}' }) });
  expect([table, answer.status]).toEqual([table, 200]);
  return (await answer.json()) as readonly Row[];
};
const environmentOf = (table: string, row: Row): unknown => (table === 'environments' ? row.id : row.environment_id);
const tenantOf = (table: string, row: Row): unknown => (table === 'tenants' ? row.id : row.tenant_id);

describe.each(['GET', 'POST'])('%s without a WHERE', (method) => {
  it('shows an unbound key its environment alone', async () => {
    for (const table of [...tables, ...unbound]) {
      const rows = await read(keys.unbound, table, method);
      expect([table, new Set(rows.map((row) => environmentOf(table, row)))]).toEqual([table, new Set([world.environmentId])]);
    }
  });

  it('shows a key that is bound to a tenant this tenant alone', async () => {
    const tenantId = await world.tenantId('own');
    for (const table of tables) {
      const rows = await read(keys.own, table, method);
      expect([table, rows.length > 0]).toEqual([table, true]);
      expect([table, new Set(rows.map((row) => environmentOf(table, row)))]).toEqual([table, new Set([world.environmentId])]);
      if (table === 'environments' || table === 'event_types') continue;
      expect([table, new Set(rows.map((row) => tenantOf(table, row)))]).toEqual([table, new Set([tenantId])]);
    }
  });

  it('shows another environment nothing of this one', async () => {
    for (const key of [keys.elsewhere, keys.elsewhereOwn])
      for (const table of tables) {
        const rows = await read(key, table, method);
        expect([table, rows.filter((row) => environmentOf(table, row) !== elsewhere)]).toEqual([table, []]);
      }
  });
});

it('changes without a WHERE what is in reach alone', async () => {
  const patch = async (key: string) =>
    (await fetch(`${world.origin}/v1/forgetful/webhooks`, { method: 'PATCH', headers: { authorization: `Bearer ${key}` } })).json();
  expect(await patch(keys.elsewhere)).toEqual({ changed: 0 });
  expect(await patch(keys.other)).toEqual({ changed: 1 });
  const { rows } = await world.pool.query(
    `select t.key from webhooks w join tenants t on t.id = w.tenant_id where w.description = 'forgotten'`,
  );
  expect(rows).toEqual([{ key: 'other' }]);
});

it('keeps requests apart that run at the same time', async () => {
  const tenantIds = { own: await world.tenantId('own'), other: await world.tenantId('other') };
  await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const name = index % 2 === 0 ? 'own' : 'other';
      const rows = await read(keys[name], 'webhooks', index % 3 === 0 ? 'POST' : 'GET');
      expect(rows.map(({ tenant_id }) => tenant_id)).toEqual([tenantIds[name]]);
    }),
  );
});

it('sends nothing for a request that has no key', async () => {
  const answer = await fetch(`${world.origin}/v1/forgetful-public`);
  expect(answer.status).toBe(500);
});
