// Accepted events as live messages.
import type { LiveTeller, NewEvent, StoredDispatch } from '@posthorn/db';

/** Tells of the events that were stored. */
export const tellAccepted = (teller: LiveTeller, events: readonly NewEvent[], stored: readonly StoredDispatch[]): void => {
  const ids = new Set(stored.flatMap(({ eventIds }) => eventIds));
  for (const { id, event } of events) {
    if (!ids.has(id)) continue;
    const { environmentId, tenantId, eventType, sourceId } = event;
    const facts = { event_id: id, event_type: eventType, source_id: sourceId };
    teller.tell({ kind: 'event', environment_id: environmentId, tenant_id: tenantId, ...facts });
  }
};
