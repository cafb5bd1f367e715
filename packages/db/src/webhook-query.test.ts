// Conditions, orders and pages against a plain evaluation of the same in memory.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createWorld, type World } from '../tests/world.js';
import type { ColumnTest, Condition } from './condition-sql.js';
import { createDatabase, type Database } from './pools.js';
import { queryWebhooks, type WebhookQuery, type WebhookQueryField } from './webhook-query.js';

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

type Made = {
  readonly id: string;
  readonly name: string | null;
  readonly eventTypes: readonly string[];
  readonly url: string;
  readonly circuit: number;
  readonly failures: number;
  readonly disabledUs: number | null;
  readonly createdUs: number;
  readonly reference: string | null;
};
const startMs = Date.parse('2026-01-01T00:00:00Z');

const newTenant = async (): Promise<string> => {
  const id = randomUUID();
  await world.rows('insert into tenants (id, environment_id, key) values ($1, $2, $3)', [id, world.environmentId, id]);
  return id;
};
const insert = async (tenantId: string, made: readonly Made[]): Promise<void> => {
  const at = (column: string) => `timestamptz '2026-01-01T00:00:00Z' + ${column} * interval '1 microsecond'`;
  await world.rows(
    `with x as (select * from jsonb_to_recordset($3) as x (id uuid, name text, "eventTypes" text[], url text, circuit smallint, failures integer,
                                                           "disabledUs" int8, "createdUs" int8, reference text)),
          made as (insert into webhooks (id, environment_id, tenant_id, url, name, event_types, reference, created_at, updated_at)
                   select id, $1, $2, url, name, "eventTypes", reference, ${at('"createdUs"')}, ${at('"createdUs"')} from x)
     insert into webhook_state (webhook_id, environment_id, tenant_id, circuit, circuit_failure_count, disabled_at, disabled_reason)
     select id, $1, $2, circuit, failures, ${at('"disabledUs"')}, case when "disabledUs" is not null then 'by_hand' end from x`,
    [world.environmentId, tenantId, JSON.stringify(made)],
  );
};
const queryOf = (tenantId: string | null, rest: Partial<WebhookQuery> = {}): WebhookQuery => ({
  ...{ environmentId: world.environmentId, tenantId, conditions: [], sort: [], offset: 0, limit: 25 },
  ...rest,
});

/** Times to the millisecond, as they are shown. */
const shownOf = (made: Made, field: WebhookQueryField): string | number | null => {
  const shownMs = (us: number | null) => (us === null ? null : startMs + Math.floor(us / 1000));
  switch (field) {
    case 'id':
      return made.id;
    case 'name':
      return made.name;
    case 'topic':
      return made.eventTypes.join(',') || '*';
    case 'url':
      return made.url;
    case 'circuit_state':
      return made.circuit === 0 ? 'closed' : 'open';
    case 'circuit_failure_count':
      return made.failures;
    case 'disabled_at':
      return shownMs(made.disabledUs);
    case 'created_at':
    case 'updated_at':
      return shownMs(made.createdUs);
    case 'reference':
      return made.reference;
    case 'reference_origin':
      return null;
  }
};
const isLike = (value: string, pieces: readonly string[]): boolean =>
  new RegExp(`^${pieces.map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 'is').test(value);
const order = (a: string | number, b: string | number): number => {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(String(b)));
  return a - Number(b);
};
const meets = (value: string | number | null, test: ColumnTest): boolean => {
  if (test.is === 'null') return (value === null) !== test.not;
  if (test.is === 'blank') return (value === null || value === '') !== test.not;
  if (value === null) return test.is === 'among' && test.orNull;
  if (test.is === 'among') return test.values.includes(value) !== test.not;
  if (test.is === 'like') return test.patterns.some((pieces) => isLike(String(value), pieces)) !== test.not;
  const compared = order(value, test.value);
  return { '>': compared > 0, '>=': compared >= 0, '<': compared < 0, '<=': compared <= 0 }[test.sign];
};

const text = fc.constantFrom('a', 'A', 'ab', 'a_b', 'axb', '100%', 'back\\slash', 'é', 'é\nb', 'order.*,a');
const made: fc.Arbitrary<Omit<Made, 'id'>> = fc.record({
  name: fc.constant(null),
  eventTypes: fc.constantFrom([], ['a'], ['order.*', 'a']),
  url: fc.constantFrom('http://a/', 'http://b/', ''),
  circuit: fc.integer({ min: 0, max: 2 }),
  failures: fc.integer({ min: 0, max: 3 }),
  disabledUs: fc.option(fc.integer({ min: 0, max: 3_000 })),
  createdUs: fc.integer({ min: 0, max: 3_000 }),
  reference: fc.option(fc.oneof(text, fc.constant(''))),
});
const fieldKinds = {
  text: ['name', 'topic', 'url', 'reference', 'reference_origin', 'circuit_state'],
  time: ['disabled_at', 'created_at', 'updated_at'],
  number: ['circuit_failure_count'],
} as const satisfies Record<string, readonly WebhookQueryField[]>;
const not = fc.boolean();
const sign = fc.constantFrom('>' as const, '>=' as const, '<' as const, '<=' as const);
const testOf = (kind: keyof typeof fieldKinds): fc.Arbitrary<ColumnTest> => {
  const value: fc.Arbitrary<string | number> =
    kind === 'text'
      ? fc.oneof(text, fc.constantFrom('*', 'a', 'open', 'closed', 'http://a/'))
      : kind === 'time'
        ? fc.integer({ min: startMs - 1, max: startMs + 4 })
        : fc.integer({ min: -1, max: 4 });
  const pieces = fc.array(fc.oneof(fc.constant(''), text), { minLength: 1, maxLength: 3 });
  return fc.oneof(
    fc.record({ is: fc.constant('among' as const), values: fc.array(value, { minLength: 1, maxLength: 3 }), not, orNull: fc.boolean() }),
    fc.record({ is: fc.constant('compared' as const), sign, value }),
    fc.record({ is: fc.constantFrom('null' as const, 'blank' as const), not }),
    ...(kind === 'text'
      ? [fc.record({ is: fc.constant('like' as const), patterns: fc.array(pieces, { minLength: 1, maxLength: 3 }), not })]
      : []),
  );
};
const condition: fc.Arbitrary<Condition<WebhookQueryField>> = fc
  .constantFrom('text' as const, 'time' as const, 'number' as const)
  .chain((kind) =>
    fc.record({ fields: fc.uniqueArray(fc.constantFrom(...fieldKinds[kind]), { minLength: 1, maxLength: 2 }), test: testOf(kind) }),
  );
const sortKey = fc.record({
  by: fc.constantFrom<WebhookQueryField>(
    'id',
    'name',
    'topic',
    'circuit_state',
    'circuit_failure_count',
    'disabled_at',
    'created_at',
    'reference',
  ),
  descending: fc.boolean(),
});

describe('a query of webhooks', () => {
  it('finds those that meet all conditions, and counts them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(made, { maxLength: 12 }),
        fc.array(fc.array(condition, { maxLength: 3 }), { maxLength: 8 }),
        async (given, asked) => {
          const tenantId = await newTenant();
          const all: Made[] = given.map((each) => ({ ...each, id: randomUUID() }));
          await insert(tenantId, all);
          for (const conditions of asked) {
            const { rows, count } = await queryWebhooks(db, queryOf(tenantId, { conditions }));
            const expected = all.filter((each) =>
              conditions.every(({ fields, test }) => fields.some((field) => meets(shownOf(each, field), test))),
            );
            expect({ conditions, ids: rows.map(({ id }) => id).sort(), count }).toEqual({
              conditions,
              ids: expected.map(({ id }) => id).sort(),
              count: expected.length,
            });
          }
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it('has each once over its pages, in the order that was asked for, what is null last', async () => {
    const compare =
      (sort: WebhookQuery['sort']) =>
      (a: Made, b: Made): number => {
        const keys = sort.length === 0 ? [{ by: 'created_at' as const, descending: true }] : sort;
        for (const { by, descending } of [...keys, { by: 'id' as const, descending: keys.at(-1)!.descending }]) {
          const fine = (each: Made) => (by === 'created_at' ? each.createdUs : by === 'disabled_at' ? each.disabledUs : shownOf(each, by));
          const [left, right] = [fine(a), fine(b)].map((value) => (by === 'name' ? (value ?? '') : value));
          if (left === right) continue;
          if (left == null || right == null) return left == null ? 1 : -1;
          return order(left, right) * (descending ? -1 : 1);
        }
        return 0;
      };
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(made, fc.option(text)), { maxLength: 12, selector: ([, name]) => name ?? Symbol('nameless') }),
        fc.array(sortKey, { maxLength: 3 }),
        fc.integer({ min: 1, max: 5 }),
        async (given, sort, limit) => {
          const tenantId = await newTenant();
          const all: Made[] = given.map(([each, name]) => ({ ...each, name, id: randomUUID() }));
          await insert(tenantId, all);
          const walked: string[] = [];
          for (let offset = 0; offset <= all.length; offset += limit) {
            const { rows, count } = await queryWebhooks(db, queryOf(tenantId, { sort, limit, offset }));
            expect(count).toBe(all.length);
            walked.push(...rows.map(({ id }) => id));
          }
          expect(walked).toEqual(all.sort(compare(sort)).map(({ id }) => id));
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it('sees the webhooks in reach alone, without those that were deleted, and ids that are none find nothing', async () => {
    const [tenantId, other] = [await newTenant(), await newTenant()];
    const plain = {
      name: null,
      eventTypes: [],
      url: 'http://a/',
      circuit: 0,
      failures: 0,
      disabledUs: null,
      createdUs: 0,
      reference: 'reach',
    };
    const [kept, deleted, foreign] = [randomUUID(), randomUUID(), randomUUID()];
    await insert(
      tenantId,
      [kept, deleted].map((id) => ({ ...plain, id })),
    );
    await insert(other, [{ ...plain, id: foreign }]);
    await world.rows('update webhooks set deleted_at = now() where id = $1', [deleted]);
    const among = (field: WebhookQueryField, values: readonly string[], negated = false): readonly Condition<WebhookQueryField>[] => [
      { fields: [field], test: { is: 'among', values, not: negated, orNull: false } },
    ];
    const found = async (query: WebhookQuery) => (await queryWebhooks(db, query)).rows.map(({ id }) => id).sort();
    const byReference = among('reference', ['reach']);
    expect(await found(queryOf(tenantId, { conditions: byReference }))).toEqual([kept]);
    expect(await found(queryOf(null, { conditions: byReference }))).toEqual([kept, foreign].sort());
    expect((await queryWebhooks(db, queryOf(tenantId, { offset: 9 }))).count).toBe(1);
    expect(await found({ ...queryOf(null), environmentId: randomUUID() })).toEqual([]);
    expect(await found(queryOf(tenantId, { conditions: among('id', ['none', kept, foreign]) }))).toEqual([kept]);
    expect(await found(queryOf(tenantId, { conditions: among('id', ['none'], true) }))).toEqual([kept]);
    const above: Condition<WebhookQueryField> = { fields: ['id'], test: { is: 'compared', sign: '>', value: kept } };
    expect(await found(queryOf(tenantId, { conditions: [above] }))).toEqual([]);
    expect((await queryWebhooks(db, queryOf(tenantId))).rows[0]).toMatchObject({ tenant_key: tenantId, circuit: 0, disabled_at: null });
  });
});
