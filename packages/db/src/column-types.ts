// How the columns of a table are read, inserted and updated, by kind.
import type { ColumnType, Generated } from 'kysely';

export type Time = ColumnType<Date, Date | string | undefined, Date | string>;
export type GivenTime = ColumnType<Date, Date | string, Date | string>;
/** Times that can be infinite are read in SQL, never as a Date. */
export type GivenTimeOrDefault = Generated<string>;
export type NullableTime = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
export type Json<T> = ColumnType<T, string | undefined, string>;
export type GivenJson<T> = ColumnType<T, string, string>;
export type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>;
