// The members of dialect 003's webhook.
import { secretField } from '../brought.js';
import { type Field, field } from '../fields.js';
import { aBoolean, aNonEmptyText, anObject, aText, orNull } from '../members.js';

const contextNote = '`""`, `null` or left out: any; else the member of the same name in `current_context` has to be this.';

export const fields: readonly Field[] = [
  field({ theirs: '_id', ours: 'object_id', access: 'read', note: '24 hex digits. An import keeps it.' }),
  field({
    theirs: 'company',
    ours: 'tenant',
    access: 'create',
    check: aNonEmptyText,
    note: 'Required unless the key is bound to a tenant; naming another than the bound one is 403.',
  }),
  field({ theirs: 'isActive', ours: 'is_active', isRequired: true, check: aBoolean, note: 'Writing it enables or disables.' }),
  field({
    theirs: 'trigger',
    ours: 'event_types',
    isRequired: true,
    isTurned: true,
    check: aNonEmptyText,
    note: 'One word. `create-edit-delete-…` stands for itself and its three parts; every other is the event type or pattern of that name. `*` and lists with commas are read as they are shown.',
  }),
  field({ theirs: 'url', ours: 'url', isRequired: true, check: aNonEmptyText, note: '' }),
  field({ theirs: 'name', ours: 'name', isRequired: true, check: aNonEmptyText, note: 'Unique in its tenant.' }),
  field({ theirs: 'code', ours: 'code', check: orNull(aText), note: 'Lower case letters, digits and `_`; unique in its tenant.' }),
  field({
    theirs: 'context',
    ours: 'context',
    isTurned: true,
    check: anObject,
    note: 'Reads back as it was sent, empty members too. A change replaces it whole.',
  }),
  field({ theirs: 'context.survey', ours: 'context.survey', isTurned: true, check: orNull(aText), note: contextNote }),
  field({ theirs: 'context.group', ours: 'context.group', isTurned: true, check: orNull(aText), note: contextNote }),
  field({ theirs: 'context.taskGroup', ours: 'context.taskGroup', isTurned: true, check: orNull(aText), note: contextNote }),
  field({ theirs: '__v', ours: 'version', access: 'read', note: '`version` − 1.' }),
  field({ theirs: 'description', ours: 'description', check: orNull(aText), note: '' }),
  secretField,
];
