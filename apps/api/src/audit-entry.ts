// What the audit log is told, by the key that did it.
import type { AuditEntry, KeyOwner } from '@posthorn/db';

/** An entry of what the owner of a key does to something in its environment. */
export const auditEntryOf = (
  owner: KeyOwner,
  what: Pick<AuditEntry, 'action' | 'subjectKind' | 'subjectId' | 'details'> & { readonly tenantId?: string | null },
): AuditEntry => ({
  ...what,
  environmentId: owner.environmentId,
  tenantId: what.tenantId ?? null,
  actorKeyId: owner.keyId,
  actor: owner.role,
});
