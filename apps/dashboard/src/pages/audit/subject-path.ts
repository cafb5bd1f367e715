// The page of what something was done to.
import type { AuditEntry } from '../../api/admin-queries.js';
import { eventTypePath } from '../event-types/event-type-path.js';
import { keyPath, tenantPath } from '../tenants/paths.js';

/** Null: it has no page, or is gone for certain. */
export const subjectPath = ({ action, subject: { kind, id }, tenant }: AuditEntry): string | null => {
  if (id === null || /\.(deleted|erased)$/.test(action)) return null;
  if (kind === 'webhook') return `/webhooks/${id}`;
  if (kind === 'event') return `/events/${id}`;
  if (kind === 'delivery') return `/deliveries/${id}`;
  if (kind === 'api_key') return keyPath(id);
  if (kind === 'event_type') return eventTypePath(id);
  if (kind === 'tenant') return tenant === null ? null : tenantPath(tenant);
  return kind === 'environment' ? '/settings/environment' : null;
};
