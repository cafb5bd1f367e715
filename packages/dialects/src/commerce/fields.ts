// The members of dialect 001's resource.
import { type Field, field } from '../fields.js';
import { aBoolean, anObject, aText, orNull, texts } from '../members.js';

const attributes: readonly Field[] = [
  field({ theirs: 'name', ours: 'name', check: orNull(aText), note: 'Unique in its tenant.' }),
  field({
    theirs: 'topic',
    ours: 'event_types',
    isRequired: true,
    isTurned: true,
    check: aText,
    note: 'One type or pattern, `*` for all, several parted by commas. A change replaces the list.',
  }),
  field({ theirs: 'callback_url', ours: 'url', isRequired: true, check: aText, note: '' }),
  field({ theirs: 'include_resources', ours: 'include_resources', check: orNull(texts), note: '`null` is none.' }),
  field({
    theirs: '_disable',
    ours: 'is_active',
    isTurned: true,
    check: orNull(aBoolean),
    note: '`true` disables, in the body that makes a webhook too; `false` and `null` do nothing. With `_enable`: 422.',
  }),
  field({ theirs: '_enable', ours: 'is_active', isTurned: true, check: orNull(aBoolean), note: '`true` enables.' }),
  field({ theirs: 'disabled_at', ours: 'disabled_at', access: 'read', note: 'An import makes `_disable` of it.' }),
  field({ theirs: 'circuit_state', ours: 'circuit_state', access: 'read', note: '`closed` or `open`; `half_open` reads `open`.' }),
  field({ theirs: 'circuit_failure_count', ours: 'circuit_failure_count', access: 'read', note: '' }),
  field({
    theirs: '_reset_circuit',
    ours: null,
    isTurned: true,
    check: orNull(aBoolean),
    note: '`true` does what `POST /v1/webhooks/{id}/reset-circuit` does. By a key of role `channel`: 403, and nothing is changed.',
  }),
  field({
    theirs: 'shared_secret',
    ours: 'secret',
    access: 'create',
    isTurned: true,
    check: orNull(aText),
    note: 'Made here if it is not brought along: 32 hex digits. Shown to `admin` and `channel`, else `null`.',
  }),
  field({ theirs: 'created_at', ours: 'created_at', access: 'read', note: '' }),
  field({ theirs: 'updated_at', ours: 'updated_at', access: 'read', note: '' }),
  field({ theirs: 'reference', ours: 'reference', check: orNull(aText), note: '' }),
  field({ theirs: 'reference_origin', ours: 'reference_origin', check: orNull(aText), note: '' }),
  field({ theirs: 'metadata', ours: 'metadata', isTurned: true, check: orNull(anObject), note: 'A change replaces it whole.' }),
  field({
    theirs: 'last_event_callbacks',
    ours: null,
    access: 'read',
    note: 'Its SDK sends an empty list here with a webhook that it has read.',
  }),
];

export const fields: readonly Field[] = [
  field({ theirs: 'type', ours: null, isRequired: true, check: aText, isTurned: true, note: '`webhooks`.' }),
  field({ theirs: 'id', ours: 'id', access: 'read', note: 'Ours; an import makes a new one.' }),
  field({ theirs: 'links', ours: null, access: 'read', note: '`links.self` is its address here.' }),
  field({ theirs: 'attributes', ours: null, isRequired: true, isTurned: true, check: anObject, note: '' }),
  ...attributes.map((each) => ({ ...each, theirs: `attributes.${each.theirs}` })),
  field({
    theirs: 'relationships',
    ours: null,
    access: 'read',
    note: '`last_event_callbacks`: the newest 10 attempts. `versions`: the changes.',
  }),
  field({ theirs: 'meta', ours: null, access: 'read', note: '`meta.mode`: `live` or `test`, the `mode` of its environment.' }),
];
