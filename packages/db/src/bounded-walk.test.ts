// Lists that look no further than so far for one page show what a plain scan finds, page after page: nothing is left out, and nothing comes twice.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { reasonCodes } from '@posthorn/core';
import fc from 'fast-check';
import { createWorld, newEventId, type World } from '../tests/world.js';
import type { Walked } from './bounded-walk.js';
import { tenantWebhooksMax } from './delivery-streams.js';
import { createDatabase, type Database } from './pools.js';
import { listEvents } from './reading.js';
import { listAttempts } from './reading-attempts.js';
import { type DeliveryFilters, type DeliveryPage, listDeliveries } from './reading-deliveries.js';

let world: World;
let db: Database;
let otherEnvironment: string;
const tenants = { small: randomUUID(), big: randomUUID(), elsewhere: randomUUID() };
const webhookIds: Record<keyof typeof tenants, string[]> = { small: [], big: [], elsewhere: [] };
const dayMs = 86_400_000;
const nowMs = Date.now();
const types = ['order.placed', 'order.paid', 'rare'];
const eventIds: string[] = [];
const replayIds = [randomUUID(), randomUUID()];

// What is drawn of a number is the same in every run.
const draw = (n: number, sides: number): number => (Math.imul(n + 1, 2_654_435_761) >>> 8) % sides;

beforeAll(async () => {
  world = await createWorld();
  db = createDatabase({ url: world.url, max: 2, applicationName: 'test', onError: () => undefined });
  otherEnvironment = randomUUID();
  await world.rows(`insert into environments (id, name, mode) values ($1, 'other', 'test')`, [otherEnvironment]);
  for (const [name, count] of [
    ['small', 3],
    ['big', tenantWebhooksMax + 2],
    ['elsewhere', 2],
  ] as const) {
    const place = [tenants[name], name === 'elsewhere' ? otherEnvironment : world.environmentId];
    await world.rows('insert into tenants (id, environment_id, key) values ($1, $2, $3)', [...place, name]);
    for (let index = 0; index < count; index += 1) {
      const id = randomUUID();
      webhookIds[name].push(id);
      await world.rows(`insert into webhooks (id, tenant_id, environment_id, url) values ($1, $2, $3, 'http://127.0.0.1:9/')`, [
        id,
        ...place,
      ]);
      const state = 'insert into webhook_state (webhook_id, tenant_id, environment_id, circuit) values ($1, $2, $3, $4)';
      await world.rows(state, [id, ...place, index % 3 === 0 ? 1 : 0]);
      if (index % 4 === 1) await world.rows('update webhook_state set paused_at = now() where webhook_id = $1', [id]);
    }
  }
  for (let n = 0; n < 240; n += 1) await insertEvent(n);
  // As after a week: the planner knows the tables.
  await world.rows('analyze');
}, 60_000);
afterAll(async () => {
  await db.destroy();
  await world.drop();
});

const insertEvent = async (n: number): Promise<void> => {
  const name = (['small', 'big', 'big', 'elsewhere'] as const)[draw(n, 4)]!;
  const place = [name === 'elsewhere' ? otherEnvironment : world.environmentId, tenants[name]];
  const id = newEventId(nowMs - draw(n, 3) * dayMs - draw(n, 50_000));
  eventIds.push(id);
  await world.rows(
    `insert into events (environment_id, tenant_id, id, event_type, event_time, data, dispatch_id) values ($1, $2, $3, $4, now(), '{}', $3)`,
    [...place, id, types[draw(n, 40) === 0 ? 2 : n % 2]],
  );
  const own = webhookIds[name];
  for (let each = 0; each < Math.min(4, own.length); each += 1) {
    const seed = n * 7 + each;
    const status = [1, 1, 1, 0, 2, 3, 4][draw(seed, 7)]!;
    const attempts = status > 2 ? 0 : 1 + draw(seed, 3);
    await world.rows(
      `insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, replay_id, reason, attempt, last_status_code, last_error_kind)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        ...[...place, id, own[(n + each * 5) % own.length], status, draw(seed, 6) === 0 ? replayIds[draw(seed, 2)] : null],
        ...[status > 1 ? 13 + draw(seed, 3) : null, attempts],
        ...(status === 1 ? [200, null] : attempts > 0 && draw(seed, 2) === 0 ? [500 + draw(seed, 3), null] : [null, 4]),
      ],
    );
    for (let attempt = 1; attempt <= attempts; attempt += 1)
      await world.rows(
        `insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, duration_ms)
         values ($1, $2, $3, $4, $5, $6, 1, now(), $7, 1)`,
        [...place, id, own[(n + each * 5) % own.length], attempt, attempt === 1 ? 0 : 1, draw(seed + attempt, 2) === 0],
      );
  }
  if (draw(n, 9) === 0)
    await world.rows(
      `insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, duration_ms)
       values ($1, $2, $3, $4, 1, 5, 1, now(), true, 1)`,
      [...place, newEventId(nowMs - draw(n, 3) * dayMs), own[0]],
    );
};

/** All pages, as a reader of the API goes through them: one row more than a page has is asked for. */
const readAll = async <Row, Position>(
  limit: number,
  read: (before: Position | null, limit: number) => Promise<Walked<Row, Position>>,
  positionOf: (row: Row) => Position,
): Promise<readonly Row[]> => {
  const all: Row[] = [];
  for (let before: Position | null = null, pages = 0; pages < 5_000; pages += 1) {
    const { rows, lookedTo }: Walked<Row, Position> = await read(before, limit + 1);
    expect(rows.length).toBeLessThanOrEqual(limit + 1);
    const page = rows.slice(0, limit);
    all.push(...page);
    if (rows.length > limit) before = positionOf(page.at(-1)!);
    else if (lookedTo === null) return all;
    else before = lookedTo;
  }
  throw new Error('the list does not end');
};

const given = <T>(arbitrary: fc.Arbitrary<T>, weight: number) =>
  fc.oneof({ arbitrary, weight }, { arbitrary: fc.constant(null), weight: 10 });
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => given(arbitrary, 8);
const rarely = <T>(arbitrary: fc.Arbitrary<T>) => given(arbitrary, 2);
const bounds = fc.record({ firstRows: fc.integer({ min: 1, max: 30 }), more: fc.integer({ min: 0, max: 90 }) });
const limitsOf = ({ firstRows, more }: { firstRows: number; more: number }) => ({ firstRows, rowsMax: firstRows + more });
const limit = fc.integer({ min: 1, max: 40 });
const range = orNull(
  fc.tuple(orNull(fc.integer({ min: 0, max: 3 * dayMs })), orNull(fc.integer({ min: 0, max: 3 * dayMs }))).map(([from, to]) => ({
    fromMs: from === null ? null : nowMs - from,
    toMs: to === null ? null : nowMs - to,
  })),
);
const tenant = orNull(fc.constantFrom('small', 'small', 'big', 'elsewhere'));
const equals = (column: string, value: unknown): string => (value === null ? 'true' : `${column} = '${value}'`);
const within = (column: string, at: { fromMs: number | null; toMs: number | null } | null): string =>
  [
    at?.fromMs == null ? 'true' : `${column} >= uuidv7_floor(to_timestamp(${at.fromMs / 1000}))`,
    at?.toMs == null ? 'true' : `${column} < uuidv7_floor(to_timestamp(${at.toMs / 1000}))`,
  ].join(' and ');
const gateReasons = { paused: reasonCodes.webhook_paused, open: reasonCodes.circuit_open };
/** What is held has the reason of its webhook's gate. */
const reasonIs = (reason: number | null): string => {
  if (reason === gateReasons.paused) return 'd.status = 0 and s.paused_at is not null';
  if (reason === gateReasons.open) return 'd.status = 0 and s.paused_at is null and s.circuit <> 0';
  return equals('d.reason', reason);
};
/** Reads all pages, and says how many deliveries a plain scan finds. */
const expectScan = async (
  page: Omit<DeliveryPage, 'before' | 'limit'>,
  max: number,
  looked: { readonly firstRows: number; readonly rowsMax: number },
): Promise<number> => {
  const { tenantId, eventId, webhookId, status } = page;
  const read = await readAll(
    max,
    (before: { eventId: string; webhookId: string } | null, asked) => listDeliveries(db, { ...page, before, limit: asked }, looked),
    (row) => ({ eventId: row.event_id, webhookId: row.webhook_id }),
  );
  const { reason = null, errorKind = null, eventType = null, statusCode = null, createdAt = null, replayId = null } = page.filters ?? {};
  const scanned = await world.rows<{ key: string }>(
    `select d.event_id || '.' || d.webhook_id as key from deliveries d join events e on e.id = d.event_id
               join webhook_state s on s.webhook_id = d.webhook_id
              where d.environment_id = $1 and ${equals('d.tenant_id', tenantId)} and ${equals('d.event_id', eventId)} and ${equals('d.webhook_id', webhookId)}
                and ${equals('d.status', status?.code ?? null)} and ${status?.gated == null ? 'true' : `(s.circuit <> 0 or s.paused_at is not null) = ${status.gated}`}
                and ${reasonIs(reason)} and ${equals('d.replay_id', replayId)} and ${equals('d.last_error_kind', errorKind)} and ${equals('e.event_type', eventType)}
                and ${statusCode === null ? 'true' : `d.last_status_code between ${statusCode.from} and ${statusCode.to}`}
                and ${within('d.event_id', createdAt)}
              order by d.event_id desc, d.webhook_id desc`,
    [world.environmentId],
  );
  expect(read.map((row) => `${row.event_id}.${row.webhook_id}`)).toEqual(scanned.map(({ key }) => key));
  return scanned.length;
};

const runs = { numRuns: 100 };

describe('page after page', () => {
  it('deliveries are those of a plain scan, whatever they are narrowed by', async () => {
    const seen = { rows: 0, empty: 0 };
    const shown = fc.constantFrom([0, false], [0, true], [1, null], [2, null], [3, null], [4, null]);
    const filters = fc.record({
      reason: orNull(fc.constantFrom(13, 14, 19, ...Object.values(gateReasons))),
      replayId: rarely(fc.constantFrom(...replayIds, randomUUID())),
      errorKind: orNull(fc.constantFrom(4, 1)),
      eventType: orNull(fc.constantFrom(...types, 'none')),
      statusCode: orNull(fc.constantFrom({ from: 200, to: 299 }, { from: 500, to: 599 }, { from: 501, to: 501 }, { from: 400, to: 499 })),
      createdAt: range,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.record({ filters: given(filters, 5), status: orNull(shown), tenant, limit, bounds }),
        rarely(fc.tuple(fc.constantFrom('small', 'big'), fc.nat(2))),
        rarely(fc.nat(239)),
        async (query, webhook, event) => {
          const [webhookId, eventId] = [
            webhook === null ? null : webhookIds[webhook[0] as 'small'][webhook[1]]!,
            event === null || webhook !== null ? null : eventIds[event]!,
          ];
          const status = query.status === null ? null : { code: query.status[0] as number, gated: query.status[1] as boolean | null };
          const tenantId = query.tenant === null ? null : tenants[query.tenant as 'small'];
          const page = {
            environmentId: world.environmentId,
            tenantId,
            eventId,
            webhookId,
            status,
            filters: query.filters as DeliveryFilters | null,
          };
          const scanned = await expectScan(page, query.limit, limitsOf(query.bounds));
          seen.rows += scanned;
          seen.empty += scanned === 0 ? 1 : 0;
        },
      ),
      runs,
    );
    // Neither did all filters find nothing, nor none.
    expect(seen.rows).toBeGreaterThan(500);
    expect(seen.empty).toBeGreaterThan(2);
  }, 120_000);

  it('deliveries that a replay opened are those of the webhook, or of the event, that is asked for', async () => {
    const of = { environmentId: world.environmentId, tenantId: null, status: null };
    const none = { reason: null, errorKind: null, eventType: null, statusCode: null, createdAt: null };
    let found = 0;
    for (const replayId of replayIds) {
      for (const webhookId of webhookIds.small)
        found += await expectScan({ ...of, eventId: null, webhookId, filters: { ...none, replayId } }, 3, { firstRows: 4, rowsMax: 9 });
      for (const eventId of eventIds.slice(0, 20))
        found += await expectScan({ ...of, eventId, webhookId: null, filters: { ...none, replayId } }, 3, { firstRows: 4, rowsMax: 9 });
    }
    expect(found).toBeGreaterThan(10);
  }, 60_000);

  it('deliveries of a tenant that are read webhook by webhook come in one order', async () => {
    const page = { environmentId: world.environmentId, tenantId: tenants.small, eventId: null, webhookId: null, filters: null };
    for (const code of [0, 1, 2, 3, 4])
      for (const max of [1, 4])
        for (const rowsMax of [1, 7, 40])
          expect(await expectScan({ ...page, status: { code, gated: null } }, max, { firstRows: 1, rowsMax })).toBeGreaterThan(5);
  }, 60_000);

  it('events are those of a plain scan', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ tenant, eventType: orNull(fc.constantFrom(...types, 'none')), acceptedAt: range, limit, bounds }),
        async ({ tenant: name, eventType, acceptedAt, limit: max, bounds: looked }) => {
          const tenantId = name === null ? null : tenants[name as 'small'];
          const page = { environmentId: world.environmentId, tenantId, eventType, sourceId: null, acceptedAt };
          const read = await readAll(
            max,
            (beforeId: string | null, asked) => listEvents(db, { ...page, beforeId, limit: asked }, limitsOf(looked)),
            ({ id }) => id,
          );
          const scanned = await world.rows<{ id: string }>(
            `select id from events where environment_id = $1 and ${equals('tenant_id', tenantId)} and ${equals('event_type', eventType)}
                and ${within('id', acceptedAt)} order by id desc`,
            [world.environmentId],
          );
          expect(read.map(({ id }) => id)).toEqual(scanned.map(({ id }) => id));
        },
      ),
      runs,
    );
  }, 120_000);

  it('attempts of a webhook are those of a plain scan, tests among them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ kind: orNull(fc.constantFrom(0, 1, 2, 5)), succeeded: orNull(fc.boolean()), limit, bounds, place: fc.nat(2) }),
        fc.constantFrom('small', 'big'),
        async ({ kind, succeeded, limit: max, bounds: looked, place }, name) => {
          const webhookId = webhookIds[name as 'small'][place]!;
          const page = { environmentId: world.environmentId, tenantId: null, webhookId, kind, succeeded };
          const read = await readAll(
            max,
            (before: { eventId: string; n: number } | null, asked) => listAttempts(db, { ...page, before, limit: asked }, limitsOf(looked)),
            (row) => ({ eventId: row.event_id, n: row.n }),
          );
          const scanned = await world.rows<{ key: string }>(
            `select event_id || '.' || n as key from attempts
              where webhook_id = $1 and ${equals('kind', kind)} and ${equals('ok', succeeded)} order by event_id desc, n desc`,
            [webhookId],
          );
          expect(read.map((row) => `${row.event_id}.${row.n}`)).toEqual(scanned.map(({ key }) => key));
        },
      ),
      // One delivery at a time: each has to lead behind itself.
      { ...runs, examples: [[{ kind: null, succeeded: false, limit: 1, bounds: { firstRows: 1, more: 0 }, place: 0 }, 'small']] },
    );
  }, 120_000);
});

describe('a page', () => {
  it('is short or empty once it looked far enough, and says how far', async () => {
    const page = {
      environmentId: world.environmentId,
      tenantId: null,
      eventId: null,
      webhookId: null,
      status: null,
      before: null,
      limit: 10,
    };
    const never = { reason: null, errorKind: null, eventType: 'none', statusCode: null, replayId: null, createdAt: null };
    const { rows, lookedTo } = await listDeliveries(db, { ...page, filters: never }, { firstRows: 5, rowsMax: 20 });
    expect(rows).toEqual([]);
    const [twentieth] = await world.rows(
      `select event_id as "eventId", webhook_id as "webhookId" from deliveries order by event_id desc, webhook_id desc offset 19 limit 1`,
    );
    expect(lookedTo).toEqual(twentieth);
    expect((await listDeliveries(db, { ...page, filters: never }, { firstRows: 5, rowsMax: 10_000 })).lookedTo).toBeNull();
  });
});
