// The lists of dialect 001, asked for by the client that its users have; and who is shown the secrets in them.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { callbackLimits } from '@posthorn/db';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { createCommerceClient } from '../../tests/commerce-client.js';

let world: ApiWorld;
let key: string;
let sdk: ReturnType<typeof createCommerceClient>;
type Filters = Readonly<Record<string, string | number | boolean | string[]>>;

const tenant = 'lists';
/** Oldest first, an hour apart. */
const made = [
  { name: 'alpha orders', topic: 'orders.place', callback_url: 'http://127.0.0.1:9/one', reference: 'r-1' },
  { name: 'Beta orders', topic: 'orders.cancel', callback_url: 'http://127.0.0.1:9/two', reference: 'r-2', reference_origin: 'erp' },
  { name: 'gamma', topic: 'orders.place', callback_url: 'http://127.0.0.1:9/three', include_resources: ['customer'] },
  { name: null, topic: '*', callback_url: 'http://127.0.0.1:9/four', _disable: true },
  { name: '100%', topic: 'customers.*,orders.place', callback_url: 'http://127.0.0.1:9/five', reference: '' },
  { name: 'zeta', topic: 'orders.fulfill', callback_url: 'http://127.0.0.1:9/six' },
] as const;
const ids: string[] = [];
const dayOf = (hour: number): string => `2026-03-01T0${hour}:00:00.000Z`;

const setState = (place: number, circuit: number, failures: number) =>
  world.pool.query('update webhook_state set circuit = $2, circuit_failure_count = $3 where webhook_id = $1', [
    ids[place],
    circuit,
    failures,
  ]);

beforeAll(async () => {
  world = await createApiWorld();
  key = await world.key('channel', tenant);
  sdk = createCommerceClient(world, key);
  for (const [hour, attributes] of made.entries()) {
    const { id } = await sdk.webhooks.create({ ...attributes, include_resources: [] });
    ids.push(id);
    await world.pool.query('update webhooks set created_at = $2, updated_at = $2 where id = $1', [id, dayOf(hour)]);
  }
  await setState(1, 1, 12);
  await setState(2, 2, 30);
  await setState(5, 0, 3);
});
afterAll(() => world.close());

/** Where in `made` the webhooks of an answer stand. */
const placesOf = (list: readonly { readonly id: string }[]): readonly number[] => Array.from(list, ({ id }) => ids.indexOf(id));
const placesBy = async (filters: Filters) => placesOf(await sdk.webhooks.list({ filters, sort: { created_at: 'asc' } }));
const newestFirst = [5, 4, 3, 2, 1, 0];

describe('a filter', () => {
  it.each<[Filters, readonly number[]]>([
    [{ topic_eq: 'orders.place' }, [0, 2]],
    [{ topic_eq: '*' }, [3]],
    [{ topic_eq: 'customers.*,orders.place' }, [4]],
    [{ topic_not_eq: 'orders.place' }, [1, 3, 4, 5]],
    [{ topic_in: ['orders.cancel', 'orders.fulfill'] }, [1, 5]],
    [{ topic_start: 'orders.' }, [0, 1, 2, 5]],
    [{ circuit_state_eq: 'open' }, [1, 2]],
    [{ circuit_state_eq: 'closed' }, [0, 3, 4, 5]],
    [{ circuit_state_in: ['open', 'closed'] }, [0, 1, 2, 3, 4, 5]],
    [{ circuit_failure_count_gt: 3 }, [1, 2]],
    [{ circuit_failure_count_gteq: 3, circuit_failure_count_lt: 30 }, [1, 5]],
    [{ circuit_failure_count_eq: 0 }, [0, 3, 4]],
    [{ name_eq: 'gamma' }, [2]],
    [{ name_matches_any: ['% orders', 'gam%'] }, [0, 1, 2]],
    [{ name_cont: 'BETA' }, [1]],
    [{ name_cont_any: ['alpha', 'zeta'] }, [0, 5]],
    [{ name_cont: '0%' }, [4]],
    [{ name_null: true }, [3]],
    [{ name_null: false }, [0, 1, 2, 4, 5]],
    [{ name_present: true }, [0, 1, 2, 4, 5]],
    [{ callback_url_cont: '/t' }, [1, 2]],
    [{ callback_url_eq: 'http://127.0.0.1:9/six' }, [5]],
    [{ callback_url_end: 'e' }, [0, 2, 4]],
    [{ disabled_at_null: true }, [0, 1, 2, 4, 5]],
    [{ disabled_at_not_null: true }, [3]],
    [{ reference_eq: 'r-2', reference_origin_eq: 'erp' }, [1]],
    [{ reference_present: true }, [0, 1]],
    [{ reference_or_name_eq: 'r-1' }, [0]],
    [{ created_at_gt: dayOf(3) }, [4, 5]],
    [{ created_at_gteq: dayOf(3), created_at_lt: dayOf(5) }, [3, 4]],
    [{ created_at_lteq: '2026-03-01T02:00:00+01:00' }, [0, 1]],
    [{ created_at_lt: '2026-03-01' }, []],
    [{ updated_at_gt: '2026-02-28' }, [0, 1, 2, 3, 4, 5]],
    [{ topic_eq: 'orders.place', circuit_state_eq: 'open' }, [2]],
    [{ topic_eq: 'nothing.of.it' }, []],
  ])('%j finds %j', async (filters, places) => {
    expect(await placesBy(filters)).toEqual(places);
    expect(await sdk.webhooks.count(filters)).toBe(places.length);
  });

  it('by id finds one, some, and none', async () => {
    expect(await placesBy({ id_eq: ids[4]! })).toEqual([4]);
    expect(await placesBy({ id_in: [ids[5]!, ids[0]!, crypto.randomUUID()] })).toEqual([0, 5]);
    expect(await placesBy({ id_eq: 'x' })).toEqual([]);
  });

  it('by a time that was read finds what is later, and not that itself', async () => {
    const own = createCommerceClient(world, await world.key('channel', 'times'));
    const { id, created_at } = await own.webhooks.create({ topic: 'a', callback_url: 'http://127.0.0.1:9/' });
    expect(await own.webhooks.count({ created_at_gt: created_at })).toBe(0);
    expect((await own.webhooks.list({ filters: { created_at_eq: created_at } })).first()?.id).toBe(id);
    expect(await own.webhooks.count({ created_at_lteq: created_at })).toBe(1);
  });
});

describe('the order', () => {
  it.each<[string[], readonly number[]]>([
    [[], newestFirst],
    [['-created_at'], newestFirst],
    [['created_at'], [0, 1, 2, 3, 4, 5]],
    [['id'], [0, 1, 2, 3, 4, 5]],
    [
      ['circuit_failure_count', '-created_at'],
      [4, 3, 0, 5, 1, 2],
    ],
    [
      ['-circuit_state', '-created_at'],
      [2, 1, 5, 4, 3, 0],
    ],
    [
      ['topic', 'created_at'],
      [3, 4, 1, 5, 0, 2],
    ],
  ])('%j is kept', async (sort, places) => {
    expect(placesOf(await sdk.webhooks.list({ sort: sort as ['id'] }))).toEqual(places);
  });

  it('is that of the newest first unless something else is asked for', async () => {
    expect(placesOf(await sdk.webhooks.list())).toEqual(newestFirst);
  });
});

describe('a page', () => {
  it('says how many there are, and what comes before and after', async () => {
    const pages = [];
    for (let pageNumber = 1; pageNumber <= 4; pageNumber++) pages.push(await sdk.webhooks.list({ pageNumber, pageSize: 2 }));
    expect(pages.map((page) => placesOf([...page]))).toEqual([[5, 4], [3, 2], [1, 0], []]);
    for (const page of pages) expect([page.recordCount, page.pageCount]).toEqual([6, 3]);
    expect(pages.map((page) => [page.hasPrevPage(), page.hasNextPage()])).toEqual([
      [false, true],
      [true, true],
      [true, false],
      [true, false],
    ]);
  });

  it('has links to others that keep the query and can be followed', async () => {
    const get = async (path: string) => (await world.call('GET', path, { key })).body;
    const placed = (body: { readonly data: readonly { readonly id: string }[] }) => placesOf(body.data);
    const first = await get('/api/webhooks?filter[q][topic_cont]=orders&sort=created_at&page[size]=2&fields[webhooks]=name');
    expect([placed(first), first.meta, Object.keys(first.links)]).toEqual([
      [0, 1],
      { record_count: 5, page_count: 3 },
      ['first', 'next', 'last'],
    ]);
    const follow = (link: string) => {
      expect(link.startsWith(`${world.origin}/`)).toBe(true);
      return get(link.slice(world.origin.length));
    };
    const second = await follow(first.links.next);
    expect([placed(second), Object.keys(second.links), second.data[0].attributes]).toEqual([
      [2, 4],
      ['first', 'prev', 'next', 'last'],
      { name: 'gamma' },
    ]);
    expect(placed(await follow(second.links.last))).toEqual([5]);
    expect(await follow(second.links.prev)).toEqual(first);
    expect(await follow(second.links.first)).toEqual(first);
  });

  it('of event callbacks goes as far back as the database looks, and no further', async () => {
    const last = callbackLimits.attemptsMax / 25;
    const statusOf = async (number: number) =>
      (await world.call('GET', `/api/event_callbacks?page[size]=25&page[number]=${number}`)).status;
    expect([await statusOf(last), await statusOf(last + 1)]).toEqual([200, 400]);
  });

  it('is of 10 unless 25 at most are asked for, and counted without any', async () => {
    const many = createCommerceClient(world, await world.key('channel', 'many'));
    for (let n = 0; n < 12; n++) await many.webhooks.create({ topic: `t.${n}`, callback_url: 'http://127.0.0.1:9/' });
    const page = await many.webhooks.list();
    expect([page.length, page.recordCount, page.pageCount]).toEqual([10, 12, 2]);
    const last = await many.webhooks.list({ pageNumber: 2 });
    expect([last.length, last.recordCount, last.pageCount, last.hasNextPage()]).toEqual([2, 12, 2, false]);
    expect(await many.webhooks.list({ pageSize: 25 })).toHaveLength(12);
    expect([await many.webhooks.count(), await many.webhooks.count({ topic_eq: 't.3' })]).toEqual([12, 1]);
    await expect(many.webhooks.list({ pageSize: 26 as 25 })).rejects.toMatchObject({ status: 400 });
  });
});

describe('sparse fields', () => {
  it('cut resources down, and answers with all where none are named', async () => {
    const [cut] = await sdk.webhooks.list({ fields: ['name', 'topic'], filters: { id_eq: ids[0]! } });
    expect(cut).toEqual({ id: ids[0], type: 'webhooks', name: 'alpha orders', topic: 'orders.place' });
    const { body } = await world.call('GET', `/api/webhooks/${ids[0]}?fields[webhooks]=name,versions`, { key });
    expect([Object.keys(body.data.attributes), Object.keys(body.data.relationships)]).toEqual([['name'], ['versions']]);
    expect(body.data).toMatchObject({ links: { self: `${world.origin}/api/webhooks/${ids[0]}` }, meta: { mode: 'test' } });
  });
});

describe('a shared secret', () => {
  const read = async (role: 'admin' | 'operator' | 'viewer' | 'channel') => {
    const own = createCommerceClient(world, await world.key(role, role === 'channel' ? tenant : undefined));
    const audited = async () =>
      (await world.pool.query(`select subject_id from audit_log where action = 'webhook.secret_read'`)).rows.length;
    const filters = { id_in: ids };
    const [one, list, before] = [await own.webhooks.retrieve(ids[0]!), await own.webhooks.list({ filters }), await audited()];
    await own.webhooks.retrieve(ids[0]!);
    const afterOne = await audited();
    await own.webhooks.list({ filters });
    const afterList = await audited();
    await own.webhooks.list({ filters, fields: ['name'] });
    expect(await audited()).toBe(afterList);
    return { secrets: [one, ...list].map(({ shared_secret }) => shared_secret), entries: [afterOne - before, afterList - afterOne] };
  };

  it.each(['admin', 'channel'] as const)('is shown to the role %s, one by one and in lists, and each time written down', async (role) => {
    const { secrets, entries } = await read(role);
    expect(secrets).toHaveLength(7);
    for (const secret of secrets) expect(secret).toMatch(/^[0-9a-f]{32}$/);
    expect(entries).toEqual([1, 6]);
  });

  it.each(['operator', 'viewer'] as const)('is null to the role %s, and nothing is written down', async (role) => {
    expect(await read(role)).toEqual({ secrets: Array(7).fill(null), entries: [0, 0] });
  });
});
