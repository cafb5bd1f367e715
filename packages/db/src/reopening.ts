// Deliveries that have ended are opened again: by hand, or a page at a time by a replay. Each call is one statement. Statistics are derived from
// the rows that it really changed. A page counts only while its replay stands where the page begins, so a page that is opened twice, by two
// schedulers at once or sent again after an answer was lost, opens nothing twice.
//
// Order of locks: the replay, deliveries by key, webhook_state by id, statistics by key (data-modifying parts that nothing reads run last).
import { numberColumn, uuidColumn } from './array-literal.js';
import type { HotPool } from './pools.js';

/** A delivery to open. `shape`: the webhook's version whose body it gets, made if there is none; null: what it had, and only if there is one. */
export type WantedDelivery = { readonly eventId: string; readonly webhookId: string; readonly shape: number | null };

/** Where a replay stands: everything up to this delivery is done. Null: at its beginning. */
export type ReplayPosition = { readonly event_id: string; readonly webhook_id: string } | null;

/** The step of a replay that a page is: from where it stood to where it stands then. */
export type ReplayStep = { readonly id: string; readonly from: ReplayPosition; readonly to: ReplayPosition; readonly done: boolean };

export type Opened = {
  /** False: the replay does not run any more, or another has made this step; nothing was changed. */
  readonly stepped: boolean;
  readonly opened: number;
  readonly alreadyWaiting: number;
  /** Its webhook is disabled or deleted, its event is erased or given up, or there is nothing to open. */
  readonly refused: number;
};

/** Deliveries by what opening them would do. */
export type Judged = { readonly opens: number; readonly alreadyWaiting: number; readonly refused: number };

const off =
  'e.id is null or e.erased_at is not null or e.id < (select kept_from from retention) or s.webhook_id is null or s.disabled_at is not null or s.deleted_at is not null';

/**
 * What each wanted delivery is: `ended` and `missing` ones are opened, `waiting` ones are left, `refused` ones cannot be. $1–$5: the wanted.
 * Nothing that stands for many rows is joined to another such: the planner takes them for ten rows each and would loop. A list of keys is hashed
 * ("is true" keeps it from becoming a join).
 */
const judge = (lock: string, condition: string): string => `
input as materialized (
  select * from unnest($1::uuid[], $2::uuid[], $3::int[]) as t (event_id, webhook_id, shape) where ${condition}
),
present as materialized (
  select i.event_id, i.webhook_id, i.shape, d.status, d.out
    from input i join deliveries d on d.event_id = i.event_id and d.webhook_id = i.webhook_id
   order by d.event_id, d.webhook_id ${lock}
),
-- Apart from the lock: a lock or an update that had to wait looks at its row anew, and then finds nothing in a partitioned table whose partitions
-- were chosen by a parameter. So the bounds $4 and $5 stand only where nothing is locked.
existing as materialized (
  select p.*, e.environment_id, e.tenant_id, e.event_type, case when ${off} then 'refused' when p.status = 0 then 'waiting' else 'ended' end as fate
    from present p
    left join events e on e.id = p.event_id and e.id between $4 and $5
    left join webhook_state s on s.webhook_id = p.webhook_id
),
absent as materialized (
  select i.event_id, i.webhook_id, i.shape, e.environment_id, e.tenant_id, e.event_type,
         case when i.shape is null or ${off} then 'refused' else 'missing' end as fate
    from (select * from input where ((event_id, webhook_id) in (select event_id, webhook_id from existing)) is not true) i
    left join events e on e.id = i.event_id and e.id between $4 and $5
    left join webhook_state s on s.webhook_id = i.webhook_id
)`;

const openSql = `
with replay as materialized (
  select id from replays where id = $8 and status = 'running' and position is not distinct from $9::jsonb for update
),
${judge('for update of d', '$7 or exists (select from replay)')},
reopened as (
  update deliveries d
     set status = 0, reason = null, failures = 0, out = false, lane = $7::int, replay_id = $8, shape = coalesce(x.shape, d.shape), due_at = now(),
         ended_at = null
    from existing x
   where x.fate = 'ended' and d.event_id = x.event_id and d.webhook_id = x.webhook_id
  returning x.environment_id, x.tenant_id, d.webhook_id, x.event_type, x.status as was
),
-- A person does not wait for the schedule; what is under way is left alone.
hastened as (
  update deliveries d set due_at = now(), lane = 1, replay_id = null
    from existing x
   where $7 and x.fate = 'waiting' and not x.out and d.event_id = x.event_id and d.webhook_id = x.webhook_id
  returning d.webhook_id
),
inserted as (
  insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, lane, shape, replay_id, due_at)
  select environment_id, tenant_id, event_id, webhook_id, 0, $7::int, shape, $8, now() from absent where fate = 'missing' order by event_id, webhook_id
  on conflict (event_id, webhook_id) do nothing
  returning event_id, webhook_id
),
opened as materialized (
  select environment_id, tenant_id, webhook_id, event_type, was from reopened
  union all
  select environment_id, tenant_id, webhook_id, event_type, null
    from absent where ((event_id, webhook_id) in (select event_id, webhook_id from inserted)) is true
),
counts as materialized (
  select (select count(*) from opened)::int as opened, (select count(*) from input)::int as wanted,
         ((select count(*) from existing where fate = 'refused') + (select count(*) from absent where fate = 'refused'))::int as refused
),
stats as (
  insert into webhook_stats as s (environment_id, tenant_id, webhook_id, span, at, event_type, slot, created, succeeded_again, failed_again,
                                  skipped_again, cancelled_again)
  select environment_id, tenant_id, webhook_id, 0, date_trunc('minute', now()), event_type, $6, count(*) filter (where was is null),
         count(*) filter (where was = 1), count(*) filter (where was = 2), count(*) filter (where was = 3), count(*) filter (where was = 4)
    from opened
   group by environment_id, tenant_id, webhook_id, event_type
   order by webhook_id, event_type
  on conflict (webhook_id, span, at, event_type, slot) do update
     set created = s.created + excluded.created, succeeded_again = s.succeeded_again + excluded.succeeded_again,
         failed_again = s.failed_again + excluded.failed_again, skipped_again = s.skipped_again + excluded.skipped_again,
         cancelled_again = s.cancelled_again + excluded.cancelled_again
),
-- Materialized: see flush-sql.ts.
touched as materialized (
  select webhook_id from opened union select webhook_id from hastened
),
locked as (
  select s.webhook_id from webhook_state s join touched t on t.webhook_id = s.webhook_id order by s.webhook_id for update of s
),
state as (
  update webhook_state s
     set due_at = case when $7 then least(s.due_at, now()) else s.due_at end,
         replay_due_at = case when $7 then s.replay_due_at else least(s.replay_due_at, now()) end,
         settled = false, changed_at = clock_timestamp()
    from locked l where s.webhook_id = l.webhook_id
  returning s.webhook_id
),
moved as (
  update replays r
     set position = $10::jsonb, opened = r.opened + c.opened, already_waiting = r.already_waiting + c.wanted - c.opened - c.refused,
         refused = r.refused + c.refused, status = case when $11 then 'done' else r.status end, ended_at = case when $11 then now() end
    from replay, counts c where r.id = replay.id
  returning r.id
)
select $7 or exists (select from moved) as stepped, c.opened, c.wanted - c.opened - c.refused as already_waiting, c.refused,
       (select count(*) from state)::int as webhooks
  from counts c`;

const judgeSql = `
with ${judge('', 'true')}
select count(*) filter (where fate in ('ended', 'missing'))::int as opens, count(*) filter (where fate = 'waiting')::int as already_waiting,
       count(*) filter (where fate = 'refused')::int as refused
  from (select fate from existing union all select fate from absent) judged`;

const columnsOf = (wanted: readonly WantedDelivery[]): readonly (string | null)[] => {
  const eventIds = uuidColumn();
  const webhookIds = uuidColumn();
  const shapes = numberColumn();
  let lowest: string | null = null;
  let highest: string | null = null;
  for (const { eventId, webhookId, shape } of wanted) {
    eventIds.push(eventId);
    webhookIds.push(webhookId);
    shapes.push(shape);
    if (lowest === null || eventId < lowest) lowest = eventId;
    if (highest === null || eventId > highest) highest = eventId;
  }
  return [eventIds.literal(), webhookIds.literal(), shapes.literal(), lowest, highest];
};

const jsonOf = (position: ReplayPosition): string | null => (position === null ? null : JSON.stringify(position));

/**
 * Opens deliveries again, due now, with a fresh schedule; attempt numbers go on.
 * @param wanted each delivery once, at most some thousands
 * @param options.slot which of the statistics slots (0–15) counts them
 * @param options.replay the step that this is; null: a person asks, so waiting ones that are not under way become due now too
 */
export const openDeliveries = async (
  pool: HotPool,
  wanted: readonly WantedDelivery[],
  options: { readonly slot: number; readonly replay: ReplayStep | null },
): Promise<Opened> => {
  const { slot, replay } = options;
  const step = replay === null ? [null, null, null, false] : [replay.id, jsonOf(replay.from), jsonOf(replay.to), replay.done];
  const result = await pool.query<{ stepped: boolean; opened: number; already_waiting: number; refused: number }>({
    name: 'open-deliveries',
    text: openSql,
    values: [...columnsOf(wanted), slot, replay === null, ...step],
  });
  const row = result.rows[0]!;
  return { stepped: row.stepped, opened: row.opened, alreadyWaiting: row.already_waiting, refused: row.refused };
};

/** What opening these deliveries for a replay would do now; changes nothing. */
export const judgeDeliveries = async (pool: HotPool, wanted: readonly WantedDelivery[]): Promise<Judged> => {
  const result = await pool.query<{ opens: number; already_waiting: number; refused: number }>({
    name: 'judge-deliveries',
    text: judgeSql,
    values: [...columnsOf(wanted)],
  });
  const row = result.rows[0]!;
  return { opens: row.opens, alreadyWaiting: row.already_waiting, refused: row.refused };
};
