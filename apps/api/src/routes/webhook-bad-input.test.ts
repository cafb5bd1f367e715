// What is wrong with a webhook is said with its place, on POST and on PATCH alike, and nothing is changed.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { newWebhook } from '../../tests/past.js';

let world: ApiWorld;
let webhookId: string;
let otherId: string;
beforeAll(async () => {
  world = await createApiWorld();
  webhookId = await newWebhook(world, 'acme', { name: 'mine', code: 'mine' });
  otherId = await newWebhook(world, 'acme', { name: 'taken', code: 'taken' });
});
afterAll(() => world.close());

const url = 'http://127.0.0.1:9/';
const nested = (levels: number): unknown => Array.from({ length: levels }).reduce((inner) => ({ data: inner }), 1);
const clauses = (count: number): unknown => ({ $or: Array.from({ length: count }, (_, index) => ({ data: { a: index } })) });
/** JSON text, since an object literal cannot have such a member. */
const withProto = '{"url":"http://127.0.0.1:9/","__proto__":{"polluted":true}}';
const withProtoWithin = '{"url":"http://127.0.0.1:9/","metadata":{"a":{"constructor":{"prototype":{"polluted":true}}}}}';

const state = async (): Promise<unknown> =>
  (
    await world.pool.query(
      `select (select md5(string_agg(w::text, '|' order by w.id)) from webhooks w) as webhooks,
              (select count(*) from webhook_versions) as versions, (select count(*) from webhook_secrets) as secrets,
              (select md5(string_agg(t::text, '|' order by t.id)) from tenants t) as tenants`,
    )
  ).rows[0];

type Bad = readonly [does: string, body: unknown, status: number, code: string, pointer: string];
const bad: readonly Bad[] = [
  ['a field that is unknown', { colour: 'red' }, 422, 'unknown_field', '/colour'],
  ['a field of a wrong type', { event_types: 'order.*' }, 422, 'invalid_field', '/event_types'],
  ['a number that is a text', { timeout_ms: '5000' }, 422, 'invalid_field', '/timeout_ms'],
  ['a number out of bounds', { timeout_ms: 30_001 }, 422, 'invalid_field', '/timeout_ms'],
  ['an empty name', { name: '' }, 422, 'invalid_field', '/name'],
  ['a name with U+0000', { name: 'a\0b' }, 422, 'invalid_field', '/name'],
  ['a code with a capital', { code: 'WO' }, 422, 'invalid_field', '/code'],
  ['a name that another has', { name: 'taken' }, 409, 'conflict', '/name'],
  ['a code that another has', { code: 'taken' }, 409, 'conflict', '/code'],
  ['a pattern with a question mark', { event_types: ['order.?'] }, 422, 'invalid_field', '/event_types/0'],
  ['a pattern with two separators', { event_types: ['a', 'order..placed'] }, 422, 'invalid_field', '/event_types/1'],
  ['a filter with an unknown operator', { filter: { data: { a: { $regex: 'x' } } } }, 422, 'invalid_field', '/filter/data/a/$regex'],
  ['a filter over what no event has', { filter: { payload: { a: 1 } } }, 422, 'invalid_field', '/filter/payload'],
  ['a filter of 33 levels', { filter: nested(33) }, 422, 'nesting_too_deep', '/filter'],
  ['a filter of 2,000 clauses', { filter: clauses(2_000) }, 422, 'invalid_field', '/filter'],
  ['a reserved header', { headers: { host: 'example.org' } }, 422, 'invalid_field', '/headers/host'],
  ['a header of our own', { headers: { 'webhook-id': '1' } }, 422, 'invalid_field', '/headers/webhook-id'],
  ['a header with CR and LF in its value', { headers: { 'x-a': 'a\r\nx-b: b' } }, 422, 'invalid_field', '/headers/x-a'],
  ['a header with LF in its name', { headers: { 'x-a\n': 'a' } }, 422, 'invalid_field', '/headers/x-a\n'],
  ['an attribute that is only read', { circuit_state: 'closed' }, 422, 'unknown_field', '/circuit_state'],
  ['its own version', { version: 7 }, 422, 'unknown_field', '/version'],
  ['statistics', { statistics: { succeeded: 1 } }, 422, 'unknown_field', '/statistics'],
  ['a URL with a user', { url: 'https://a:b@example.org/' }, 422, 'invalid_field', '/url'],
  ['a URL of a forbidden address', { url: 'http://169.254.169.254/' }, 422, 'blocked_address', '/url'],
  ['an e-mail address that is none', { notification: { email: 'nobody' } }, 422, 'invalid_field', '/notification/email'],
  [
    'resources that its format cannot carry',
    { payload_format: 'data', include_resources: ['a'] },
    422,
    'invalid_field',
    '/include_resources',
  ],
];

const expectProblem = async (call: Promise<{ status: number; body: Record<string, unknown> }>, [, , status, code, pointer]: Bad) => {
  const before = await state();
  const { status: answered, body } = await call;
  const errors = body.errors as readonly { pointer: string; code: string; message: string }[];
  // The place itself, or a member of it.
  expect([answered, body.code, errors[0]?.pointer.slice(0, pointer.length)]).toEqual([status, code, pointer]);
  expect(String(errors[0]?.message).length).toBeGreaterThan(5);
  expect(await state()).toEqual(before);
};

describe.each(bad)('%s', (...one) => {
  it('is refused when a webhook is made', () =>
    expectProblem(world.call('POST', '/v1/webhooks', { body: { tenant: 'acme', url, ...(one[1] as object) } }), one));

  it('is refused when a webhook is changed', () => expectProblem(world.call('PATCH', `/v1/webhooks/${webhookId}`, { body: one[1] }), one));
});

it('has no room for a filter of 10,000 clauses', async () => {
  const before = await state();
  for (const [method, path] of [
    ['POST', '/v1/webhooks'],
    ['PATCH', `/v1/webhooks/${webhookId}`],
  ] as const) {
    const answer = await world.call(method, path, { body: { url, filter: clauses(10_000) } });
    expect([answer.status, answer.body.code]).toEqual([413, 'body_too_large']);
  }
  expect(await state()).toEqual(before);
});

describe('members that JavaScript treats as its own', () => {
  it.each([withProto, withProtoWithin])('pollute nothing: %s', async (body) => {
    const before = await state();
    for (const [method, path] of [
      ['POST', '/v1/webhooks'],
      ['PATCH', `/v1/webhooks/${webhookId}`],
    ] as const) {
      const answer = await world.call(method, path, { body });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(await state()).toEqual(before);
  });
});

describe('what is not there for this key', () => {
  it('is 404, whatever is wrong with the body besides', async () => {
    const key = await world.key('channel', 'other');
    const before = await state();
    for (const id of [otherId, crypto.randomUUID(), 'x', '%00']) {
      expect((await world.call('PATCH', `/v1/webhooks/${id}`, { key, body: { description: 'x' } })).status).toBe(404);
      expect((await world.call('DELETE', `/v1/webhooks/${id}`, { key })).status).toBe(404);
    }
    expect(await state()).toEqual(before);
  });

  it('is no cursor that was edited, or is of another query', async () => {
    const { body } = await world.call('GET', '/v1/webhooks?limit=1');
    const cursor = String(body.next_cursor);
    const edited = `${cursor.slice(0, -2)}${cursor.endsWith('AA') ? 'BB' : 'AA'}`;
    for (const query of [`limit=1&cursor=${edited}`, `cursor=${cursor}&tenant=acme`, 'cursor=x', 'cursor=']) {
      const answer = await world.call('GET', `/v1/webhooks?${query}`);
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_cursor']);
    }
  });
});
