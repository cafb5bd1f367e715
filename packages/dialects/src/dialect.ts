// A dialect is another system's way to speak of a webhook: a pure mapping between its object and ours, and the form of its errors. Each has a
// folder of its own; routes, paging and what is stored are the API's.
import type { FieldError } from '@posthorn/core';
import type { Field } from './fields.js';

export type DialectName = '000' | '001' | '003' | '004';

/** Our webhook, as far as dialects show it: the members of api.md §4 by their names there. */
export type ShownWebhook = {
  readonly id: string;
  /** 24 hex digits; made before a dialect that shows it is asked. */
  readonly object_id: string;
  readonly environment_id: string;
  readonly mode: 'live' | 'test';
  readonly tenant: string;
  readonly name: string | null;
  readonly code: string | null;
  readonly description: string | null;
  readonly url: string;
  readonly event_types: readonly string[];
  readonly context: Readonly<Record<string, unknown>>;
  readonly project_flows: readonly string[];
  readonly include_resources: readonly string[];
  readonly is_active: boolean;
  readonly disabled_at: string | null;
  readonly circuit_state: 'closed' | 'open' | 'half_open';
  readonly circuit_failure_count: number;
  readonly notification: { readonly email: string | null; readonly success: boolean; readonly fail: boolean };
  readonly statistics: Readonly<Record<string, number | string | null>>;
  readonly reference: string | null;
  readonly reference_origin: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
  /** What the dialect asked to keep when it last read this webhook. */
  readonly kept: Kept | null;
};

/** JSON of a dialect's own: what it must read back as it was sent, though ours says it in another way. */
export type Kept = Readonly<Record<string, unknown>>;

export type ReadRules = {
  readonly isNew: boolean;
  readonly role: 'admin' | 'operator' | 'publisher' | 'viewer' | 'channel';
  /** The tenant that the key is bound to. */
  readonly boundTenant: string | null;
  readonly environmentId: string;
  /** What is asked of the webhook before the change; null for a new one. */
  readonly before: Pick<ShownWebhook, 'tenant' | 'metadata' | 'kept'> | null;
  /** 16 fresh random bytes, for a secret in the dialect's form. */
  readonly random: Buffer;
};

/** A body of the dialect in our words. */
export type Reading =
  | {
      readonly ok: true;
      /** Members of the body of POST or PATCH /v1/webhooks; what the dialect has no word for is left out. */
      readonly webhook: Readonly<Record<string, unknown>>;
      readonly resetCircuit: boolean;
      /** Replaces what was kept; undefined: nothing changes. */
      readonly kept: Kept | undefined;
    }
  | { readonly ok: false; readonly status: 403 | 404 | 422; readonly errors: readonly FieldError[] };

/** What went wrong, in our words; pointers are the dialect's. */
export type DialectProblem = {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly FieldError[];
};

/** An object from a file, on its way in. */
export type FromExport = {
  /** The body that makes the webhook; what is no object is handed on as it is, so that `read` says so. */
  readonly body: unknown;
  /** 24 hex digits in lower case, if the other system's ids look so: the webhook keeps it. */
  readonly objectId: string | null;
  /** Its id in the other system, as it stands there, for people who look for it. */
  readonly oldId: string | null;
  /** Whether it brings its secret along. */
  readonly hasSecret: boolean;
};

export type Dialect = {
  readonly name: DialectName;
  /** Every member of its object, in the order of its document. */
  readonly fields: readonly Field[];
  /** Never throws, whatever the body is. */
  readonly read: (body: unknown, rules: ReadRules) => Reading;
  /**
   * @param secret if it may be shown here, else null
   * @param origin of the API, for links: `https://hooks.example`
   */
  readonly show: (webhook: ShownWebhook, secret: string | null, origin: string) => unknown;
  /** An object as the other system exports it, or as `show` gives it with its secret. Never throws. */
  readonly fromExport: (object: unknown) => FromExport;
  /** Where in the dialect's body stands what our pointer names. */
  readonly placeOf: (pointer: string) => string;
  readonly errorBody: (problem: DialectProblem) => unknown;
};
