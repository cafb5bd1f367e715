// The audit log: who did what.
import { Type } from 'typebox';
import { anyObject, nullable, time, uuid } from './fields.js';

export const auditEntrySchema = Type.Object(
  {
    id: uuid(),
    at: time(),
    actor: Type.Object({
      key_id: nullable(uuid()),
      role: Type.String({ description: 'The role that the key had; without a key, `unsubscribe link`: that of a mail.' }),
    }),
    action: Type.String({ description: 'What was done: `webhook.created`, `api_key.revoked` …' }),
    subject: Type.Object({ kind: Type.String(), id: nullable(Type.String()) }, { description: 'What it was done to.' }),
    tenant: nullable(Type.String(), { description: 'Whose it is; null: the environment’s.' }),
    details: anyObject({ description: 'What says more; never a secret.' }),
  },
  { $id: 'AuditEntry', description: 'Something that somebody did.' },
);
