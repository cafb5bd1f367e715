// What every list takes and answers with.
import { walkLimits } from '@posthorn/db';
import { Type } from 'typebox';
import { limits } from '../limits.js';

/** The parameters of every list. */
export const pageParameters = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: limits.listMax, default: limits.listDefault, description: 'How many of them at most.' }),
  ),
  cursor: Type.Optional(Type.String({ description: 'The `next_cursor` of the page before; it belongs to the query that made it.' })),
};

/** Said of lists that look no further than so far for one page. */
export const shortPages =
  `For one page at most ${walkLimits.rowsMax} of them are looked at: a filter that few of them fit may make a page short, or empty, ` +
  'that has a `next_cursor` all the same. The list ends where `next_cursor` is null.';

/** The query of a list that has no filters. */
export const pageQuery = Type.Object(pageParameters);

/** The answer of a list. */
export const listOf = <Item extends Type.TSchema>(item: Item) =>
  Type.Object(
    {
      data: Type.Array(item),
      next_cursor: Type.Union([Type.String(), Type.Null()], { description: 'Null: this is the last page.' }),
    },
    { description: 'A page of them.' },
  );
