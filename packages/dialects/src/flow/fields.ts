// The members of dialect 000's webhook.
import { secretField } from '../brought.js';
import { type Field, field } from '../fields.js';
import { aBoolean, aNonEmptyText, anObject, aText, orNull, texts } from '../members.js';

export const fields: readonly Field[] = [
  field({ theirs: '_id', ours: 'object_id', access: 'read', note: '24 hex digits. An import keeps it.' }),
  field({
    theirs: 'client',
    ours: 'tenant',
    access: 'create',
    check: aNonEmptyText,
    note: 'Required unless the key is bound to a tenant; naming another than the bound one is 403.',
  }),
  field({ theirs: 'projectFlow', ours: 'project_flows', check: texts, note: 'Empty or left out: events of all flows.' }),
  field({ theirs: 'statistics', ours: 'statistics', access: 'read', note: '`{}` until the first delivery.' }),
  field({ theirs: 'isActive', ours: 'is_active', isRequired: true, check: aBoolean, note: 'Writing it enables or disables.' }),
  field({ theirs: 'name', ours: 'name', isRequired: true, check: aNonEmptyText, note: 'Unique in its tenant.' }),
  field({ theirs: 'url', ours: 'url', isRequired: true, check: aNonEmptyText, note: 'Its document shows an empty one, which is refused.' }),
  field({ theirs: 'description', ours: 'description', check: orNull(aText), note: '' }),
  field({
    theirs: 'notification',
    ours: 'notification',
    isTurned: true,
    check: anObject,
    note: 'A change replaces the members that it names.',
  }),
  field({
    theirs: 'notification.email',
    ours: 'notification.email',
    isTurned: true,
    check: orNull(aText),
    note: '`""` is none, and reads back as `""`.',
  }),
  field({ theirs: 'notification.success', ours: 'notification.success', check: aBoolean, note: '`false` unless written.' }),
  field({ theirs: 'notification.fail', ours: 'notification.fail', check: aBoolean, note: '`true` unless written.' }),
  field({ theirs: '__v', ours: 'version', access: 'read', note: '`version` − 1. Not in its document.' }),
  secretField,
];
