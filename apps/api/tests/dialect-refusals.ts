// What a dialect refuses whatever its objects look like: each time with the status of our own API, in its own form, and with nothing changed.
import { beforeAll, describe, expect, it } from '@jest/globals';
import { fieldErrorsMax, type ProblemCode, problems } from '@posthorn/core';
import type { Answer, ApiWorld, Call } from './api-world.js';

type Body = Readonly<Record<string, unknown>>;

export type DialectForm = {
  readonly path: string;
  /** The member of an object that the path of one ends in. */
  readonly id: string;
  readonly url: string;
  readonly isActive: string;
  /** The smallest body that makes a webhook of the tenant, whose key is unbound or bound to it. */
  readonly smallest: (tenant: string) => Body;
  /** The key in whose reach such webhooks lie; default: an unbound one. */
  readonly ownerOf?: (world: ApiWorld, tenant: string) => Promise<string>;
  /** What the body of an error is. @param members those that are wrong, their parts joined by dots; none: nobody looks */
  readonly error: (code: ProblemCode, members: readonly string[]) => unknown;
  /** Default: bodies and answers are objects as they stand, in JSON's own media type. */
  readonly document?: {
    readonly mediaType: string;
    readonly of: (members: Body) => Body;
    readonly object: (document: Body) => Body;
  };
};

const bodyOf = ({ document }: DialectForm, members: Body): Body => document?.of(members) ?? members;

const words = (): unknown => expect.stringMatching(/.{5}/);

/** The errors of dialects 000 and 003. */
export const pathError: DialectForm['error'] = (code, members) => ({
  error: code,
  title: problems[code].title,
  message: words(),
  ...(members.length > 0 && { fields: members.map((path) => ({ path, message: words() })) }),
});
/** The errors of dialect 004. */
export const flatError: DialectForm['error'] = (code, members) => ({
  statusCode: problems[code].status,
  code,
  error: problems[code].title,
  message: words(),
  ...(members.length > 0 && {
    errors: members.map((member) => expect.objectContaining({ path: `/${member.replaceAll('.', '/')}`, message: words() })),
  }),
});

/** Everything that a request to a webhook's routes could change. */
export const storedState = async ({ pool }: ApiWorld): Promise<unknown> =>
  (
    await pool.query(
      `select (select md5(string_agg(w::text, '|' order by w.id)) from webhooks w) as webhooks,
              (select md5(string_agg(v::text, '|' order by v.webhook_id, v.version)) from webhook_versions v) as versions,
              (select md5(string_agg(s::text, '|' order by s.webhook_id)) from webhook_secrets s) as secrets,
              (select md5(string_agg(s::text, '|' order by s.webhook_id)) from webhook_state s) as states,
              (select count(*) from audit_log) as audited,
              (select md5(string_agg(s::text, '|' order by s.webhook_id)) from webhook_state s) as states,
              (select md5(string_agg(t::text, '|' order by t.id)) from tenants t) as tenants,
              (select count(*) from audit_log) as audited`,
    )
  ).rows[0];

/** Makes the call and expects that it is refused so, and that nothing is another than before. */
export const expectRefused = async (
  world: ApiWorld,
  { error, document }: Pick<DialectForm, 'error' | 'document'>,
  call: () => Promise<Answer>,
  code: ProblemCode,
  members: readonly string[] = [],
): Promise<void> => {
  const before = await storedState(world);
  const { status, headers, body } = await call();
  expect({ status, body }).toEqual({ status: problems[code].status, body: expect.objectContaining(error(code, members) as object) });
  expect(headers['content-type']?.split(';')[0]).toBe(document?.mediaType ?? 'application/json');
  expect(await storedState(world)).toEqual(before);
};

type Made = { readonly key: string; readonly at: string; readonly id: string; readonly body: Body };

/** Makes the smallest webhook of a tenant. */
export const makeSmallest = async (world: ApiWorld, form: DialectForm, tenant: string): Promise<Made> => {
  const key = (await form.ownerOf?.(world, tenant)) ?? world.admin;
  const { status, body } = await world.call('POST', form.path, { key, body: bodyOf(form, form.smallest(tenant)) });
  expect(status).toBe(201);
  const made = form.document?.object(body) ?? body;
  return { key, at: `${form.path}/${made[form.id]}`, id: made[form.id], body: made };
};

const tooLarge = `{"description":"${'x'.repeat(64 * 1024)}"}`;
const polluting = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';

type Unreadable = readonly [what: string, call: Call, code: ProblemCode];
const unreadable: readonly Unreadable[] = [
  ['what is no JSON', { body: '{"name":' }, 'not_json'],
  ['nothing, named JSON', { headers: { 'content-type': 'application/json' } }, 'not_json'],
  ['nothing at all', {}, 'invalid_field'],
  ['a list', { body: [] }, 'invalid_field'],
  ['null', { body: 'null' }, 'invalid_field'],
  ['a number', { body: '7' }, 'invalid_field'],
  ['a text', { body: '"x"' }, 'invalid_field'],
  ['plain text', { body: '{}', headers: { 'content-type': 'text/plain' } }, 'unsupported_media_type'],
  ['a form', { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 'unsupported_media_type'],
  ['more than 64 KiB', { body: tooLarge }, 'body_too_large'],
];

const forbidden = ['http://169.254.169.254/latest', 'http://10.0.0.1/', 'http://[::ffff:10.0.0.1]/', 'http://0x0a000001/'];
const noUrls = [
  ['of another scheme', 'ftp://example.com/'],
  ['without a scheme', 'example.com'],
  ['with a user', 'https://a:b@example.com/'],
  ['of more than 2,048 characters', `https://example.com/${'x'.repeat(2048)}`],
] as const;
const badQueries = ['limit=0', 'limit=201', 'limit=x', 'limit=1&limit=2', 'colour=1', 'url=x'];
/** Ids that name nothing, in the paths of every dialect. */
const noIds = ['x', '%00', '0'.repeat(24), 'g'.repeat(24), '62685990d918fb5557f9f99', crypto.randomUUID(), '*', "'--"];

export const describeRefusals = (form: DialectForm, world: () => ApiWorld): void => {
  const tenant = 'refusing';
  let made: Made;
  beforeAll(async () => {
    made = await makeSmallest(world(), form, tenant);
  });
  const refused = (call: () => Promise<Answer>, code: ProblemCode, members?: readonly string[]) =>
    expectRefused(world(), form, call, code, members);
  const write = (call: Call) =>
    [
      ['POST', form.path],
      ['PATCH', made.at],
    ].map(
      ([method, path]) =>
        () =>
          world().call(method as 'POST', path ?? '', { key: made.key, ...call }),
    );

  describe('a body that cannot be read', () => {
    it.each(unreadable)('being %s is refused, on creation and on change', async (_, call, code) => {
      for (const each of write(call)) await refused(each, code);
    });

    it('being of members that JavaScript treats as its own is refused, and pollutes nothing', async () => {
      for (const each of write({ body: polluting })) {
        const before = await storedState(world());
        const answer = await each();
        expect([400, 422]).toContain(answer.status);
        expect(await storedState(world())).toEqual(before);
      }
      expect(({} as Body).polluted).toBeUndefined();
    });
  });

  it('a body with thousands of wrong members is refused for the first of them', async () => {
    const body = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`m${index}`, 1]));
    for (const each of write({ body })) {
      await refused(each, 'unknown_field');
      const answer = (await each()).body;
      expect(answer.fields ?? answer.errors).toHaveLength(fieldErrorsMax);
    }
  });

  it.each(forbidden)('%s is no address to send to', async (blocked) => {
    for (const each of write({ body: bodyOf(form, { ...form.smallest(tenant), [form.url]: blocked }) }))
      await refused(each, 'blocked_address', [form.url]);
  });

  it.each(noUrls)('a URL %s is refused', async (_, text) => {
    for (const each of write({ body: bodyOf(form, { ...form.smallest(tenant), [form.url]: text }) }))
      await refused(each, 'invalid_field', [form.url]);
  });

  it('a URL without TLS is refused in a live environment', async () => {
    const key = await world().key('admin', undefined, await world().environment('live'));
    await refused(() => world().call('POST', form.path, { key, body: bodyOf(form, form.smallest(tenant)) }), 'invalid_field', [form.url]);
  });

  it.each(noIds)('%s names no webhook', async (id) => {
    const at = `${form.path}/${id}`;
    const body = bodyOf(form, { [form.url]: 'http://127.0.0.1:9/' });
    await refused(() => world().call('GET', at, { key: made.key }), 'not_found');
    await refused(() => world().call('PATCH', at, { key: made.key, body }), 'not_found');
    await refused(() => world().call('DELETE', at, { key: made.key }), 'not_found');
  });

  it('what is not in reach is not there: of another tenant, of another environment, and what is deleted', async () => {
    const elsewhere = await world().environment('test');
    const deleted = await makeSmallest(world(), form, tenant);
    expect([200, 204]).toContain((await world().call('DELETE', deleted.at, { key: deleted.key })).status);
    const cases = [
      [await world().key('channel', 'other'), made.at],
      [await world().key('admin', undefined, elsewhere), made.at],
      [made.key, deleted.at],
    ] as const;
    for (const [key, at] of cases) {
      await refused(() => world().call('GET', at, { key }), 'not_found');
      await refused(() => world().call('PATCH', at, { key, body: bodyOf(form, { [form.url]: 'http://127.0.0.1:9/' }) }), 'not_found');
      await refused(() => world().call('DELETE', at, { key }), 'not_found');
    }
    for (const [key] of cases.slice(0, 2)) expect((await world().call('GET', form.path, { key })).text).not.toContain(made.id);
  });

  it.each(['viewer', 'operator', 'publisher'] as const)('the role %s writes nothing', async (role) => {
    const key = await world().key(role);
    for (const each of write({ key, body: bodyOf(form, form.smallest(tenant)) })) await refused(each, 'forbidden');
    await refused(() => world().call('DELETE', made.at, { key }), 'forbidden');
    for (const path of [form.path, made.at]) {
      if (role === 'publisher') await refused(() => world().call('GET', path, { key }), 'forbidden');
      else expect((await world().call('GET', path, { key })).status).toBe(200);
    }
  });

  it('who has no key is told so', async () => {
    for (const each of write({ key: 'ph_test_nobody', body: bodyOf(form, form.smallest(tenant)) })) await refused(each, 'unauthorized');
    await refused(() => world().call('GET', form.path, { headers: { authorization: 'Basic eDp5' } }), 'unauthorized');
  });

  it.each(badQueries)('a list with ?%s is refused', async (query) => {
    await refused(() => world().call('GET', `${form.path}?${query}`, { key: made.key }), 'invalid_request');
  });

  it('a change or deletion of another version than If-Match names is refused', async () => {
    const headers = { 'if-match': '"99"' };
    const body = bodyOf(form, { [form.url]: 'http://127.0.0.1:9/other', [form.isActive]: false });
    await refused(() => world().call('PATCH', made.at, { key: made.key, headers, body }), 'precondition_failed');
    await refused(() => world().call('DELETE', made.at, { key: made.key, headers }), 'precondition_failed');
  });
};

/** What is wrong with a body's members, and the one that is named for it. */
export type BadMembers = readonly [members: Body, code: 'invalid_field' | 'unknown_field', place: string];

const titleCharsMax = 60;

export const describeBadMembers = (form: DialectForm, world: () => ApiWorld, cases: readonly BadMembers[]): void => {
  let made: Made;
  beforeAll(async () => {
    made = await makeSmallest(world(), form, 'bad');
  });
  const named = cases.map((each) => [JSON.stringify(each[0]).slice(0, titleCharsMax), each[1], ...each] as const);
  it.each(named)('with %s is refused as %s, on creation and on change', async (_, _code, members, code, place) => {
    const { key, at } = made;
    const calls = [
      () => world().call('POST', form.path, { key, body: bodyOf(form, { ...form.smallest('bad'), ...members }) }),
      // What is right of it is not done either.
      () =>
        world().call('PATCH', at, {
          key,
          body: bodyOf(form, { [form.isActive]: false, [form.url]: 'http://127.0.0.1:9/other', ...members }),
        }),
    ];
    for (const call of calls) await expectRefused(world(), form, call, code, [place]);
  });
};

/** Goes through all pages of a list and returns them; `next` names the parameter of the cursor. */
export const pagesOf = async (
  world: ApiWorld,
  { path, items, next, query, key = world.admin }: { path: string; items: string; next: string; query: string; key?: string },
): Promise<readonly (readonly Body[])[]> => {
  const pages: (readonly Body[])[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { status, body } = await world.call('GET', `${path}?${query}&${next}=${cursor}`, { key });
    expect(status).toBe(200);
    pages.push(body[items]);
    cursor = body.next_cursor;
  }
  return pages;
};
