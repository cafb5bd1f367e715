// Events and deliveries of the past for tests of what people do with them afterwards.
import { storedStatusCodes } from '@posthorn/core';
import type { DeliveryRecord } from '../src/flush.js';
import { writeFlush } from '../src/flush.js';
import { failed, flushLimits, newEventId, sent, type World } from './world.js';

export type GivenEvent = {
  readonly eventType?: string;
  readonly atMs?: number;
  readonly data?: string;
  readonly context?: string | null;
  readonly projectFlows?: readonly string[] | null;
  readonly tenantId?: string;
  readonly environmentId?: string;
  readonly dispatchId?: string;
};

/** Makes an event whose fan-out is done; returns its id. */
export const addEvent = async (world: World, given: GivenEvent = {}): Promise<string> => {
  const id = newEventId(given.atMs);
  await world.rows(
    `insert into events (id, environment_id, tenant_id, event_type, event_time, data, current_context, resources, project_flows, dispatch_id)
     values ($1, $2, $3, $4, now(), $5, $6, '{"r":[1]}', $7, coalesce($8::uuid, gen_random_uuid()))`,
    [
      id,
      given.environmentId ?? world.environmentId,
      given.tenantId ?? world.tenantId,
      given.eventType ?? 'order.placed',
      given.data ?? '{"secret":1}',
      given.context ?? null,
      given.projectFlows ?? null,
      given.dispatchId ?? null,
    ],
  );
  return id;
};

export type Ended = 'waiting' | 'succeeded' | 'failed' | 'skipped' | 'cancelled';

/** The record of a delivery that is in this state. */
export const inState = (state: Ended): Partial<DeliveryRecord> => {
  switch (state) {
    case 'waiting':
      return failed();
    case 'succeeded':
      return { status: storedStatusCodes.succeeded, dueInMs: null, sent: sent() };
    case 'failed':
      return { ...failed(), status: storedStatusCodes.failed, reason: 13, dueInMs: null };
    case 'skipped':
      return { status: storedStatusCodes.skipped, reason: 3, attempt: 0, dueInMs: null, sent: null };
    case 'cancelled':
      return { status: storedStatusCodes.cancelled, reason: 17, attempt: 0, dueInMs: null, sent: null };
  }
};

/** Makes deliveries of events for a webhook, through the flush. */
export const addDeliveries = async (
  world: World,
  webhookId: string,
  eventIds: readonly string[],
  state: Ended,
  changes: Partial<DeliveryRecord> = {},
): Promise<void> => {
  const records = eventIds.map((eventId) => world.record(webhookId, { ...inState(state), eventId, threshold: 1_000_000, ...changes }));
  await writeFlush(world.pool, { records, reports: [], finished: [] }, flushLimits);
};

/** Deliveries by webhook, event type and state, as the statistics say and as they are; equal if nothing was miscounted. */
export const countsAndRecount = async (world: World, webhookIds: readonly string[]) => {
  const names = ['waiting', 'succeeded', 'failed', 'skipped', 'cancelled'] as const;
  const ended = names.slice(1);
  const counted = await world.rows(
    `select * from (
       select webhook_id, event_type, (sum(created) - ${ended.map((name) => `sum(${name}) + sum(${name}_again)`).join(' - ')})::int as waiting,
              ${ended.map((name) => `(sum(${name}) - sum(${name}_again))::int as ${name}`).join(', ')}
         from webhook_stats where webhook_id = any ($1::uuid[]) group by 1, 2) s
      order by 1, 2`,
    [webhookIds],
  );
  const recounted = await world.rows(
    `select d.webhook_id, e.event_type, ${names.map((name) => `count(*) filter (where d.status = ${storedStatusCodes[name]})::int as ${name}`).join(', ')}
       from deliveries d join events e on e.id = d.event_id where d.webhook_id = any ($1::uuid[]) group by 1, 2 order by 1, 2`,
    [webhookIds],
  );
  return { counted, recounted };
};
