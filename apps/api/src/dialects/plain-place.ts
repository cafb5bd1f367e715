// A dialect whose objects are plain JSON: what of its routes is its own.
import { problem } from '@posthorn/core';
import type { WebhookRow } from '@posthorn/db';
import type { Dialect } from '@posthorn/dialects';
import type { FastifyContextConfig, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { WebhookDependencies } from '../routes/own-webhook.js';
import { errorFormOf } from './errors.js';
import { findShown } from './showing.js';

/** What a plain dialect's routes are like. */
export type PlainPlace = {
  readonly dialect: Dialect;
  readonly path: string;
  /** Ends the names of its operations, which are unique: `Webhook003`. */
  readonly operation: string;
  /** Which of a webhook's two ids it shows as its id. */
  readonly id: 'id' | 'object_id';
  /** `$id`s of its schemas. */
  readonly schemas: {
    readonly shown: string;
    readonly created: string;
    readonly new: string;
    readonly changes: string;
    readonly error: string;
  };
  /** Whether the answer that makes a webhook shows its secret. */
  readonly showsNewSecret: boolean;
  readonly list: {
    readonly items: 'data' | 'result';
    readonly cursor: 'cursor' | 'next_cursor';
    /** Its names of these filters. */
    readonly isActive: string;
    readonly tenant: string | null;
    readonly environment: string | null;
  };
  /** What a deletion answers with: nothing, or the id. */
  readonly deleted: 'nothing' | 'id';
};

/** The tag of its operations, and who may call them. */
export const tagsOf = ({ dialect }: PlainPlace): string[] => [`Dialect ${dialect.name}`];
export const configOf = ({ dialect, schemas }: PlainPlace, permission: FastifyContextConfig['permission']): FastifyContextConfig => ({
  permission,
  errorForm: errorFormOf(dialect, 'application/json', schemas.error),
});

/** `{id}` of its paths. */
export const placePath = Type.Object({ id: Type.String({ description: 'The id of the webhook, as it is shown here.' }) });

/** The webhook that an id of the dialect names; throws `not_found`. */
export const requireShown = async (
  { db }: Pick<WebhookDependencies, 'db'>,
  place: Pick<PlainPlace, 'id'>,
  { owner }: FastifyRequest,
  id: string,
): Promise<WebhookRow> => {
  const row = await findShown(db, owner, place.id, id);
  if (row === undefined) throw problem('not_found');
  return row;
};
