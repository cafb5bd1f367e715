// What stands in paths and headers of more than one route.
import { Type } from 'typebox';
import { uuid } from './fields.js';

/** `{id}` of a path. */
export const idOfPath = (what: string) => Type.Object({ id: uuid(`The id of the ${what}.`) });

export const webhookPath = idOfPath('webhook');
export const eventPath = idOfPath('event');
export const replayPath = idOfPath('replay');
export const deliveryPath = Type.Object({ id: Type.String({ description: '`<event id>.<webhook id>`' }) });

/** The header of a change that must not overwrite another's. */
export const ifMatchHeader = Type.Object({
  'if-match': Type.Optional(Type.String({ description: 'The ETag that the webhook must still have; else 412.' })),
});

/** The header that makes publishing safe to repeat. */
export const idempotencyHeader = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ description: 'The same key is accepted once; a repeat gets the answer of the first.' })),
});
