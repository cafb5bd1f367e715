// What follows from the settings of an environment for its webhooks, after they were changed: state rows hold values that are derived from them,
// and workers hold webhooks with the defaults filled in. Applied in steps, each a transaction of its own, so that no webhook waits for all others;
// applying them once more mends what a crash left undone.
import { sql } from 'kysely';
import { lowestId } from './id-bounds.js';
import type { Database } from './pools.js';
import { chunkStartS, defaultTimeoutMs } from './webhook-configuration.js';

const stepRowsMax = 1_000;

/** Brings what is derived in line for the webhooks after an id; returns the last id of the step, null: there are no more. */
const deriveStates = async (db: Database, environmentId: string, afterId: string): Promise<string | null> => {
  // Order of locks: the environment, webhooks by id, their state by id. The first two are shared: a change of one of these webhooks, or of the settings,
  // comes before this step, and is seen by it, or after it.
  const { rows } = await sql<{ last_id: string | null }>`
    with environment as materialized (
      select settings from environments where id = ${environmentId}::uuid for share
    ),
    page as materialized (
      select w.id, w.timeout_ms, w.circuit_recovery from webhooks w
       where w.environment_id = ${environmentId}::uuid and w.deleted_at is null and w.id > ${afterId}::uuid
       order by w.id limit ${stepRowsMax}::integer for share
    ),
    derived as materialized (
      select p.id, ceil(coalesce(p.timeout_ms, (e.settings ->> 'timeout_ms')::integer, ${defaultTimeoutMs}::integer) / 1000.0) + ${chunkStartS}::integer as chunk_lease_s,
             coalesce(p.circuit_recovery, e.settings ->> 'circuit_recovery', 'automatic') = 'manual' as manual
        from page p cross join environment e
       where p.timeout_ms is null or p.circuit_recovery is null
    ),
    locked as materialized (
      select s.webhook_id, d.chunk_lease_s, d.manual
        from webhook_state s join derived d on d.id = s.webhook_id
       where (s.chunk_lease_s, s.manual) is distinct from (d.chunk_lease_s, d.manual)
       order by s.webhook_id for update of s
    ),
    changed as (
      update webhook_state s
         set chunk_lease_s = n.chunk_lease_s, manual = n.manual,
             circuit_retry_at = case when s.circuit = 0 then s.circuit_retry_at when n.manual then null
                                     else coalesce(s.circuit_retry_at, greatest(s.not_before, s.hold_until, now())) end,
             no_success_since = case when s.circuit <> 0 and s.manual and not n.manual then now() else s.no_success_since end,
             changed_at = clock_timestamp()
        from locked n where s.webhook_id = n.webhook_id
    )
    select (select id from page order by id desc limit 1) as last_id`.execute(db);
  return rows[0]?.last_id ?? null;
};

/** Makes workers load the webhooks of the tenants after an id anew; returns the last id of the step, null: there are no more. */
const raiseVersions = async (db: Database, environmentId: string, afterId: string): Promise<string | null> => {
  const { rows } = await sql<{ last_id: string | null }>`
    with page as materialized (
      select id from tenants where environment_id = ${environmentId}::uuid and erased_at is null and id > ${afterId}::uuid
       order by id limit ${stepRowsMax}::integer for no key update
    ),
    raised as (
      update tenants t set webhooks_version = t.webhooks_version + 1 from page where t.id = page.id
    )
    select (select id from page order by id desc limit 1) as last_id`.execute(db);
  return rows[0]?.last_id ?? null;
};

type Step = (db: Database, environmentId: string, afterId: string) => Promise<string | null>;

const inSteps = async (step: Step, db: Database, environmentId: string): Promise<void> => {
  let afterId: string | null = lowestId;
  while (afterId !== null) afterId = await step(db, environmentId, afterId);
};

/** Applies the settings that an environment has now to all of its webhooks that have no value of their own. */
export const applyEnvironmentSettings = async (db: Database, environmentId: string): Promise<void> => {
  await inSteps(deriveStates, db, environmentId);
  await inSteps(raiseVersions, db, environmentId);
};
