import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { limits } from '../limits.js';

let world: ApiWorld;
const ids: Record<string, string> = {};
const url = (name: string): string => `http://127.0.0.1:9/${name}?a=b`;
const create = async (name: string, fields: Record<string, unknown> = {}): Promise<void> => {
  const made = await world.call('POST', '/v1/webhooks', { body: { url: url(name), name, tenant: 'acme', ...fields } });
  ids[name] = made.body.id;
};
const list = (query: string, key?: string) => world.call('GET', `/v1/webhooks?${query}`, key === undefined ? {} : { key });
const namesOf = async (query: string, key?: string): Promise<readonly string[]> =>
  (await list(query, key)).body.data.map((each: { name: string | null; code: string | null }) => each.name ?? each.code);

beforeAll(async () => {
  world = await createApiWorld();
  await create('orders', { event_types: ['order.*'], code: 'same', reference: 'crm-1' });
  await create('all', { is_active: false });
  await create('ours', { event_types: ['posthorn.*', 'refund.made'] });
  await create('exact', { event_types: ['order.placed'] });
  await create('elsewhere', { tenant: 'globex', code: 'same', event_types: ['a_b'] });
  await world.call('POST', '/v1/webhooks', { body: { url: url('nameless'), tenant: 'acme', code: 'nameless', event_types: ['axb'] } });
  await world.call('POST', `/v1/webhooks/${ids.ours}/pause`);
  await world.pool.query(`update webhook_state set circuit = 2, paused_at = now() where webhook_id = $1`, [ids.exact]);
  await world.pool.query(`update webhook_state set paused_at = now() where webhook_id = $1`, [ids.all]);
  const names = ['orders', 'all', 'ours', 'exact', 'elsewhere', 'nameless'];
  for (const [index, name] of names.entries())
    await world.pool.query(
      `update webhooks set object_id = $2, created_at = $3::timestamptz + interval '400 microseconds', updated_at = $4
        where coalesce(name, code) = $1`,
      [name, String(index).padStart(24, 'a'), `2026-01-0${index + 1}T00:00:00.500Z`, `2026-02-0${9 - index}T00:00:00Z`],
    );
});
afterAll(() => world.close());

describe('webhooks are found', () => {
  it.each<[string, readonly string[]]>([
    ['', ['nameless', 'elsewhere', 'exact', 'ours', 'all', 'orders']],
    ['is_active=true', ['nameless', 'elsewhere', 'exact', 'ours', 'orders']],
    ['is_active=false', ['all']],
    ['status=active', ['nameless', 'elsewhere', 'orders']],
    ['status=paused', ['exact', 'ours']],
    ['status=disabled', ['all']],
    ['circuit_state=half_open', ['exact']],
    ['circuit_state=open', []],
    ['circuit_state=closed', ['nameless', 'elsewhere', 'ours', 'all', 'orders']],
    ['event_type=order.placed', ['exact', 'all', 'orders']],
    ['event_type=refund.made', ['ours', 'all']],
    ['event_type=posthorn.circuit_opened', ['ours']],
    ['event_type=a_b', ['elsewhere', 'all']],
    ['tenant=globex', ['elsewhere']],
    ['tenant=nobody', []],
    ['code=same', ['elsewhere', 'orders']],
    ['code=Same', []],
    ['name=orders', ['orders']],
    ['name=', []],
    ['name=%25', []],
    [`url=${encodeURIComponent(url('orders'))}`, ['orders']],
    [`url=${encodeURIComponent(url('order'))}`, []],
    ['reference=crm-1', ['orders']],
    ['object_id=aaaaaaaaaaaaaaaaaaaaaaa1', ['all']],
    ['created_at[gte]=2026-01-05T00:00:00.500Z', ['nameless', 'elsewhere']],
    ['created_at[gt]=2026-01-05T00:00:00.500Z', ['nameless']],
    ['created_at[lt]=2026-01-02T00:00:00.500Z', ['orders']],
    ['created_at[lte]=2026-01-02T01:00:00.500%2B01:00', ['all', 'orders']],
    ['created_at[gt]=2026-01-02T00:00:00Z&created_at[lte]=2026-01-03T00:00:00.500Z', ['ours', 'all']],
    ['created_at[gte]=0001-01-01T00:00:00Z&created_at[lte]=9999-12-31T23:59:59.999Z&tenant=globex', ['elsewhere']],
    ['updated_at[lt]=2026-02-05T00:00:00Z', ['nameless']],
    ['updated_at[gte]=2026-02-08T00:00:00Z', ['all', 'orders']],
    ['is_active=true&status=paused&circuit_state=half_open&event_type=order.placed&tenant=acme&name=exact', ['exact']],
    ['is_active=false&status=active', []],
    ['sort=created_at', ['orders', 'all', 'ours', 'exact', 'elsewhere', 'nameless']],
    ['sort=-created_at', ['nameless', 'elsewhere', 'exact', 'ours', 'all', 'orders']],
    ['sort=name', ['nameless', 'all', 'elsewhere', 'exact', 'orders', 'ours']],
    ['sort=-name', ['ours', 'orders', 'exact', 'elsewhere', 'all', 'nameless']],
    ['sort=updated_at', ['nameless', 'elsewhere', 'exact', 'ours', 'all', 'orders']],
    ['sort=-updated_at', ['orders', 'all', 'ours', 'exact', 'elsewhere', 'nameless']],
    ['sort=-updated_at&tenant=acme&is_active=true', ['orders', 'ours', 'exact', 'nameless']],
  ])('by %s', async (query, names) => {
    expect(await namesOf(query)).toEqual(names);
  });

  it('only within the reach of the key, whatever is asked', async () => {
    const bound = await world.key('channel', 'globex');
    expect(await namesOf('code=same', bound)).toEqual(['elsewhere']);
    expect(await namesOf('tenant=acme', bound)).toEqual([]);
    expect(await namesOf('tenant=globex&sort=name', bound)).toEqual(['elsewhere']);
  });
});

describe('what is not understood is refused, and says what is known', () => {
  it.each<[string, RegExp]>([
    ['colour=red', /^the parameter colour is not known here; known are limit, cursor, is_active, .*updated_at\[lte\], sort$/],
    ['__proto__=1', /__proto__ is not known here/],
    ['created_at=2026-01-01T00:00:00Z', /^created_at needs an operator; known are created_at\[gt\], created_at\[gte\],/],
    ['created_at[eq]=2026-01-01T00:00:00Z', /^created_at has no operator eq; known are created_at\[gt\],/],
    ['created_at[]=2026-01-01T00:00:00Z', /^created_at has no operator ;/],
    ['status[in]=active', /^status takes no operator, only status=…$/],
    ['created_at[gte]=1&created_at[gte]=2', /^the parameter created_at\[gte\] is given twice$/],
    ['created_at[gte]=2026-02-30T00:00:00Z', /^created_at\[gte\] must be an RFC 3339 time$/],
    ['is_active=1', /^is_active must be true or false$/],
    ['status=gone', /^status must be one of active, paused, disabled$/],
    ['circuit_state=ajar', /^circuit_state must be one of closed, open, half_open$/],
    ['event_type=order.*', /^event_type must be an event type/],
    ['tenant=a%20b', /^tenant must be/],
    ['name=a%00', /^name must be a text/],
    [`code=${'x'.repeat(65)}`, /^code must be a text of at most 64/],
    ['sort=url', /^sort must be one of created_at, -created_at, name, -name, updated_at, -updated_at$/],
    ['limit=0', /^limit must be/],
    [`limit=${limits.listMax + 1}`, /^limit must be/],
  ])('%s', async (query, message) => {
    const answer = await list(query);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    expect(answer.body.detail).toMatch(message);
  });
});

describe('a cursor of the list', () => {
  const walk = async (query: string): Promise<readonly string[]> => {
    const walked: string[] = [];
    let cursor = '';
    do {
      const { body } = await list(`${query}&limit=2${cursor}`);
      walked.push(...body.data.map((each: { name: string | null; code: string }) => each.name ?? each.code));
      cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`;
    } while (cursor !== '');
    return walked;
  };

  it.each(['sort=name', 'sort=-name', 'sort=created_at', 'sort=-created_at', 'sort=-updated_at&tenant=acme', 'is_active=true'])(
    'goes through all of %s',
    async (query) => {
      expect(await walk(query)).toEqual(await namesOf(query));
    },
  );

  it('belongs to its filters, its sort and its reach', async () => {
    const { body } = await list('sort=name&is_active=true&limit=2');
    const cursor = `cursor=${body.next_cursor}`;
    expect((await list(`is_active=true&sort=name&limit=1&${cursor}`)).status).toBe(200);
    for (const other of [
      '',
      'sort=name',
      'is_active=true',
      'sort=-name&is_active=true',
      'sort=name&is_active=false',
      'sort=name&is_active=true&code=same',
    ])
      expect([other, (await list(`${other}&${cursor}`)).body.code]).toEqual([other, 'invalid_cursor']);
    expect((await list(`sort=name&is_active=true&${cursor}`, await world.key('viewer', 'acme'))).body.code).toBe('invalid_cursor');
    const edited = `cursor=${body.next_cursor.slice(0, -2)}AA`;
    expect((await list(`sort=name&is_active=true&${edited}`)).body.code).toBe('invalid_cursor');
  });
});
