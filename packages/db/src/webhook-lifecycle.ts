// What people do to a webhook at run time. Each is one statement on its state row: however much waits behind it, nothing else is touched at once.
// What follows for the waiting deliveries is the scheduler's. Every change leaves a row in the timeline; doing it twice changes nothing.
import { uuidArray } from './array-literal.js';
import { publishOwnEvents, toldOfStreaks } from './own-events-sql.js';
import type { HotPool } from './pools.js';

/** Whether the call changed anything. */
type Changed = boolean;

type Change = {
  readonly name: string;
  /** The timeline's word for it. */
  readonly kind: string;
  /** When it is not so already. */
  readonly where: string;
  /** `set` of webhook_state; `s` is the row, `b` the row before. */
  readonly set: string;
  /** A query of `told` over `changed`; by default nothing is told. */
  readonly told?: string;
};

const nothingTold = 'select environment_id, tenant_id, null::text as kind, null::jsonb as data from changed where false';

/** `changed` has the state row as it is now, and `was_told`, `count_before` of before. */
const statementOf = ({ kind, where, set, told = nothingTold }: Change): string => `
with before as materialized (
  select * from webhook_state where webhook_id = $1 and deleted_at is null and ${where} for update
),
changed as (
  update webhook_state s set ${set}, changed_at = clock_timestamp()
    from before b where s.webhook_id = b.webhook_id
  returning s.webhook_id, s.environment_id, s.tenant_id, b.is_opening_told as was_told, b.circuit_failure_count as count_before
),
timeline as (
  insert into webhook_timeline (environment_id, tenant_id, webhook_id, kind, circuit_failure_count, details)
  select environment_id, tenant_id, webhook_id, '${kind}', count_before, $2::jsonb from changed
),
told as (${told}),
${publishOwnEvents}
select count(*)::int as changed from changed`;

/** Who did it, for the timeline. */
export type Actor = { readonly keyId: string; readonly role: string };

const run =
  (change: Change) =>
  async (pool: HotPool, webhookId: string, actor: Actor): Promise<Changed> => {
    const details = JSON.stringify({ by: actor.role, key_id: actor.keyId });
    const result = await pool.query<{ changed: number }>({ name: change.name, text: statementOf(change), values: [webhookId, details] });
    return (result.rows[0]?.changed ?? 0) > 0;
  };

/** The next probe of an open circuit is due now, and its 120 h begin anew; what the endpoint asked for before does not hold any more. */
const probeNow = `not_before = case when b.circuit = 1 then now() else b.not_before end,
  circuit_retry_at = case when b.circuit = 1 and not b.manual then now() else b.circuit_retry_at end,
  no_success_since = case when b.circuit <> 0 then now() end, failing_since = case when b.failing_since is not null then now() end, hold_until = '-infinity', settled = false`;

/** No calls; what waits is held. */
export const pauseWebhook = run({ name: 'pause-webhook', kind: 'paused', where: 'paused_at is null', set: 'paused_at = now()' });

/** What was held goes out, paced. */
export const resumeWebhook = run({
  name: 'resume-webhook',
  kind: 'resumed',
  where: 'paused_at is not null',
  set: 'paused_at = null, chunk = 1, settled = false',
});

/** No calls; what waits and what still comes is skipped. */
export const disableWebhook = run({
  name: 'disable-webhook',
  kind: 'disabled',
  where: 'disabled_at is null',
  set: `disabled_at = now(), disabled_reason = 'by_hand', due_at = least(b.due_at, now()), settled = false`,
  told: `select environment_id, tenant_id, 'webhook_disabled' as kind,
                jsonb_build_object('webhook_id', webhook_id, 'disabled_reason', 'by_hand') as data from changed`,
});

const enable = run({
  name: 'enable-webhook',
  kind: 'enabled',
  where: 'disabled_at is not null',
  set: `disabled_at = null, disabled_reason = null, ${probeNow}`,
});

const endStepRows = 5_000;

/**
 * Calls go out again, for what comes from now on: what still waited is skipped first, so that enabling brings nothing back.
 * @param slot which of the statistics slots (0–15) counts what is skipped
 */
export const enableWebhook = async (pool: HotPool, webhookId: string, actor: Actor, slot: number): Promise<Changed> => {
  for (;;) {
    const result = await pool.query<{ ended: number }>({
      name: 'end-waiting-of',
      text: 'select end_waiting_deliveries(1, $2, $3, $1) as ended',
      values: [webhookId, endStepRows, slot],
    });
    if ((result.rows[0]?.ended ?? 0) === 0) return enable(pool, webhookId, actor);
  }
};

/** Closed, count 0, whatever it was; a result that is still under way changes nothing of it. */
export const resetCircuit = run({
  name: 'reset-circuit',
  kind: 'circuit_reset',
  where: '(circuit <> 0 or circuit_failure_count <> 0)',
  set: `circuit = 0, circuit_failure_count = 0, circuit_epoch = b.circuit_epoch + (b.circuit <> 0)::int, circuit_opened_at = null, circuit_retry_at = null,
        no_success_since = null, failing_since = null, cooldown_s = 30, chunk = 1, settled = false,
        not_before = case when b.circuit = 1 then now() else b.not_before end`,
  told: `select environment_id, tenant_id, 'circuit_closed' as kind,
                jsonb_build_object('webhook_id', webhook_id, 'circuit_failure_count', 0, 'circuit_retry_at', null) as data from changed where was_told`,
});

const markProbeDue = run({
  name: 'probe-now',
  kind: 'probe_due',
  where: 'circuit = 1',
  set: `${probeNow}, due_at = least(b.due_at, now())`,
});

/** After a change of where or how it is called: an open circuit is probed now, with the delivery whose time would have come first. */
export const probeWebhookNow = async (pool: HotPool, webhookId: string, actor: Actor): Promise<Changed> => {
  await pool.query({
    name: 'bring-forward',
    text: `update deliveries d set due_at = now()
             from (select event_id from deliveries where webhook_id = $1 and status = 0 and replay_id is null and not out
                    order by due_at limit 1 for update skip locked) first
            where d.event_id = first.event_id and d.webhook_id = $1 and d.due_at > now()
              and exists (select from webhook_state where webhook_id = $1 and circuit = 1)`,
    values: [webhookId],
  });
  return markProbeDue(pool, webhookId, actor);
};

/** Gone for their owner; their history stays. What waits is cancelled, requests under way are recorded. Their secrets are destroyed. Returns how many. */
export const deleteWebhooks = async (pool: HotPool, webhookIds: readonly string[], actor: Actor): Promise<number> => {
  const result = await pool.query<{ deleted: number }>({
    text: `with locked as materialized (
             select webhook_id from webhook_state where webhook_id = any ($1::uuid[]) and deleted_at is null order by webhook_id for update
           ),
           state as (
             update webhook_state s set deleted_at = now(), due_at = least(s.due_at, now()), settled = false, changed_at = clock_timestamp()
               from locked where s.webhook_id = locked.webhook_id
             returning s.webhook_id, s.environment_id, s.tenant_id, s.circuit_failure_count
           ),
           timeline as (
             insert into webhook_timeline (environment_id, tenant_id, webhook_id, kind, circuit_failure_count, details)
             select environment_id, tenant_id, webhook_id, 'deleted', circuit_failure_count, $2::jsonb from state
           ),
           configuration as (
             update webhooks w set deleted_at = now(), updated_at = now() from state where w.id = state.webhook_id
           ),
           secrets as (
             delete from webhook_secrets x using state where x.webhook_id = state.webhook_id
           ),
           version as (
             update tenants t set webhooks_version = webhooks_version + 1 from state where t.id = state.tenant_id
           )
           select count(*)::int as deleted from state`,
    values: [uuidArray(webhookIds), JSON.stringify({ by: actor.role, key_id: actor.keyId })],
  });
  return result.rows[0]?.deleted ?? 0;
};

/** The same for one. */
export const deleteWebhook = async (pool: HotPool, webhookId: string, actor: Actor): Promise<Changed> =>
  (await deleteWebhooks(pool, [webhookId], actor)) > 0;

/**
 * Disables the webhooks whose circuit has been open for `afterS` seconds without one success; returns their ids. Those whose recovery is
 * manual wait for a person instead.
 */
export const disableUnsuccessful = async (pool: HotPool, afterS: number, webhooksMax: number): Promise<readonly string[]> => {
  const result = await pool.query<{ webhook_id: string }>({
    name: 'disable-unsuccessful',
    text: `with long as (
             select webhook_id from webhook_state
              where no_success_since <= now() - make_interval(secs => $1) and circuit <> 0 and not manual and disabled_at is null and deleted_at is null
              order by webhook_id limit $2 for update skip locked
           ),
           changed as (
             update webhook_state s set disabled_at = now(), disabled_reason = 'no_success', due_at = least(s.due_at, now()), settled = false, changed_at = clock_timestamp()
               from long where s.webhook_id = long.webhook_id
             returning s.webhook_id, s.environment_id, s.tenant_id, s.circuit_failure_count, s.no_success_since
           ),
           timeline as (
             insert into webhook_timeline (environment_id, tenant_id, webhook_id, kind, circuit_failure_count, details)
             select environment_id, tenant_id, webhook_id, 'disabled', circuit_failure_count,
                    jsonb_build_object('reason', 'no_success', 'no_success_since', own_event_time(no_success_since)) from changed
           ),
           told as (
             select environment_id, tenant_id, 'webhook_disabled' as kind,
                    jsonb_build_object('webhook_id', webhook_id, 'disabled_reason', 'no_success') as data from changed
           ),
           ${publishOwnEvents}
           select webhook_id from changed`,
    values: [afterS, webhooksMax],
  });
  return result.rows.map((row) => row.webhook_id);
};

/**
 * Tells of webhooks that have had no success for `afterS` seconds though something was tried, once a streak; returns their ids. Those that are paused have
 * nothing tried.
 */
export const tellUnsuccessful = async (pool: HotPool, afterS: number, webhooksMax: number): Promise<readonly string[]> => {
  const result = await pool.query<{ webhook_id: string }>({
    name: 'tell-unsuccessful',
    text: `with long as (
             select webhook_id from webhook_state
              where failing_since <= now() - make_interval(secs => $1) and failing_told_at is null
                and disabled_at is null and deleted_at is null and paused_at is null
              order by webhook_id limit $2 for update skip locked
           ),
           state as (
             update webhook_state s set failing_told_at = now(), changed_at = clock_timestamp() from long where s.webhook_id = long.webhook_id
             returning s.webhook_id, s.environment_id, s.tenant_id, s.circuit_failure_count, true as fails, false as recovers, s.failing_since,
                       null::timestamptz as failing_since_before
           ),
           told (environment_id, tenant_id, kind, data) as (
             ${toldOfStreaks}
           ),
           ${publishOwnEvents}
           select webhook_id from state`,
    values: [afterS, webhooksMax],
  });
  return result.rows.map((row) => row.webhook_id);
};
