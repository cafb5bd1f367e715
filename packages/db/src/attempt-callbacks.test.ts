// Attempts as answers: which they are, in which order, what was called and what was sent.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { attemptKindCodes, buildBody } from '@posthorn/core';
import { addEvent } from '../tests/events.js';
import { createWorld, type World } from '../tests/world.js';
import {
  type CallbackQuery,
  type CallbackQueryField,
  callbackLimits,
  findCallback,
  newestCallbacks,
  queryCallbacks,
} from './attempt-callbacks.js';
import { bodiesBytesMax, type CallbackRow } from './callback-rows.js';
import type { ColumnTest } from './condition-sql.js';
import { createDatabase, type Database } from './pools.js';

let world: World;
let db: Database;
beforeAll(async () => {
  world = await createWorld();
  db = createDatabase({ url: world.url, max: 2, applicationName: 'test', onError: () => undefined });
});
afterAll(async () => {
  await db.destroy();
  await world.drop();
});

const dayMs = 86_400_000;
const startMs = Math.floor(Date.now() / 1000) * 1000 - 3_600_000;

const newTenant = async (): Promise<string> => {
  const id = randomUUID();
  await world.rows('insert into tenants (id, environment_id, key) values ($1, $2, $3)', [id, world.environmentId, id]);
  return id;
};
type Configuration = { readonly url?: string; readonly payload_format?: string; readonly include_resources?: readonly string[] };
/** A webhook of these versions. */
const webhook = async (tenantId: string, ...versions: readonly Configuration[]): Promise<string> => {
  const id = randomUUID();
  const place = [id, world.environmentId, tenantId];
  await world.rows(`insert into webhooks (id, environment_id, tenant_id, url) values ($1, $2, $3, 'http://now/')`, place);
  for (const [index, version] of (versions.length === 0 ? [{}] : versions).entries())
    await world.rows(
      `insert into webhook_versions (webhook_id, environment_id, tenant_id, version, snapshot, changes, changed_by) values ($1, $2, $3, $4, $5, '{}', 'admin')`,
      [...place, index + 1, JSON.stringify({ url: 'http://a/', payload_format: 'envelope', include_resources: [], ...version })],
    );
  return id;
};
type Attempt = { readonly atMs?: number; readonly statusCode?: number | null; readonly version?: number; readonly kind?: number };
/** Deliveries of an event with these attempts. */
const attempts = async (tenantId: string, webhookId: string, eventId: string, made: readonly Attempt[], shape = 1): Promise<void> => {
  await world.rows(
    `insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, attempt, shape) values ($1, $2, $3, $4, 1, $5, $6)`,
    [...[world.environmentId, tenantId, eventId, webhookId], ...[made.length, shape]],
  );
  for (const [index, { atMs = startMs, statusCode = 200, version = 1, kind = 0 }] of made.entries())
    await world.rows(
      `insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, status_code, error, duration_ms)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 12)`,
      [
        ...[world.environmentId, tenantId, eventId, webhookId, index + 1, kind, version, new Date(atMs)],
        ...[statusCode === 200, statusCode, statusCode === null ? 'timed out' : null],
      ],
    );
};
const condition = (field: CallbackQueryField, test: ColumnTest) => ({ fields: [field], test });
const isOne = (field: CallbackQueryField, ...values: readonly (string | number)[]) =>
  condition(field, { is: 'among', values, not: false, orNull: false });
const queryOf = (tenantId: string | null, rest: Partial<CallbackQuery> = {}): CallbackQuery => ({
  ...{ environmentId: world.environmentId, tenantId, conditions: [], sort: [], offset: 0, limit: 25, withBodies: false },
  ...rest,
});
const idsOf = (rows: readonly CallbackRow[]) => rows.map((row) => `${row.event_id}.${row.webhook_id}.${row.n}`);
const bodyOf = ({ body, webhook_id: webhookId }: CallbackRow): string | null =>
  body === null ? null : buildBody(body.payloadFormat, body.event, { includeResources: body.includeResources, webhookId });

describe('a list of answers', () => {
  it('has the last begun first, of all in reach or of some webhooks, tests left out', async () => {
    const [tenantId, other] = [await newTenant(), await newTenant()];
    const [first, second, foreign] = [await webhook(tenantId), await webhook(tenantId), await webhook(other)];
    const [older, newer] = [await addEvent(world, { tenantId, atMs: startMs - dayMs }), await addEvent(world, { tenantId, atMs: startMs })];
    await attempts(tenantId, first, older, [{ atMs: startMs - dayMs, statusCode: null }, { atMs: startMs + 5_000 }]);
    await attempts(tenantId, first, newer, [{ atMs: startMs + 1_000 }]);
    await attempts(tenantId, second, newer, [{ atMs: startMs + 2_000, statusCode: 503 }]);
    await attempts(other, foreign, newer, [{ atMs: startMs + 3_000 }]);
    await world.rows(
      `insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, duration_ms)
       values ($1, $2, $3, $4, 1, $5, 1, now(), true, 1)`,
      [world.environmentId, tenantId, await addEvent(world, { tenantId, atMs: startMs }), first, attemptKindCodes.test],
    );
    const expected = [`${older}.${first}.2`, `${newer}.${second}.1`, `${newer}.${first}.1`, `${older}.${first}.1`];
    const ask = async (query: CallbackQuery) => {
      const { rows, count } = await queryCallbacks(db, query);
      return { ids: idsOf(rows), count };
    };
    expect(await ask(queryOf(tenantId))).toEqual({ ids: expected, count: 4 });
    expect(await ask(queryOf(null))).toEqual({ ids: [expected[0], `${newer}.${foreign}.1`, ...expected.slice(1)], count: 5 });
    expect(await ask(queryOf(tenantId, { limit: 2, offset: 1 }))).toEqual({ ids: expected.slice(1, 3), count: 4 });
    expect(await ask(queryOf(tenantId, { offset: 4 }))).toEqual({ ids: [], count: 4 });
    const ofFirst = expected.filter((id) => id.includes(first));
    expect(await ask(queryOf(null, { conditions: [isOne('webhook_id', 'none', first)] }))).toEqual({ ids: ofFirst, count: 3 });
    expect(await ask(queryOf(other, { conditions: [isOne('webhook_id', first)] }))).toEqual({ ids: [], count: 0 });
    expect(await ask(queryOf(null, { conditions: [isOne('webhook_id', 'none')] }))).toEqual({ ids: [], count: 0 });
    expect(await ask(queryOf(tenantId, { conditions: [isOne('id', expected[3]!, 'x')] }))).toEqual({ ids: [expected[3]], count: 1 });
    const ascending = queryOf(tenantId, { sort: [{ by: 'created_at', descending: false }] });
    expect(await ask(ascending)).toEqual({ ids: [...expected].reverse(), count: 4 });
    expect(await ask({ ...queryOf(null), environmentId: randomUUID() })).toEqual({ ids: [], count: 0 });
  });

  it('is narrowed by answer, address and time', async () => {
    const tenantId = await newTenant();
    const id = await webhook(tenantId, { url: 'http://first/' }, { url: 'http://second/' });
    const event = await addEvent(world, { tenantId, atMs: startMs - dayMs });
    const made = [{ statusCode: null }, { statusCode: 503 }, { statusCode: 429, version: 2 }, { version: 2 }];
    await attempts(
      tenantId,
      id,
      event,
      made.map((each, index) => ({ ...each, atMs: startMs + index * 1_000 })),
    );
    const numbers = async (...conditions: CallbackQuery['conditions']) => {
      const { rows, count } = await queryCallbacks(db, queryOf(tenantId, { conditions, sort: [{ by: 'created_at', descending: false }] }));
      expect(count).toBe(rows.length);
      return rows.map(({ n }) => n);
    };
    expect(await numbers(isOne('response_code', '503', '429'))).toEqual([2, 3]);
    expect(await numbers(condition('response_code', { is: 'null', not: false }))).toEqual([1]);
    expect(await numbers(condition('response_code', { is: 'like', patterns: [['4', '']], not: false }))).toEqual([3]);
    expect(await numbers(isOne('url', 'http://second/'))).toEqual([3, 4]);
    expect(await numbers(condition('url', { is: 'like', patterns: [['', 'FIRST', '']], not: false }))).toEqual([1, 2]);
    const at = (sign: '>' | '>=' | '<' | '<=', value: number) => condition('created_at', { is: 'compared', sign, value });
    expect(await numbers(at('>', startMs), at('<=', startMs + 2_000))).toEqual([2, 3]);
    expect(await numbers(at('<', startMs + 1_000))).toEqual([1]);
    expect(await numbers(at('<', startMs - 3 * dayMs))).toEqual([]);
    expect(await numbers(condition('updated_at', { is: 'compared', sign: '>=', value: startMs + 3_012 }))).toEqual([4]);
    const { rows } = await queryCallbacks(db, queryOf(tenantId, { sort: [{ by: 'url', descending: true }] }));
    expect(rows.map(({ url }) => url)).toEqual(['http://second/', 'http://second/', 'http://first/', 'http://first/']);
  });

  it('finds a tenant its attempts also where it has many webhooks', async () => {
    const tenantId = await newTenant();
    const ids: string[] = [];
    for (let index = 0; index <= callbackLimits.tenantWebhooksMax; index++) ids.push(await webhook(tenantId));
    const event = await addEvent(world, { tenantId, atMs: startMs });
    for (const id of [ids[0]!, ids.at(-1)!]) await attempts(tenantId, id, event, [{}, {}]);
    const { rows, count } = await queryCallbacks(db, queryOf(tenantId));
    expect([rows.length, count]).toEqual([4, 4]);
  });
});

describe('what was sent', () => {
  it('is the body of the version under which the delivery was made, at the address of the version of the attempt', async () => {
    const tenantId = await newTenant();
    const id = await webhook(
      tenantId,
      { url: 'http://first/', payload_format: 'jsonapi', include_resources: ['r'] },
      { url: 'http://second/' },
    );
    const data = '{"big":12345678901234567890,"a":1.0,"a":2}';
    const event = await addEvent(world, { tenantId, atMs: startMs, data });
    await attempts(tenantId, id, event, [{}, { version: 2, atMs: startMs + 1 }], 1);
    const { rows } = await queryCallbacks(db, queryOf(tenantId, { withBodies: true }));
    expect(rows.map((row) => [row.n, row.url, bodyOf(row)])).toEqual([
      [2, 'http://second/', `{"data":${data},"included":[1]}`],
      [1, 'http://first/', `{"data":${data},"included":[1]}`],
    ]);
    const one = await findCallback(db, queryOf(tenantId), { eventId: event, webhookId: id, attempt: 2 });
    expect(one).toEqual(rows[0]);
    expect((await queryCallbacks(db, queryOf(tenantId))).rows.map(({ body }) => body)).toEqual([null, null]);
  });

  it('is gone where the event was erased, or is not there', async () => {
    const tenantId = await newTenant();
    const id = await webhook(tenantId);
    const erased = await addEvent(world, { tenantId, atMs: startMs });
    await attempts(tenantId, id, erased, [{}]);
    await world.rows(`update events set erased_at = now(), data = 'null' where id = $1`, [erased]);
    const dropped = await addEvent(world, { tenantId, atMs: startMs - dayMs });
    await attempts(tenantId, id, dropped, [{ atMs: startMs - dayMs }]);
    await world.rows('delete from events where id = $1', [dropped]);
    const { rows } = await queryCallbacks(db, queryOf(tenantId, { withBodies: true }));
    const shown = { url: 'http://a/', status_code: 200, body: null };
    expect(rows).toMatchObject([
      { ...shown, event_id: erased },
      { ...shown, event_id: dropped },
    ]);
  });

  it('is left out from where it would be too much for one answer', async () => {
    const tenantId = await newTenant();
    const id = await webhook(tenantId);
    const data = JSON.stringify('x'.repeat(Math.floor(bodiesBytesMax / 3)));
    for (let index = 0; index < 4; index++) {
      const event = await addEvent(world, { tenantId, atMs: startMs + index, data });
      await attempts(tenantId, id, event, [{ atMs: startMs + index }]);
    }
    const { rows } = await queryCallbacks(db, queryOf(tenantId, { withBodies: true }));
    expect(rows.map(({ body }) => body === null)).toEqual([false, false, true, true]);
  });

  it('is found by the place of its attempt, in reach alone', async () => {
    const [tenantId, other] = [await newTenant(), await newTenant()];
    const id = await webhook(tenantId);
    const event = await addEvent(world, { tenantId, atMs: startMs });
    await attempts(tenantId, id, event, [{ statusCode: null }]);
    const place = { eventId: event, webhookId: id, attempt: 1 };
    expect(await findCallback(db, queryOf(null), place)).toMatchObject({
      n: 1,
      ok: false,
      status_code: null,
      error: 'timed out',
      duration_ms: 12,
    });
    expect(await findCallback(db, queryOf(other), place)).toBeUndefined();
    expect(await findCallback(db, { environmentId: randomUUID(), tenantId: null }, place)).toBeUndefined();
    expect(await findCallback(db, queryOf(null), { ...place, attempt: 2 })).toBeUndefined();
  });
});

describe('the last answers of webhooks', () => {
  it('are so many of each, the last begun first', async () => {
    const tenantId = await newTenant();
    const [busy, quiet, silent] = [await webhook(tenantId), await webhook(tenantId), await webhook(tenantId)];
    const events: string[] = [];
    for (let index = 0; index < 4; index++) events.push(await addEvent(world, { tenantId, atMs: startMs + index }));
    await attempts(tenantId, busy, events[0]!, [{ atMs: startMs }, { atMs: startMs + 9_000 }]);
    for (const event of events.slice(1)) await attempts(tenantId, busy, event, [{ atMs: startMs + 1_000 }]);
    await attempts(tenantId, quiet, events[0]!, [{}]);
    const found = await newestCallbacks(db, [busy, quiet, silent], true, 3);
    expect([...found.keys()].sort()).toEqual([busy, quiet].sort());
    expect(idsOf(found.get(busy)!)).toEqual([`${events[0]}.${busy}.2`, `${events[3]}.${busy}.1`, `${events[2]}.${busy}.1`]);
    expect(bodyOf(found.get(quiet)![0]!)).toContain('"data":{"secret":1}');
    expect((await newestCallbacks(db, [], false)).size).toBe(0);
  });
});
