// One delivery as those need it who act on it: as it is read, how many requests were made of it, and what stands in its way.
import { sql } from 'kysely';
import type { Database } from './pools.js';
import type { Reach } from './reading.js';
import { type DeliveryRow, listDeliveries } from './reading-deliveries.js';

export type DeliveryFacts = {
  readonly delivery: DeliveryRow;
  readonly tenantId: string;
  /** Requests that were made and recorded. */
  readonly attempts: number;
  readonly webhook: { readonly deleted: boolean; readonly disabled: boolean; readonly paused: boolean; readonly circuitClosed: boolean };
  readonly erased: boolean;
  /** Its event is older than is kept, and goes with its day. */
  readonly givenUp: boolean;
};

/** A delivery in reach with what stands in its way, or undefined. */
export const findDelivery = async (
  db: Database,
  reach: Reach,
  { eventId, webhookId }: { readonly eventId: string; readonly webhookId: string },
): Promise<DeliveryFacts | undefined> => {
  const { rows: found } = await listDeliveries(db, { ...reach, eventId, webhookId, status: null, filters: null, before: null, limit: 1 });
  const [delivery] = found;
  if (delivery === undefined) return undefined;
  const { rows } = await sql<{
    tenant_id: string;
    attempts: number;
    deleted: boolean;
    disabled: boolean;
    paused: boolean;
    circuit_closed: boolean;
    erased: boolean;
    given_up: boolean;
  }>`
    select d.tenant_id, (select count(*)::int from attempts a where a.event_id = ${eventId} and a.webhook_id = ${webhookId}) as attempts,
           s.webhook_id is null or s.deleted_at is not null as deleted, s.disabled_at is not null as disabled, s.paused_at is not null as paused,
           s.circuit is not distinct from 0 as circuit_closed, e.id is null or e.erased_at is not null as erased,
           d.event_id < (select kept_from from retention) as given_up
      from deliveries d
      left join webhook_state s on s.webhook_id = d.webhook_id
      left join events e on e.id = d.event_id and e.id = ${eventId}
     where d.event_id = ${eventId} and d.webhook_id = ${webhookId}`.execute(db);
  const row = rows[0];
  if (row === undefined) return undefined;
  const { deleted, disabled, paused, circuit_closed: circuitClosed } = row;
  return {
    delivery,
    tenantId: row.tenant_id,
    attempts: row.attempts,
    webhook: { deleted, disabled, paused, circuitClosed },
    erased: row.erased,
    givenUp: row.given_up,
  };
};
