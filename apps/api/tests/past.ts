// Events and deliveries of the past, made through the tables, for tests of what people do with them afterwards.
import { randomBytes } from 'node:crypto';
import { reasonCodes, storedStatusCodes, uuidv7 } from '@posthorn/core';
import type { ApiWorld } from './api-world.js';

type Ended = keyof typeof storedStatusCodes;
const reasonOf: Partial<Record<Ended, number>> = {
  failed: reasonCodes.exhausted,
  skipped: reasonCodes.webhook_disabled,
  cancelled: reasonCodes.cancelled_by_hand,
};

export const newWebhook = async (world: ApiWorld, tenant = 'acme', fields: Record<string, unknown> = {}): Promise<string> =>
  (await world.call('POST', '/v1/webhooks', { body: { tenant, url: 'http://127.0.0.1:9/', ...fields } })).body.id;

/** An event whose fan-out is done; returns its id. */
export const pastEvent = async (world: ApiWorld, tenant = 'acme', eventType = 'order.placed', data = '{"secret":1}'): Promise<string> => {
  const id = world.newId();
  await world.pool.query(
    `insert into events (id, environment_id, tenant_id, event_type, event_time, data, current_context, dispatch_id)
     values ($1, $2, $3, $4, now(), $5, '{"who":"me"}', $1)`,
    [id, world.environmentId, await world.tenantId(tenant), eventType, data],
  );
  return id;
};

/** A delivery in this state, with its statistics, and an attempt if it has been made; returns `<event>.<webhook>`. */
export const pastDelivery = async (world: ApiWorld, eventId: string, webhookId: string, state: Ended, tenant = 'acme'): Promise<string> => {
  const place = [world.environmentId, await world.tenantId(tenant), eventId, webhookId];
  const wasSent = state === 'succeeded' || state === 'failed';
  const ended = state === 'waiting' ? null : state;
  await world.pool.query(
    `insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, reason, attempt, failures, due_at, ended_at)
     values ($1, $2, $3, $4, $5::int2, $6, $7, $8, case when $5::int2 = 0 then now() + interval '1 hour' end, case when $5::int2 > 0 then now() end)`,
    [...place, storedStatusCodes[state], reasonOf[state] ?? null, wasSent ? 1 : 0, state === 'failed' ? 1 : 0],
  );
  if (wasSent)
    await world.pool.query(
      `insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, duration_ms, request_headers,
                             response_body)
       values ($1, $2, $3, $4, 1, 0, 1, now(), $5, 3, 'authorization: x', 'private')`,
      [...place, state === 'succeeded'],
    );
  await world.pool.query(
    `insert into webhook_stats as s (environment_id, tenant_id, webhook_id, span, at, event_type, slot, created${ended === null ? '' : `, ${ended}`})
     select $1, $2, $4, 0, date_trunc('minute', now()), e.event_type, 0, 1${ended === null ? '' : ', 1'} from events e where e.id = $3
     on conflict (webhook_id, span, at, event_type, slot) do update
        set created = s.created + 1${ended === null ? '' : `, ${ended} = s.${ended} + 1`}`,
    place,
  );
  return `${eventId}.${webhookId}`;
};

type Told = {
  readonly kind?: string;
  readonly count?: number;
  /** When it was noted, Unix milliseconds. */
  readonly atMs?: number;
  /** Null: it is still being gathered. */
  readonly outcome?: 'mailed' | 'nobody' | 'switched_off' | 'no_mail_server' | null;
  readonly mail?: {
    readonly address: string;
    readonly status?: 'waiting' | 'sent' | 'failed';
    readonly tries?: number;
    readonly error?: string;
  };
};

/** Something that there was to tell of a webhook; returns its id. */
export const pastNotification = async (world: ApiWorld, webhookId: string, tenant = 'acme', told: Told = {}): Promise<string> => {
  const { kind = 'webhook_failing', count = 1, atMs = Date.now(), mail } = told;
  const { outcome = mail === undefined ? 'nobody' : 'mailed' } = told;
  const [id, mailId] = [uuidv7(atMs, randomBytes(10)), mail === undefined ? null : world.newId()];
  const { address, status = 'sent', tries = 1, error = null } = mail ?? {};
  if (mail !== undefined)
    await world.pool.query(
      `insert into mails (id, environment_id, address, kind, subject, text_body, html_body, status, tries, error, ended_at)
       values ($1, $2, $3, 'trouble', 's', 't', 'h', $4, $5, $6, case when $4 <> 'waiting' then now() end)`,
      [mailId, world.environmentId, address, status, tries, error],
    );
  await world.pool.query(
    `insert into notifications (id, environment_id, tenant_id, webhook_id, kind, count, first_at, last_at, details, closed_at, outcome, mail_id)
     values ($1, $2, $3, $4, $5, $6, $7, $7, $8, case when $9::text is not null then now() end, $9, $10)`,
    [
      id,
      world.environmentId,
      await world.tenantId(tenant),
      webhookId,
      kind,
      count,
      new Date(atMs),
      JSON.stringify({ webhook_id: webhookId }),
      outcome,
      mailId,
    ],
  );
  return id;
};
