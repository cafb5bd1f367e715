// The members of dialect 004's webhook.
import { type Field, field } from '../fields.js';
import { aBoolean, aText, texts } from '../members.js';

export const fields: readonly Field[] = [
  field({ theirs: 'id', ours: 'id', access: 'read', note: 'Ours; an import makes a new one.' }),
  field({ theirs: 'target_url', ours: 'url', isRequired: true, check: aText, note: '' }),
  field({ theirs: 'is_active', ours: 'is_active', check: aBoolean, note: '`true` unless written. Writing it enables or disables.' }),
  field({
    theirs: 'environment_id',
    ours: 'environment_id',
    access: 'read',
    check: aText,
    note: "The key's. Naming another is 404; an import leaves it out.",
  }),
  field({
    theirs: 'event_types',
    ours: 'event_types',
    check: texts,
    note: 'Left out or empty: all. Patterns such as `record:*` work too.',
  }),
  field({ theirs: 'created_at', ours: 'created_at', access: 'read', note: '' }),
  field({ theirs: 'updated_at', ours: 'updated_at', access: 'read', note: '' }),
  field({
    theirs: 'secret',
    ours: 'secret',
    access: 'create',
    isTurned: true,
    check: aText,
    note: 'Made here if it is not brought along: a UUID. Shown in the answer that makes the webhook, and in exports with secrets.',
  }),
];
