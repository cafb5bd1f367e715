// A version of a webhook as dialect 001 shows changes: resources of type `versions` and, the same under another name, `event_stores`.
import type { Resource } from './document.js';

export type ShownVersion = {
  readonly webhookId: string;
  /** From 1, which is the webhook's making. */
  readonly version: number;
  /** By our fields. Empty for the first. */
  readonly changes: Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>>;
  /** The columns as they were after the change. */
  readonly snapshot: Readonly<Record<string, unknown>>;
  readonly keyId: string | null;
  /** The role of the key. */
  readonly role: string;
  /** RFC 3339 */
  readonly changedAt: string;
  readonly mode: 'live' | 'test';
};

const topicOf = (eventTypes: readonly unknown[]): string => (eventTypes.length === 0 ? '*' : eventTypes.join(','));

/** Our fields that have another name there, and what their values read as. */
const theirs: Readonly<Record<string, { readonly name: string; readonly show: (value: unknown) => unknown }>> = {
  url: { name: 'callback_url', show: (value) => value },
  event_types: { name: 'topic', show: (value) => (Array.isArray(value) ? topicOf(value) : value) },
};
/** What a new webhook is said to have been given, where it was given. */
const madeOf = ['name', 'event_types', 'url', 'include_resources', 'reference', 'reference_origin', 'metadata'];

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);

/** As `[before, after]`, by their names; ours that they have no word for keep their own. */
const changesOf = ({ version, changes, snapshot }: ShownVersion): Readonly<Record<string, readonly [unknown, unknown]>> => {
  const pairs: readonly (readonly [string, unknown, unknown])[] =
    version > 1
      ? Object.entries(changes).map(([field, { from, to }]) => [field, from, to])
      : madeOf.flatMap((field) => {
          const value = Object.hasOwn(snapshot, field) ? snapshot[field] : undefined;
          return isEmpty(value) && field !== 'event_types' ? [] : [[field, null, value ?? []]];
        });
  return Object.fromEntries(
    pairs.map(([field, from, to]) => {
      const { name, show } = Object.hasOwn(theirs, field) ? theirs[field]! : { name: field, show: (value: unknown) => value };
      return [name, [show(from), show(to)]];
    }),
  );
};

/** Keys of role `channel` are sales channels there; all others act for the organization. */
const whoOf = ({ keyId, role }: ShownVersion) => ({
  application: { id: keyId, kind: role === 'channel' ? 'sales_channel' : 'integration', public: false },
  role,
});

const resourceOf = (version: ShownVersion, type: 'versions' | 'event_stores', changesName: 'changes' | 'payload'): Resource => ({
  id: `${version.webhookId}.${version.version}`,
  type,
  attributes: {
    resource_type: 'webhooks',
    resource_id: version.webhookId,
    event: version.version === 1 ? 'create' : 'update',
    [changesName]: changesOf(version),
    who: whoOf(version),
    created_at: version.changedAt,
    updated_at: version.changedAt,
    reference: null,
    reference_origin: null,
    metadata: {},
  },
  meta: { mode: version.mode },
});

/** The resource of type `versions`. */
export const showVersion = (version: ShownVersion): Resource => resourceOf(version, 'versions', 'changes');

/** The same of type `event_stores`: what changed is its `payload`. */
export const showEventStore = (version: ShownVersion): Resource => resourceOf(version, 'event_stores', 'payload');
