// Every route × every kind of key. A route that has no row here, or a row that has no route, is red.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Role } from '@posthorn/db';
import { type AccessCase, accessCases, type Subject } from '../tests/access-cases.js';
import { type Answer, type ApiWorld, createApiWorld } from '../tests/api-world.js';

const roles: readonly Role[] = ['admin', 'operator', 'publisher', 'viewer', 'channel'];
const own = 'own-tenant';
const other = 'other-tenant';

let world: ApiWorld;
let routes: readonly string[];
const keys = new Map<string, string>();
beforeAll(async () => {
  world = await createApiWorld();
  const document = (await world.call('GET', '/openapi.json')).body as {
    paths: Record<string, Record<string, { security?: unknown[] }>>;
  };
  routes = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { security }]) => (security ?? []).length > 0)
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  );
  const elsewhere = await world.environment('test');
  for (const role of roles) {
    keys.set(`${role} of own`, await world.key(role, own));
    keys.set(`${role} of other`, await world.key(role, other));
    if (role !== 'channel') keys.set(`${role}`, await world.key(role));
    keys.set(`${role} elsewhere`, await world.key(role, role === 'channel' ? 'elsewhere-tenant' : undefined, elsewhere));
  }
});
afterAll(() => world.close());

/** A stream that is let in does not end: what it answers with is enough. */
const openStream = async (path: string, key: string): Promise<Answer> => {
  const stop = new AbortController();
  const { status, headers } = await fetch(world.origin + path, { headers: { authorization: `Bearer ${key}` }, signal: stop.signal });
  stop.abort();
  return status === 200 ? { status, headers: Object.fromEntries(headers), body: {}, text: '' } : world.call('GET', path, { key });
};
const call = (route: string, { params = {}, query = '', body }: Subject, key: string): Promise<Answer> => {
  if (route === 'GET /v1/stream') return openStream('/v1/stream', key);
  const [method, path = ''] = route.split(' ');
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  return world.call(method as 'GET', `${filled}${query}`, { key, ...(body !== undefined && method !== 'GET' && { body }) });
};
/** The stable code of an error, wherever the form of its route has it. */
const codeOf = ({ body }: Answer): unknown => body.errors?.[0]?.meta?.error ?? body.code ?? body.error;
const keyOf = (name: string): string => keys.get(name) ?? '';

const expectForeign = (answer: Answer, { foreign, status }: AccessCase, { marks }: Subject, isBound: boolean): void => {
  const wanted = { not_found: 404, list: status, own: status, names_tenant: isBound ? 403 : status };
  expect(answer.status).toBe(wanted[foreign]);
  for (const mark of marks) if (foreign === 'list') expect(answer.text).not.toContain(mark);
};

it('has a case for every route that asks for a key', () => {
  expect(accessCases.map(({ route }) => route).sort()).toEqual([...routes].sort());
});

describe.each(accessCases)('$route', (one) => {
  const { route, roles: allowed, status, isUnboundOnly = false, foreign } = one;

  it('asks for a key that is known', async () => {
    const subject = await one.subject(world, own);
    for (const key of ['', 'x', `ph_test_${'x'.repeat(40)}`]) {
      const answer = await call(route, subject, key);
      expect([answer.status, codeOf(answer)]).toEqual([401, 'unauthorized']);
    }
  });

  it.each(roles)('is for its roles alone: %s', async (role) => {
    const subject = await one.subject(world, own);
    const answer = await call(route, subject, keyOf(`${role} of own`));
    if (allowed.includes(role) && !isUnboundOnly) expect(answer.status).toBe(status);
    else expect([answer.status, codeOf(answer)]).toEqual([403, 'forbidden']);
    if (role === 'channel') return;
    const unbound = await call(route, await one.subject(world, own), keyOf(role));
    if (allowed.includes(role)) expect(unbound.status).toBe(status);
    else expect([unbound.status, codeOf(unbound)]).toEqual([403, 'forbidden']);
  });

  it('shows a key of another tenant nothing', async () => {
    if (isUnboundOnly) return expect(foreign).toBeDefined();
    for (const role of allowed) {
      const subject = await one.subject(world, own);
      // The catalogue of event types is the environment's.
      if (/event-types/.test(route)) expect((await call(route, subject, keyOf(`${role} of other`))).status).toBe(status);
      else expectForeign(await call(route, subject, keyOf(`${role} of other`)), one, subject, true);
    }
  });

  it('shows a key of another environment nothing', async () => {
    for (const role of allowed) {
      if (role === 'channel' && isUnboundOnly) continue;
      const subject = await one.subject(world, own);
      expectForeign(await call(route, subject, keyOf(`${role} elsewhere`)), one, subject, role === 'channel');
    }
  });
});
