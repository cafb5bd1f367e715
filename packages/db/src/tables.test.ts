import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld, type World } from '../tests/world.js';

type Column = { readonly name: string; readonly nullable: boolean; readonly hasDefault: boolean };

let world: World;
let source: string;

beforeAll(async () => {
  world = await createWorld();
  const files = await Promise.all(['tables.ts', 'webhook-tables.ts'].map((file) => readFile(new URL(file, import.meta.url), 'utf8')));
  source = files.join('\n');
});

afterAll(() => world.drop());

/** Table name → column name → type, as the files say. */
const declared = (): ReadonlyMap<string, ReadonlyMap<string, string>> => {
  const types = new Map(
    [...source.matchAll(/export type (\w+Table) = \{([^}]*)\}/g)].map(([, name, body]) => [
      name!,
      new Map([...body!.matchAll(/(\w+): ([^;]+?)\s*(?:;|$)/g)].map(([, column, columnType]) => [column!, columnType!])),
    ]),
  );
  const tables = /export type Tables = \{([^}]*)\}/.exec(source)![1]!;
  return new Map([...tables.matchAll(/(\w+): (\w+Table);/g)].map(([, table, type]) => [table!, types.get(type!)!]));
};

const actual = async (table: string): Promise<readonly Column[]> =>
  world.rows<Column>(
    `select column_name as name, is_nullable = 'YES' as nullable,
            column_default is not null or is_identity = 'YES' or is_generated = 'ALWAYS' as "hasDefault"
       from information_schema.columns where table_schema = 'public' and table_name = $1`,
    [table],
  );

/** Whether Kysely lets an insert leave the column out. */
const mayBeLeftOut = (type: string): boolean => /^(Generated<|Time$|NullableTime$|Json<|NullableJson<)|\| null$/.test(type);

describe('the tables as Kysely sees them', () => {
  it('are read from the source', () => {
    expect(declared().size).toBeGreaterThanOrEqual(12);
    expect(declared().get('dispatches')?.get('event_ids')).toBe('string[]');
  });

  it('have only columns that exist, and every column that an insert must give', async () => {
    const problems: string[] = [];
    for (const [table, columns] of declared()) {
      const existing = await actual(table);
      for (const [name, type] of columns) {
        const column = existing.find((each) => each.name === name);
        if (column === undefined) problems.push(`${table}.${name} does not exist`);
        else if (!column.nullable && / null$|^Nullable/.test(type)) problems.push(`${table}.${name} is never null`);
        else if (column.nullable && !/ null$|^Nullable/.test(type)) problems.push(`${table}.${name} can be null`);
        else if (!column.nullable && !column.hasDefault && mayBeLeftOut(type)) problems.push(`${table}.${name} must be given`);
      }
      for (const { name, nullable, hasDefault } of existing)
        if (!nullable && !hasDefault && !columns.has(name)) problems.push(`${table}.${name} is missing`);
    }
    expect(problems).toEqual([]);
  });
});
