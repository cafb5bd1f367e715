// Cursors: opaque, signed, and bound to the query that made them, so an edited one or one of another query is refused, not misread.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { problem } from '@posthorn/core';

export type Cursors = {
  /** @param query what the cursor belongs to: route, filters, reach */
  readonly write: (query: readonly unknown[], position: readonly (string | number)[]) => string;
  /** The position, or null without a cursor; throws `invalid_cursor`. */
  readonly read: (query: readonly unknown[], cursor: string | undefined) => readonly (string | number)[] | null;
};

const tagBytes = 12;

/** @param key any secret that all API processes share */
export const createCursors = (key: Buffer): Cursors => {
  const tagOf = (query: readonly unknown[], position: string): Buffer =>
    createHmac('sha256', key).update(JSON.stringify(query)).update('\n').update(position).digest().subarray(0, tagBytes);
  return {
    write: (query, position) => {
      const text = JSON.stringify(position);
      return Buffer.concat([tagOf(query, text), Buffer.from(text)]).toString('base64url');
    },
    read: (query, cursor) => {
      if (cursor === undefined) return null;
      const bytes = Buffer.from(cursor, 'base64url');
      const text = bytes.subarray(tagBytes).toString('utf8');
      const tag = bytes.subarray(0, tagBytes);
      if (tag.length !== tagBytes || bytes.toString('base64url') !== cursor || !timingSafeEqual(tag, tagOf(query, text)))
        throw problem('invalid_cursor');
      return JSON.parse(text) as (string | number)[];
    },
  };
};
