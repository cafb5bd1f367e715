// Conditions on columns that people write themselves — equal, like, after, null — as SQL. Values are bound, wildcards of LIKE in them escaped. A column
// that is null meets no comparison, the negated ones neither.
import { isUuid } from '@posthorn/core';
import { type RawBuilder, sql } from 'kysely';
import { timeRangeSql } from './time-range.js';

export type ColumnKind = 'text' | 'number' | 'time' | 'uuid';
/** A column, or whatever else has one value a row. */
export type QueryColumn = { readonly sql: RawBuilder<unknown>; readonly kind: ColumnKind; readonly isNullable: boolean };

/** Texts are texts, times Unix milliseconds. */
export type ConditionValue = string | number;

export type ColumnTest =
  /** At least one value. */
  | { readonly is: 'among'; readonly values: readonly ConditionValue[]; readonly not: boolean; readonly orNull: boolean }
  /** Pieces of text with any run of characters between them; case does not count. */
  | { readonly is: 'like'; readonly patterns: readonly (readonly string[])[]; readonly not: boolean }
  | { readonly is: 'compared'; readonly sign: '>' | '>=' | '<' | '<='; readonly value: ConditionValue }
  | { readonly is: 'null'; readonly not: boolean }
  /** Null, or a text without characters. */
  | { readonly is: 'blank'; readonly not: boolean };

/** Met if the test is met by any of the fields. */
export type Condition<Field extends string> = { readonly fields: readonly Field[]; readonly test: ColumnTest };

/** LIKE's own characters are meant as they stand; between pieces anything may stand. */
const likePattern = (pieces: readonly string[]): string => pieces.map((piece) => piece.replaceAll(/[\\%_]/g, '\\$&')).join('%');

const anyOf = (conditions: readonly RawBuilder<boolean>[]): RawBuilder<boolean> =>
  conditions.length === 0 ? sql<boolean>`false` : sql<boolean>`(${sql.join(conditions, sql` or `)})`;

const amongSql = (column: QueryColumn, values: readonly ConditionValue[]): RawBuilder<boolean> => {
  switch (column.kind) {
    case 'text':
      return sql<boolean>`${column.sql} = any (${values.map(String)}::text[])`;
    case 'uuid':
      return sql<boolean>`${column.sql} = any (${values.map(String).filter(isUuid)}::uuid[])`;
    case 'number':
      return sql<boolean>`${column.sql} = any (${values.map(Number)}::integer[])`;
    case 'time':
      // Stored times are finer than shown ones: the whole millisecond is meant.
      return anyOf(values.map((atMs) => timeRangeSql(column.sql, { fromMs: Number(atMs), toMs: Number(atMs) + 1 })));
  }
};

const comparedSql = (column: QueryColumn, sign: '>' | '>=' | '<' | '<=', value: ConditionValue): RawBuilder<boolean> => {
  if (column.kind === 'time') {
    // After a millisecond is from the next one on.
    const boundMs = Number(value) + (sign === '>' || sign === '<=' ? 1 : 0);
    return timeRangeSql(column.sql, sign.startsWith('>') ? { fromMs: boundMs, toMs: null } : { fromMs: null, toMs: boundMs });
  }
  const operator = sql.raw(sign);
  if (column.kind === 'number') return sql<boolean>`${column.sql} ${operator} ${Number(value)}::integer`;
  if (column.kind === 'uuid') return isUuid(String(value)) ? sql<boolean>`${column.sql} ${operator} ${value}::uuid` : sql<boolean>`false`;
  return sql<boolean>`${column.sql} collate "C" ${operator} ${value}::text`;
};

const testSql = (column: QueryColumn, test: ColumnTest): RawBuilder<boolean> => {
  const negated = (condition: RawBuilder<boolean>, not: boolean) => (not ? sql<boolean>`(not ${condition})` : condition);
  switch (test.is) {
    case 'among': {
      const condition = negated(amongSql(column, test.values), test.not);
      return test.orNull ? sql<boolean>`(${condition} or ${column.sql} is null)` : condition;
    }
    case 'like':
      return negated(sql<boolean>`(${column.sql} ilike any (${test.patterns.map(likePattern)}::text[]))`, test.not);
    case 'compared':
      return comparedSql(column, test.sign, test.value);
    case 'null':
      return negated(sql<boolean>`(${column.sql} is null)`, test.not);
    case 'blank':
      return negated(
        column.kind === 'text' ? sql<boolean>`(coalesce(${column.sql}, '') = '')` : sql<boolean>`(${column.sql} is null)`,
        test.not,
      );
  }
};

/** A condition as SQL, over the columns of these names. */
export const conditionSql = <Field extends string>(
  columns: Readonly<Record<Field, QueryColumn>>,
  { fields, test }: Condition<Field>,
): RawBuilder<boolean> => anyOf(fields.map((field) => testSql(columns[field], test)));

/** What rows are ordered by; nothing comes before something only where the column's index says so. */
export const orderSql = (column: QueryColumn, descending: boolean): RawBuilder<unknown> =>
  sql`${column.sql}${column.kind === 'text' ? sql` collate "C"` : sql``} ${sql.raw(descending ? 'desc' : 'asc')}${sql.raw(column.isNullable ? ' nulls last' : '')}`;
