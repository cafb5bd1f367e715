// Webhooks of other systems come in whole or not at all, and what goes out can come in again.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { newWebhook } from '../../tests/past.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const url = 'http://127.0.0.1:9/hook';
let turn = 0;
const hexId = (): string => (++turn).toString(16).padStart(24, '0');
const cot = (company: string, more: object = {}) => ({
  _id: hexId(),
  company,
  isActive: true,
  trigger: 'logout-user',
  url,
  name: `n${turn}`,
  ...more,
});
const send = (dialect: string, webhooks: readonly unknown[], more: object = {}, key = world.admin) =>
  world.call('POST', '/v1/webhooks/import', { key, body: { dialect, webhooks, ...more } });
const listed = async (tenant: string): Promise<readonly { readonly id: string; readonly name: string; readonly object_id: string }[]> =>
  (await world.call('GET', `/v1/webhooks?tenant=${tenant}&sort=created_at&limit=200`)).body.data;
const secretOf = async (id: string): Promise<string> => (await world.call('GET', `/v1/webhooks/${id}/secret`)).body.secret;

describe('a dry run', () => {
  it('says row by row what would happen, and does nothing, not even make the tenant', async () => {
    const rows = [cot('dry', { code: 'one', secret: 'a-secret-of-the-past' }), cot('dry', { url: 7 }), cot('dry', { code: 'one' })];
    const { status, body } = await send('003', rows, { dry_run: true });
    expect(status).toBe(200);
    expect(body).toMatchObject({ dialect: '003', dry_run: true, ready: 2, imported: 0, refused: 1 });
    expect(body.data.map((row: { status: string; secret: string; code: string | null }) => [row.status, row.secret, row.code])).toEqual([
      ['ready', 'kept', 'one'],
      ['refused', 'new', null],
      ['ready', 'new', 'one_2'],
    ]);
    expect(body.data[1].errors).toEqual([{ pointer: '/url', code: 'invalid_field', message: '/url must be a string that is not empty' }]);
    expect(body.data[2].renamed).toEqual([{ field: 'code', from: 'one', to: 'one_2' }]);
    expect((await world.call('GET', '/v1/tenants/dry')).status).toBe(404);
  });
});

describe('an import', () => {
  it('keeps ids and secrets, renames what is taken, and can be read in its dialect', async () => {
    await newWebhook(world, 'moving', { name: 'Work orders', code: 'wo' });
    const rows = [
      cot('moving', { name: 'Work orders', code: 'wo', secret: 'a-secret-of-the-past', isActive: false, context: { survey: '' } }),
      cot('moving', { name: 'Work orders' }),
    ];
    const { body } = await send('003', rows);
    expect(body).toMatchObject({ imported: 2, refused: 0, ready: 0 });
    expect(body.data.map((row: { name: string; code: string; status: string }) => [row.status, row.name, row.code])).toEqual([
      ['imported', 'Work orders (2)', 'wo_2'],
      ['imported', 'Work orders (3)', null],
    ]);
    const [first] = body.data;
    expect(await secretOf(first.id)).toBe('a-secret-of-the-past');
    const shown = await world.call('GET', `/compat/cot/webhooks/${rows[0]?._id}`);
    const { secret: _, ...sent } = rows[0] as unknown as { readonly secret: string };
    expect(shown.body).toEqual({ ...sent, name: 'Work orders (2)', code: 'wo_2', description: null, __v: 0 });
    const created = (await world.call('GET', `/v1/audit?subject_id=${first.id}`)).body.data;
    expect(created.map(({ action }: { action: string }) => action)).toContain('webhook.created');
  });

  it('does nothing at all if one row is refused, and names its places', async () => {
    const before = await listed('whole');
    const { status, body } = await send('003', [
      cot('whole'),
      cot('whole', { trigger: '', code: 'Über' }),
      cot('whole', { url: 'http://10.0.0.1/' }),
    ]);
    expect([status, body.code, body.detail]).toEqual([422, 'invalid_field', '2 of 3 webhooks are refused; none was imported']);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/webhooks/1/trigger', '/webhooks/2/url']);
    expect(await listed('whole')).toEqual(before);
  });

  it('refuses an _id that is here, or twice in the file, until its webhook is deleted', async () => {
    const row = cot('again');
    await send('003', [row]);
    const second = await send('003', [cot('again'), row, cot('again', { _id: row._id.toUpperCase() })], { dry_run: true });
    expect(
      second.body.data.map(({ status, errors }: { status: string; errors: { pointer: string }[] }) => [status, errors[0]?.pointer]),
    ).toEqual([
      ['ready', undefined],
      ['refused', '/_id'],
      ['refused', '/_id'],
    ]);
    const twice = cot('again');
    expect((await send('003', [twice, twice])).status).toBe(422);
    await world.call('DELETE', `/compat/cot/webhooks/${row._id}`);
    expect((await send('003', [row])).body.imported).toBe(1);
  });

  it('puts what names no tenant where it is told, or into the default one', async () => {
    expect(
      (await send('004', [{ target_url: url, environment_id: 'elsewhere', id: 'old' }], { tenant: 'told' })).body.data[0],
    ).toMatchObject({
      tenant: 'told',
      old_id: 'old',
    });
    expect((await send('004', [{ target_url: url }])).body.data[0].tenant).toBe('default');
    expect((await send('003', [cot('named')], { tenant: 'told' })).body.data[0].tenant).toBe('named');
  });

  it('is for the own tenant alone if the key is bound', async () => {
    const channel = await world.key('channel', 'bound');
    expect((await send('003', [cot('bound')], {}, channel)).body.imported).toBe(1);
    const foreign = await send('003', [cot('other')], { dry_run: true }, channel);
    expect(foreign.body.data[0].errors[0]).toMatchObject({ pointer: '/company', code: 'tenant_forbidden' });
    expect((await send('004', [{ target_url: url }], { tenant: 'other' }, channel)).status).toBe(422);
    expect((await send('004', [{ target_url: url }], {}, channel)).body.data[0].tenant).toBe('bound');
  });

  it.each([
    ['no dialect', { webhooks: [1] }, 'missing_field'],
    ['an unknown dialect', { dialect: '002', webhooks: [1] }, 'invalid_field'],
    ['no webhooks', { dialect: '003', webhooks: [] }, 'invalid_field'],
    ['too many', { dialect: '003', webhooks: Array(10_001).fill(1) }, 'invalid_field'],
  ])('refuses %s', async (_, body, code) => {
    const answer = await world.call('POST', '/v1/webhooks/import', { body });
    expect([answer.status, answer.body.code]).toEqual([422, code]);
  });

  it.each(['000', '001', '003', '004'])('takes no row that is no object: %s', async (dialect) => {
    const { body } = await send(dialect, [null, 7, 'x', [], {}], { dry_run: true });
    expect(body).toMatchObject({ ready: 0, refused: 5 });
  });

  it('of ten thousand is one step', async () => {
    const rows = Array.from({ length: 10_000 }, () => ({ ...cot('many'), name: 'the same' }));
    const { body } = await send('003', rows);
    expect([body.imported, body.detail]).toEqual([10_000, undefined]);
    const { rows: counted } = await world.pool.query<{ names: number; secrets: number; versions: number }>(
      `select count(distinct w.name)::int as names, count(distinct s.id)::int as secrets, count(distinct v.webhook_id)::int as versions
         from webhooks w join webhook_secrets s on s.webhook_id = w.id join webhook_versions v on v.webhook_id = w.id
        where w.tenant_id = $1`,
      [await world.tenantId('many')],
    );
    expect(counted[0]).toEqual({ names: 10_000, secrets: 10_000, versions: 10_000 });
  });
});

describe('an export', () => {
  it('can be imported elsewhere, with ids, secrets and state', async () => {
    const there = await world.environment('test');
    const key = await world.key('admin', undefined, there);
    await send('003', [cot('out', { isActive: false, secret: 'a-secret-of-the-past' }), cot('out', { context: { group: '' } })]);
    const exported = (await world.call('GET', '/v1/webhooks/export?dialect=003&secrets=true&tenant=out')).body;
    expect(exported.data).toHaveLength(2);
    expect((await send('003', exported.data, {}, key)).body.imported).toBe(2);
    const again = (await world.call('GET', '/v1/webhooks/export?dialect=003&secrets=true', { key })).body;
    expect(again).toEqual(exported);
  });

  it('goes in pages, and shows secrets only to those who may read them, when they ask', async () => {
    const first = (await world.call('GET', '/v1/webhooks/export?dialect=004&limit=1')).body;
    expect([first.data.length, 'secret' in first.data[0]]).toEqual([1, false]);
    const second = (await world.call('GET', `/v1/webhooks/export?dialect=004&limit=1&cursor=${first.next_cursor}`)).body;
    expect(second.data[0].id).not.toBe(first.data[0].id);
    const viewer = await world.key('viewer');
    expect((await world.call('GET', '/v1/webhooks/export?dialect=004', { key: viewer })).status).toBe(200);
    expect((await world.call('GET', '/v1/webhooks/export?dialect=004&secrets=true', { key: viewer })).status).toBe(403);
    expect((await world.call('GET', '/v1/webhooks/export')).status).toBe(400);
  });
});
