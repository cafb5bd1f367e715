// When each problem comes and what helps, for people: the documents are made of this table.
import type { ProblemCode } from './problems.js';

export type ProblemDescription = {
  /** When it comes. */
  readonly meaning: string;
  /** What the caller can do about it. */
  readonly whatHelps: string;
};

const sendAgain = 'Send it again after the seconds that `Retry-After` names.';

/** Of every code, in the order of the table of problems. */
export const problemDescriptions: Readonly<Record<ProblemCode, ProblemDescription>> = {
  not_json: {
    meaning: 'The body is not JSON, is empty, or is not UTF-8.',
    whatHelps: 'Send one JSON value in UTF-8.',
  },
  invalid_request: {
    meaning: 'Something beside the body is wrong: a parameter that is unknown, given twice or not valid, a header, or the path.',
    whatHelps: '`detail` names it and says what is known instead.',
  },
  invalid_cursor: {
    meaning: 'The cursor was changed, or belongs to another query, another list or a key with another reach.',
    whatHelps: 'Send a `next_cursor` as it came, with the parameters that it came from; or begin at the first page.',
  },
  idempotency_key_conflict: {
    meaning: 'The event has an `id`, and the header `Idempotency-Key` names another.',
    whatHelps: 'Send one of the two, or the same in both.',
  },
  unauthorized: {
    meaning: 'There is no key in `Authorization: Bearer <key>`, or it is unknown, revoked or expired.',
    whatHelps: 'Send a key that is valid. One that was made elsewhere belongs to another installation.',
  },
  forbidden: {
    meaning: 'The role of the key may not do this, or it is bound to a tenant where an unbound one is needed.',
    whatHelps: 'Use a key with one of the roles that the OpenAPI document lists for the route (`x-roles`).',
  },
  tenant_forbidden: {
    meaning: 'The request names a tenant, and the key is bound to another.',
    whatHelps: 'Leave the tenant out, or use a key that is not bound or bound to that tenant.',
  },
  not_found: {
    meaning: 'There is nothing under this address, or it belongs to another environment or tenant than the key.',
    whatHelps: 'Check the id, the path and the key. What is not yours looks as if it were not there.',
  },
  request_timeout: {
    meaning: 'Headers or body of the request came too slowly. Its connection is closed.',
    whatHelps: 'Send the request again, at once and as a whole; a body that is large may be split.',
  },
  conflict: {
    meaning: 'The state of the resource does not allow it: a name that is taken, a delivery or replay that has ended.',
    whatHelps: '`detail` says what stands in the way, and `errors` which field.',
  },
  circuit_open: {
    meaning: 'The delivery is held because the circuit of its webhook is not closed.',
    whatHelps: 'Wait for the next probe, or reset the circuit by the route in `detail`.',
  },
  webhook_disabled: {
    meaning: 'The webhook is disabled, and this needs one that is not.',
    whatHelps: 'Enable it first, by the route in `detail`.',
  },
  webhook_paused: {
    meaning: 'The delivery is held because its webhook is paused.',
    whatHelps: 'Resume the webhook, by the route in `detail`.',
  },
  precondition_failed: {
    meaning: '`If-Match` names a version that is not the present one: somebody else was faster.',
    whatHelps: 'Read the resource again, look at what changed, and send the change with the new ETag.',
  },
  body_too_large: {
    meaning: 'The body of the request is larger than the route takes.',
    whatHelps: 'Send less; a batch may be split.',
  },
  event_too_large: {
    meaning: 'The event is larger than 256 KiB.',
    whatHelps: 'Send less in it, for instance a link in the place of a document.',
  },
  unsupported_media_type: {
    meaning: 'The body is not declared as `application/json`, or it is compressed.',
    whatHelps: 'Send `Content-Type: application/json` and the body as it is.',
  },
  nesting_too_deep: {
    meaning: 'The JSON is nested in more levels than are taken.',
    whatHelps: 'Flatten it; `detail` has the limit.',
  },
  unknown_field: {
    meaning: 'The body has a field that does not exist or cannot be written here.',
    whatHelps: 'Leave it out. `errors` has the place of everything that is wrong.',
  },
  missing_field: {
    meaning: 'The body lacks a field that is needed.',
    whatHelps: 'Add it. `errors` has the place of everything that is wrong.',
  },
  invalid_field: {
    meaning: 'A field of the body has a wrong type or a value that is not allowed.',
    whatHelps: '`errors` has the place of everything that is wrong, and says what is allowed there.',
  },
  reserved_event_type: {
    meaning: 'The type begins with `posthorn.`, which is for events that Posthorn itself makes.',
    whatHelps: 'Use another type.',
  },
  idempotency_mismatch: {
    meaning: 'An event was accepted under this key, and its body was another one.',
    whatHelps: 'Use a new key for a new event; repeat an event with the same bytes.',
  },
  schema_mismatch: {
    meaning: 'The environment refuses events that do not fit the schema of their type, and the data of this one do not.',
    whatHelps: '`errors` has the places in `data`. Mend the event, or the schema of its type.',
  },
  batch_size: {
    meaning: 'A batch has no events, or more than 1,000.',
    whatHelps: 'Split it.',
  },
  blocked_address: {
    meaning: 'The URL leads, or may lead, to an address that this installation does not call.',
    whatHelps: '`detail` names the rule, and the variable and value by which whoever runs Posthorn may allow it.',
  },
  rate_limited: {
    meaning:
      'The key has made more requests, or published more events, than it may in a second; or too many keys that are not valid came from this address.',
    whatHelps:
      'Send it again after the seconds that `Retry-After` names. `RateLimit-Policy` has the limit; whoever runs Posthorn can raise it.',
  },
  headers_too_large: {
    meaning: 'The request has more headers than are taken, or larger ones.',
    whatHelps: 'Send fewer. A proxy in front may have added some.',
  },
  internal: {
    meaning: 'Something is broken on our side.',
    whatHelps: 'Tell whoever runs Posthorn the `request_id`: it stands in the log with the cause.',
  },
  overloaded: {
    meaning: 'Too much waits at the moment. Nothing was stored.',
    whatHelps: sendAgain,
  },
  database_unavailable: {
    meaning: 'The database does not answer. Nothing was stored.',
    whatHelps: sendAgain,
  },
};
