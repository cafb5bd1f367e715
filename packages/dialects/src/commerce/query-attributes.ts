// What lists of dialect 001 are filtered and sorted by: their attributes, what each is of ours, and of which kind.

/**
 * What an attribute's values are, and so which predicates fit: `uuid` an id of ours, `key` an id that has no order, `state` open or closed, `time` Unix
 * milliseconds.
 */
export type AttributeKind = 'text' | 'time' | 'number' | 'uuid' | 'key' | 'state';

/** What of a webhook is asked about. `topic` is its event types as this dialect writes them. */
export type WebhookField =
  | 'id'
  | 'name'
  | 'topic'
  | 'url'
  | 'circuit_state'
  | 'circuit_failure_count'
  | 'disabled_at'
  | 'created_at'
  | 'updated_at'
  | 'reference'
  | 'reference_origin';

/** What of an attempt is asked about: `created_at` is when it began, `updated_at` when it ended, `url` what was called. */
export type CallbackField = 'id' | 'webhook_id' | 'url' | 'response_code' | 'created_at' | 'updated_at';

export type CommerceResource = 'webhooks' | 'event_callbacks' | 'versions' | 'event_stores';
export type FieldOf<Resource extends CommerceResource> = Resource extends 'webhooks'
  ? WebhookField
  : Resource extends 'event_callbacks'
    ? CallbackField
    : never;

export type Attribute<Field extends string = string> = { readonly field: Field; readonly kind: AttributeKind };
type Attributes<Field extends string> = Readonly<Record<string, Attribute<Field>>>;

const webhookAttributes: Attributes<WebhookField> = {
  id: { field: 'id', kind: 'uuid' },
  name: { field: 'name', kind: 'text' },
  topic: { field: 'topic', kind: 'text' },
  callback_url: { field: 'url', kind: 'text' },
  circuit_state: { field: 'circuit_state', kind: 'state' },
  circuit_failure_count: { field: 'circuit_failure_count', kind: 'number' },
  disabled_at: { field: 'disabled_at', kind: 'time' },
  created_at: { field: 'created_at', kind: 'time' },
  updated_at: { field: 'updated_at', kind: 'time' },
  reference: { field: 'reference', kind: 'text' },
  reference_origin: { field: 'reference_origin', kind: 'text' },
};

const callbackAttributes: Attributes<CallbackField> = {
  id: { field: 'id', kind: 'key' },
  webhook_id: { field: 'webhook_id', kind: 'uuid' },
  callback_url: { field: 'url', kind: 'text' },
  response_code: { field: 'response_code', kind: 'text' },
  created_at: { field: 'created_at', kind: 'time' },
  updated_at: { field: 'updated_at', kind: 'time' },
};

/** What lists are filtered and sorted by, under the names that people write. */
export const queryAttributes: Readonly<Record<CommerceResource, Attributes<string>>> = {
  webhooks: webhookAttributes,
  event_callbacks: callbackAttributes,
  versions: {},
  event_stores: {},
};

/** What may be included with a resource. */
export const includable: Readonly<Record<CommerceResource, readonly string[]>> = {
  webhooks: ['last_event_callbacks'],
  event_callbacks: ['webhook'],
  versions: [],
  event_stores: [],
};

const everywhere = ['id', 'type', 'created_at', 'updated_at', 'reference', 'reference_origin', 'metadata'];

/** What a resource may be cut down to: attributes, relationships, and what it has in any case. */
export const fieldNames: Readonly<Record<CommerceResource, readonly string[]>> = {
  webhooks: [
    ...everywhere,
    ...['name', 'topic', 'callback_url', 'include_resources', 'disabled_at', 'circuit_state', 'circuit_failure_count', 'shared_secret'],
    ...['last_event_callbacks', 'versions', 'event_stores'],
  ],
  event_callbacks: [...everywhere, 'callback_url', 'payload', 'response_code', 'response_message', 'webhook'],
  versions: [...everywhere, 'resource_type', 'resource_id', 'event', 'changes', 'who'],
  event_stores: [...everywhere, 'resource_type', 'resource_id', 'event', 'payload', 'who'],
};
