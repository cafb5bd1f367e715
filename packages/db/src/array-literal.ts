// Array parameters of the hot statements as Postgres array literals, built by appending: the driver's own serialiser
// escapes every element through a regular expression, which costs more than the rest of a row.

const needsEscape = /["\\]/;

/** One column of a batch; append values in row order, then take `literal()`. */
export type ColumnLiteral<T> = { readonly push: (value: T) => void; readonly literal: () => string };

const column = <T>(write: (value: NonNullable<T>) => string): ColumnLiteral<T> => {
  let text = '{';
  let empty = true;
  return {
    push: (value) => {
      text += empty ? '' : ',';
      empty = false;
      text += value === null || value === undefined ? 'NULL' : write(value);
    },
    literal: () => `${text}}`,
  };
};

const quote = (value: string): string => (needsEscape.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : `"${value}"`);

/** uuid[], whose elements never need quotes. */
export const uuidColumn = (): ColumnLiteral<string | null> => column<string | null>((value) => value);
/** integer and float arrays. */
export const numberColumn = (): ColumnLiteral<number | null> => column<number | null>((value) => String(value));
export const booleanColumn = (): ColumnLiteral<boolean> => column<boolean>((value) => (value ? 't' : 'f'));
/** text[]; the caller sees to it that no value holds a NUL, which Postgres text cannot store. */
export const textColumn = (): ColumnLiteral<string | null> => column<string | null>(quote);
/** bytea[] in hex form. */
export const bytesColumn = (): ColumnLiteral<Buffer | null> => column<Buffer | null>((value) => `"\\\\x${value.toString('hex')}"`);
/** text[] whose elements are themselves text[] literals, for `unnest(…)::text[]` per row. */
export const textArrayColumn = (): ColumnLiteral<readonly string[] | null> =>
  column<readonly string[] | null>((values) => quote(`{${values.map(quote).join(',')}}`));

/** A whole array at once, for parameters that are not built row by row. */
export const uuidArray = (values: readonly string[]): string => `{${values.join(',')}}`;
export const numberArray = (values: readonly number[]): string => `{${values.join(',')}}`;
