import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { newWebhook } from '../../tests/past.js';
import { limits } from '../limits.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

let names = 0;
const newName = () => `type.n${names++}`;
const create = (body: Record<string, unknown>, key?: string) =>
  world.call('POST', '/v1/event-types', { body: { name: newName(), ...body }, ...(key !== undefined && { key }) });
const pathOf = (name: string) => `/v1/event-types/${encodeURIComponent(name)}`;
const read = (name: string, key?: string) => world.call('GET', pathOf(name), key === undefined ? {} : { key });
const change = (name: string, body: unknown) => world.call('PATCH', pathOf(name), { body });
const made = async (body: Record<string, unknown> = {}): Promise<string> => {
  const answer = await create(body);
  expect(answer).toMatchObject({ status: 201 });
  return answer.body.name;
};
const list = async (query = '', key?: string) => world.call('GET', `/v1/event-types${query}`, key === undefined ? {} : { key });
const namesOf = ({ body }: { body: { data: { name: string }[] } }) => body.data.map(({ name }) => name);
const audited = async (name: string) => {
  const { rows } = await world.pool.query('select action, details from audit_log where subject_id = $1 order by id', [name]);
  return rows.map(({ action, details }) => [action, details]);
};

const order = { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } };
const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });

describe('an event type', () => {
  it('is made, read, changed field by field, and deleted, each with an entry in the audit', async () => {
    const given = { name: 'order.placed', description: 'An order', schema: order, example: { id: 1 } };
    const { status, headers, body } = await create(given);
    expect([status, headers.location]).toEqual([201, '/v1/event-types/order.placed']);
    expect(body).toEqual({ ...given, webhooks: 0, created_at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/), updated_at: body.created_at });
    expect((await read('order.placed')).body).toEqual(body);

    const changed = await change('order.placed', { description: null, example: { id: 2 } });
    expect([changed.status, changed.body]).toEqual([
      200,
      { ...body, description: null, example: { id: 2 }, updated_at: expect.any(String) },
    ]);
    expect(await change('order.placed', { example: { id: 2 } })).toMatchObject({ body: changed.body });
    expect((await world.call('DELETE', pathOf('order.placed'))).status).toBe(204);
    for (const method of ['GET', 'DELETE'] as const) expect((await world.call(method, pathOf('order.placed'))).status).toBe(404);
    expect((await change('order.placed', {})).status).toBe(404);
    expect(await audited('order.placed')).toEqual([
      ['event_type.created', {}],
      ['event_type.changed', { fields: ['description', 'example'] }],
      ['event_type.deleted', {}],
    ]);
  });

  it.each(['sync_job_run:created', 'a/b', 'a/b/c:d.e-f_g', 'x'.repeat(128), `a${':b'.repeat(63)}`])('may be named %s', async (name) => {
    expect((await create({ name })).headers.location).toBe(pathOf(name));
    expect((await read(name)).body).toMatchObject({ name, description: null, schema: null, example: null });
    expect((await change(name, { description: 'x' })).body.description).toBe('x');
    expect(namesOf(await list(`?name=${encodeURIComponent(name)}`))).toEqual([name]);
    expect((await world.call('DELETE', pathOf(name))).status).toBe(204);
  });

  it('says how many webhooks want it, of those in reach', async () => {
    const countsOf = async (key?: string) => {
      const { data } = (await list('?name=counted.*', key)).body;
      return data.map(({ name, webhooks }: { name: string; webhooks: number }) => [name, webhooks]);
    };
    for (const name of ['counted.a', 'counted.b']) await create({ name });
    const [before = 0] = (await countsOf()).map(([, count]: [string, number]) => count);
    for (const [tenant, types] of [
      ['counted', ['counted.a']],
      ['counted', ['counted.a']],
      ['counted', ['counted.*', 'x']],
      ['counted', []],
      ['counted', ['posthorn.*']],
      ['uncounted', ['counted.b']],
    ] as const)
      await newWebhook(world, tenant, { event_types: types });
    expect(await countsOf()).toEqual([
      ['counted.a', before + 4],
      ['counted.b', before + 3],
    ]);
    expect(await countsOf(await world.key('channel', 'counted'))).toEqual([
      ['counted.a', 4],
      ['counted.b', 2],
    ]);
    expect((await read('counted.a', await world.key('viewer', 'uncounted'))).body.webhooks).toBe(0);
    // As many as the list of webhooks has.
    const { body } = await world.call('GET', '/v1/webhooks?event_type=counted.b&limit=200');
    expect((await read('counted.b')).body.webhooks).toBe(body.data.length);
  });

  it('has a name of its own in its environment', async () => {
    const name = await made();
    expect(await create({ name })).toMatchObject({
      status: 409,
      body: { code: 'conflict', errors: [{ pointer: '/name', code: 'conflict' }] },
    });
    const elsewhere = await world.key('admin', undefined, await world.environment('test'));
    expect((await read(name, elsewhere)).status).toBe(404);
    expect((await create({ name }, elsewhere)).status).toBe(201);
  });

  it('made by two at once is made once', async () => {
    const name = newName();
    const answers = await Promise.all(Array.from({ length: 5 }, () => create({ name })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    expect(await audited(name)).toHaveLength(1);
  });

  it('is read by who makes webhooks, and written by admins that are bound to no tenant', async () => {
    const name = await made();
    for (const role of ['operator', 'viewer', 'channel'] as const) {
      const key = await world.key(role, 'acme');
      expect((await read(name, key)).status).toBe(200);
      expect((await create({}, key)).status).toBe(403);
    }
    expect((await read(name, await world.key('publisher'))).status).toBe(403);
    expect((await create({}, await world.key('admin', 'acme'))).status).toBe(403);
  });
});

describe('refused with a pointer', () => {
  const bad: readonly (readonly [string, Record<string, unknown>, string, string])[] = [
    ['a name that is none', { name: 'a..b' }, '/name', 'invalid_field'],
    ['a name that is too long', { name: 'x'.repeat(129) }, '/name', 'invalid_field'],
    ['a name of ours', { name: 'posthorn.webhook.disabled' }, '/name', 'reserved_event_type'],
    ['no name', { name: undefined }, '/name', 'missing_field'],
    ['an unknown field', { schemata: {} }, '/schemata', 'unknown_field'],
    ['a description that is too long', { description: 'x'.repeat(2049) }, '/description', 'invalid_field'],
    ['a description that cannot be stored', { description: '\0' }, '/description', 'invalid_field'],
    ['a schema that is none', { schema: [] }, '/schema', 'invalid_field'],
    ['a wrong keyword', { schema: { type: 'strin' } }, '/schema', 'invalid_field'],
    ['a bad regular expression', { schema: { pattern: '(' } }, '/schema', 'invalid_field'],
    ['another dialect', { schema: { $schema: 'http://json-schema.org/draft-04/schema#' } }, '/schema', 'invalid_field'],
    ['a remote reference', { schema: { $ref: 'http://127.0.0.1:9/x.json' } }, '/schema', 'invalid_field'],
    ['an asynchronous schema', { schema: { $async: true } }, '/schema', 'invalid_field'],
    ['a reference to itself', { schema: { $ref: '#' } }, '/schema', 'invalid_field'],
    ['a large schema', { schema: { $comment: 'x'.repeat(64 * 1024) } }, '/schema', 'invalid_field'],
    ['a deep schema', { schema: nested(65) }, '/schema', 'nesting_too_deep'],
    ['text that cannot be stored', { schema: { $comment: '\0' } }, '/schema', 'invalid_field'],
    ['a large example', { example: 'ä'.repeat(32 * 1024) }, '/example', 'invalid_field'],
    ['a deep example', { example: nested(65) }, '/example', 'nesting_too_deep'],
    ['an example that does not fit', { schema: order, example: { id: 'x' } }, '/example/id', 'invalid_field'],
    ['an example that lacks something', { schema: order, example: {} }, '/example/id', 'invalid_field'],
  ];

  it.each(bad)('is %s', async (_, body, pointer, code) => {
    const answer = await create(body);
    expect(answer).toMatchObject({ status: 422, body: { code, errors: expect.arrayContaining([expect.objectContaining({ pointer })]) } });
  });

  it('is a body that is no object, or meddles with what objects inherit; nothing is made', async () => {
    const name = newName();
    for (const body of [
      '[]',
      'null',
      '"x"',
      `{"name":"${name}","schema":{"__proto__":{"type":"string"}}}`,
      `{"name":"${name}","example":1e999}`,
    ]) {
      const { status, body: answer } = await world.call('POST', '/v1/event-types', { body });
      expect([status >= 400 && status < 500, typeof answer.code]).toEqual([true, 'string']);
    }
    expect((await read(name)).status).toBe(404);
  });

  it('is a change, also of one of the two, that leaves an example which does not fit', async () => {
    const name = await made({ schema: order, example: { id: 1 } });
    const before = (await read(name)).body;
    expect((await change(name, { example: { id: 'x' } })).body).toMatchObject({
      code: 'invalid_field',
      errors: [{ pointer: '/example/id' }],
    });
    const stricter = { ...order, required: ['id', 'a/b'] };
    expect((await change(name, { schema: stricter })).body).toMatchObject({ errors: [{ pointer: '/example/a~1b' }] });
    expect((await change(name, { name: 'other' })).body).toMatchObject({ code: 'unknown_field', errors: [{ pointer: '/name' }] });
    expect((await read(name)).body).toEqual(before);
    expect((await change(name, { schema: stricter, example: null })).status).toBe(200);
    expect((await change(name, { schema: null, example: 'anything' })).body).toMatchObject({ schema: null, example: 'anything' });
  });

  it('is one more than an environment may have', async () => {
    const environment = await world.environment('test');
    const key = await world.key('admin', undefined, environment);
    await world.pool.query(`insert into event_types (environment_id, name) select $1, 'n' || g from generate_series(1, $2) g`, [
      environment,
      limits.eventTypesMax,
    ]);
    expect(await create({}, key)).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });
});

describe('a schema', () => {
  it.each([
    ['of draft 2020-12 by default', { prefixItems: [{ type: 'integer' }], items: false }, [1], [1, 2]],
    [
      'of draft 2020-12 by name',
      { $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'integer' }] },
      [1],
      ['x'],
    ],
    [
      'of draft-07',
      { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'integer' }], additionalItems: false },
      [1],
      [1, 2],
    ],
    ['with formats', { format: 'date-time' }, '2025-01-31T12:00:00Z', 'yesterday'],
    ['with references', { $defs: { n: { type: 'integer' } }, additionalProperties: { $ref: '#/$defs/n' } }, { a: 1 }, { a: 'x' }],
    ['of a tree', { type: 'object', properties: { child: { $ref: '#' } } }, { child: { child: {} } }, { child: { child: 1 } }],
    ['about members that every object inherits', { required: ['toString'] }, { toString: 1 }, {}],
  ])('%s says what fits', async (_, schema, good, bad) => {
    expect((await create({ schema, example: good })).status).toBe(201);
    expect(await create({ schema, example: bad })).toMatchObject({ status: 422, body: { code: 'invalid_field' } });
  });

  it('of one customer is not seen by that of another, whatever its $id', async () => {
    const schema = { $id: 'https://example.com/shared', type: 'string' };
    for (const key of [world.admin, await world.key('admin', undefined, await world.environment('test'))])
      expect((await create({ schema }, key)).status).toBe(201);
    expect((await create({ schema: { $ref: 'https://example.com/shared' } })).status).toBe(422);
  });

  it('may be indented: what counts is what is stored', async () => {
    const schema = { properties: Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`p${i}`, { type: 'string' }])) };
    const body = JSON.stringify({ name: newName(), schema }, null, 30);
    expect(body.length).toBeGreaterThan(96 * 1024);
    expect((await world.call('POST', '/v1/event-types', { body })).status).toBe(201);
  });
});

describe('the list', () => {
  const all = Array.from({ length: 1_000 }, (_, i) => `${['order', 'Order', 'invoice_x', 'invoicexx'][i % 4]}.n${i}`).sort();
  let key: string;
  beforeAll(async () => {
    const environment = await world.environment('test');
    key = await world.key('viewer', 'acme', environment);
    await world.pool.query(`insert into event_types (environment_id, name, schema) select $1, n, '{}' from unnest($2::text[]) n`, [
      environment,
      [...all].reverse(),
    ]);
  });
  const pages = async (query: string): Promise<readonly string[]> => {
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = await list(`?limit=170${query}${cursor === '' ? '' : `&cursor=${cursor}`}`, key);
      expect(page.status).toBe(200);
      found.push(...namesOf(page));
      cursor = page.body.next_cursor;
    }
    return found;
  };

  it('pages through all of them in the order of their names, each once', async () => {
    expect(await pages('')).toEqual(all);
  });

  it('takes a name or a pattern, in which only * is special', async () => {
    expect(await pages('&name=order.*')).toEqual(all.filter((name) => name.startsWith('order.')));
    expect(await pages('&name=invoice_x*')).toEqual(all.filter((name) => name.startsWith('invoice_x')));
    expect(await pages('&name=*n99*')).toEqual(all.filter((name) => name.includes('n99')));
    expect(await pages(`&name=${all[3]}`)).toEqual([all[3]]);
    expect(await pages('&name=nothing.*')).toEqual([]);
  });

  it('refuses what it does not know, and the cursor of another list', async () => {
    for (const query of ['?name=a%25', '?name=', '?limit=0', '?type=x', '?name=a&name=b']) {
      expect(await list(query, key)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    }
    const { next_cursor } = (await list('?limit=1', key)).body;
    for (const query of [`?cursor=${next_cursor}&name=order.*`, '?cursor=x'])
      expect(await list(query, key)).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
    expect(await list(`?cursor=${next_cursor}`)).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
  });
});
