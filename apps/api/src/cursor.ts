// Cursors: opaque, signed, and bound to the query that made them, so an edited one or one of another query is refused, not misread.
import { createHmac } from 'node:crypto';
import { isSameSecret, problem } from '@posthorn/core';
import type { DerivedKeys } from '@posthorn/db';

export type Cursors = {
  /** @param query what the cursor belongs to: route, filters, reach */
  readonly write: (query: readonly unknown[], position: readonly (string | number)[]) => string;
  /** The position, or null without a cursor; throws `invalid_cursor`. */
  readonly read: (query: readonly unknown[], cursor: string | undefined) => readonly (string | number)[] | null;
};

const tagBytes = 12;

/** @param keys secrets that all API processes share: with one of them cursors are signed, with any of them they are read */
export const createCursors = (keys: DerivedKeys): Cursors => {
  const tagOf = (key: Buffer, query: readonly unknown[], position: string): Buffer =>
    createHmac('sha256', key).update(JSON.stringify(query)).update('\n').update(position).digest().subarray(0, tagBytes);
  return {
    write: (query, position) => {
      const text = JSON.stringify(position);
      return Buffer.concat([tagOf(keys.present(), query, text), Buffer.from(text)]).toString('base64url');
    },
    read: (query, cursor) => {
      if (cursor === undefined) return null;
      const bytes = Buffer.from(cursor, 'base64url');
      const text = bytes.subarray(tagBytes).toString('utf8');
      const tag = bytes.subarray(0, tagBytes);
      const isSigned = keys.all.some((key) => isSameSecret(tag, tagOf(key, query, text)));
      if (bytes.toString('base64url') !== cursor || !isSigned) throw problem('invalid_cursor');
      return JSON.parse(text) as (string | number)[];
    },
  };
};
