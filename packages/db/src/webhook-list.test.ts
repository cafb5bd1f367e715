// The list of webhooks against the rules that it has to agree with: matching by core, and orders by plain comparison.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { matchesEventType } from '@posthorn/core';
import fc from 'fast-check';
import { createWorld, type World } from '../tests/world.js';
import { createDatabase, type Database } from './pools.js';
import { listWebhooks, type WebhookFilters, type WebhookPage, type WebhookSortColumn, webhookSortColumns } from './webhook-list.js';

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

const noFilters: WebhookFilters = {
  isActive: null,
  status: null,
  circuit: null,
  eventType: null,
  code: null,
  name: null,
  url: null,
  reference: null,
  objectId: null,
  createdAt: null,
  updatedAt: null,
};
const newTenant = async (): Promise<string> => {
  const id = randomUUID();
  await world.rows('insert into tenants (id, environment_id, key) values ($1, $2, $3)', [id, world.environmentId, id]);
  return id;
};

type NewRow = {
  readonly name: string | null;
  readonly createdUs: number;
  readonly updatedUs: number;
  readonly eventTypes?: readonly string[];
};
const insert = async (tenantId: string, { name, createdUs, updatedUs, eventTypes = [] }: NewRow): Promise<string> => {
  const id = randomUUID();
  const at = (parameter: number) => `timestamptz '2026-01-01T00:00:00Z' + $${parameter}::int8 * interval '1 microsecond'`;
  await world.rows(
    `insert into webhooks (id, environment_id, tenant_id, url, name, event_types, created_at, updated_at)
     values ($1, $2, $3, 'http://127.0.0.1:9/', $4, $5, ${at(6)}, ${at(7)})`,
    [id, world.environmentId, tenantId, name, [...eventTypes], createdUs, updatedUs],
  );
  await world.rows('insert into webhook_state (webhook_id, environment_id, tenant_id) values ($1, $2, $3)', [
    id,
    world.environmentId,
    tenantId,
  ]);
  return id;
};
const pageOf = (tenantId: string, rest: Partial<WebhookPage> = {}): WebhookPage => ({
  environmentId: world.environmentId,
  tenantId,
  filters: noFilters,
  sort: { by: 'created_at', descending: true },
  after: null,
  limit: 50,
  ...rest,
});

describe('the filter by event type', () => {
  const piece = fc.constantFrom('a', 'ab', '_', 'posthorn', 'order', 'B');
  const separator = fc.constantFrom('.', ':', '/', '-');
  const joined = (part: fc.Arbitrary<string>) =>
    fc.tuple(part, fc.array(fc.tuple(separator, part), { maxLength: 3 })).map(([first, rest]) => first + rest.flat().join(''));
  const eventType = joined(piece);
  const pattern = fc.oneof(
    eventType,
    joined(fc.oneof(piece, fc.constantFrom('*', 'a*', '*b', '*_*'))),
    fc.constantFrom('*', 'posthorn.*', 'posthorn*'),
  );

  it('finds those that matching lets through, and no others', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(pattern, { maxLength: 3 }), { minLength: 1, maxLength: 8 }),
        fc.array(eventType, { minLength: 1, maxLength: 8 }),
        async (lists, types) => {
          const tenantId = await newTenant();
          const made = await Promise.all(
            lists.map(async (eventTypes) => ({
              eventTypes,
              id: await insert(tenantId, { name: null, createdUs: 0, updatedUs: 0, eventTypes }),
            })),
          );
          for (const type of [...types, 'posthorn.circuit_opened', ...lists.flat().map((text) => text.replaceAll('*', 'x'))]) {
            const rows = await listWebhooks(db, pageOf(tenantId, { filters: { ...noFilters, eventType: type } }));
            const expected = made.filter(({ eventTypes }) => matchesEventType(eventTypes, type)).map(({ id }) => id);
            expect({ type, ids: rows.map(({ id }) => id).sort() }).toEqual({ type, ids: expected.sort() });
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('the pages', () => {
  // Few values, so that ties are common; microseconds apart, so that a cut to milliseconds would lose some.
  const row = fc.record({
    name: fc.constantFrom(null),
    createdUs: fc.integer({ min: 0, max: 5 }),
    updatedUs: fc.integer({ min: 0, max: 2_000 }),
  });
  const name = fc.constantFrom(null, 'a', 'B', 'é', 'aa', '~');
  const keyOf =
    (by: WebhookSortColumn) =>
    (made: NewRow & { id: string }): readonly [string | number, string] => [
      by === 'name' ? Buffer.from(made.name ?? '').toString('hex') : by === 'created_at' ? made.createdUs : made.updatedUs,
      made.id,
    ];
  const compare = ([a, idA]: readonly [string | number, string], [b, idB]: readonly [string | number, string]): number =>
    a < b ? -1 : a > b ? 1 : idA < idB ? -1 : idA > idB ? 1 : 0;

  it.each(
    webhookSortColumns.flatMap((by) => [
      { by, descending: false },
      { by, descending: true },
    ]),
  )(
    'by $by (descending: $descending) have each row that is there all the time once, in order, whatever comes and goes meanwhile',
    async (sort) => {
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(fc.tuple(row, name), { maxLength: 14, selector: ([, each]) => each ?? Symbol('nameless') }),
          fc.array(row, { maxLength: 8 }),
          fc.array(row, { minLength: 6, maxLength: 6 }),
          fc.integer({ min: 1, max: 5 }),
          async (named, nameless, coming, limit) => {
            const tenantId = await newTenant();
            const staying = [...named.map(([each, text]) => ({ ...each, name: text })), ...nameless];
            const made: (NewRow & { id: string })[] = [];
            for (const each of staying) made.push({ ...each, id: await insert(tenantId, each) });
            const walked: string[] = [];
            let after: WebhookPage['after'] = null;
            for (let page = 0; ; page++) {
              const rows = await listWebhooks(db, pageOf(tenantId, { sort, after, limit }));
              walked.push(...rows.map(({ id }) => id));
              const last = rows.at(-1);
              if (last === undefined) break;
              after = { value: last.sort_value, id: last.id };
              const newcomer = coming[page];
              if (newcomer !== undefined) await insert(tenantId, { ...newcomer, name: `new ${page}` });
            }
            const stayed = walked.filter((id) => made.some((each) => each.id === id));
            const expected = made.map(keyOf(sort.by)).sort(compare);
            if (sort.descending) expected.reverse();
            expect(stayed).toEqual(expected.map(([, id]) => id));
            expect(new Set(walked).size).toBe(walked.length);
          },
        ),
        { numRuns: 15 },
      );
    },
    30_000,
  );
});
