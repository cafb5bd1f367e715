// What a replay covers, a page at a time in the order of (event, webhook). A page looks at a bounded number of rows however few of them fit, so
// no statement grows with what the filter leaves out; the position where the next page begins is all that a replay has to remember.
import { isReservedEventType, storedStatusCodes } from '@posthorn/core';
import { lowestId } from './id-bounds.js';
import type { HotPool } from './pools.js';
import type { Judged, ReplayPosition, WantedDelivery } from './reopening.js';
import { createWebhooks, readEvents } from './replay-events.js';
import {
  cut,
  idBoundsOf,
  likeOf,
  type PageLimits,
  type ReplayMode,
  type ReplayPage,
  type ReplayReader,
  type ReplayScope,
} from './replay-scope.js';

/** What a page is read along: each has a plan of its own. */
type Along = 'all' | 'webhook' | 'replay';
const boundTo: Readonly<Record<Along, string>> = { all: '', webhook: ' and d.webhook_id = $13', replay: ' and d.replay_id = $14' };

const deliveriesSql = (along: Along): string => `
with page as materialized (
  select d.event_id, d.webhook_id, d.environment_id, d.tenant_id, d.status, d.reason, d.last_status_code, d.last_error_kind
    from deliveries d
   where d.event_id >= $1 and (d.event_id, d.webhook_id) > ($1, $2) and d.event_id < $3${boundTo[along]}
   order by d.event_id, d.webhook_id
   limit $4
),
fitting as (
  select p.event_id, p.webhook_id
    from page p
   where p.environment_id = $5 and ($6::uuid is null or p.tenant_id = $6) and ($7::int2[] is null or p.status = any ($7))
     and ($8::int2 is null or p.reason = $8) and ($10::int2 is null or p.last_status_code between $10 and $11)
     and ($12::int2 is null or p.last_error_kind = $12) and ($13::uuid is null or p.webhook_id = $13)
     and ($9::text is null or exists (select from events e where e.id = p.event_id and e.event_type like $9
                                         and (e.event_type not like 'posthorn.%' or $9 like 'posthorn.%')))
)
select (select count(*) from page)::int as looked_at, l.event_id as last_event_id, l.webhook_id as last_webhook_id, f.event_id, f.webhook_id
  from (select event_id, webhook_id from page order by event_id desc, webhook_id desc limit 1) l
  left join fitting f on true
 order by f.event_id, f.webhook_id`;

const readDeliveries = async (pool: HotPool, scope: ReplayScope, position: ReplayPosition, limits: PageLimits): Promise<ReplayPage> => {
  const along: Along = scope.replayId !== null ? 'replay' : scope.webhookId !== null ? 'webhook' : 'all';
  const bounds = idBoundsOf(scope);
  const result = await pool.query<{
    looked_at: number;
    last_event_id: string;
    last_webhook_id: string;
    event_id: string | null;
    webhook_id: string | null;
  }>({
    name: `replay-page-of-${along}`,
    text: deliveriesSql(along),
    values: [
      position?.event_id ?? bounds.from,
      position?.webhook_id ?? lowestId,
      bounds.before,
      limits.rowsMax,
      scope.environmentId,
      scope.tenantId,
      scope.statuses?.map((status) => storedStatusCodes[status]) ?? null,
      scope.reason,
      likeOf(scope.eventType),
      scope.statusCodes?.from ?? null,
      scope.statusCodes?.to ?? null,
      scope.errorKind,
      scope.webhookId,
      ...(along === 'replay' ? [scope.replayId] : []),
    ],
  });
  const first = result.rows[0];
  if (first === undefined) return { wanted: [], position, done: true };
  const wanted = result.rows.flatMap(({ event_id: eventId, webhook_id: webhookId }) =>
    eventId === null || webhookId === null ? [] : [{ eventId, webhookId, shape: null }],
  );
  const reached = { event_id: first.last_event_id, webhook_id: first.last_webhook_id };
  return cut({ wanted, position: reached, done: first.looked_at < limits.rowsMax }, limits.wantedMax);
};

/** Makes a reader of pages; it keeps compiled webhooks, so one reader is used again and again. */
export const createReplayReader = (pool: HotPool): ReplayReader => {
  const webhooksOf = createWebhooks(pool);
  return async (scope, position, limits) => {
    // Our own events are no part of `current`.
    const isNothing = scope.mode === 'current' && scope.eventType !== null && isReservedEventType(scope.eventType);
    if (isNothing) return { wanted: [], position, done: true };
    return scope.mode === 'original'
      ? readDeliveries(pool, scope, position, limits)
      : readEvents(pool, webhooksOf, scope, position, limits);
  };
};

export type ReplayCount = {
  readonly total: number;
  readonly opens: number;
  readonly alreadyWaiting: number;
  readonly refused: number;
  /** False: the time was over before the end; the numbers are those of what was looked at. */
  readonly complete: boolean;
};

const countLimits: Readonly<Record<ReplayMode, PageLimits>> = {
  original: { rowsMax: 10_000, wantedMax: 10_000 },
  current: { rowsMax: 1_000, wantedMax: 5_000 },
};

/**
 * What a replay would do if nothing changed meanwhile, found in the way in which its steps find it, for at most `timeMsMax`.
 * @param judge tells what opening them would do; without it the total alone is counted, at a tenth of the cost
 */
export const countReplay = async (
  read: ReplayReader,
  scope: ReplayScope,
  timeMsMax: number,
  judge: (wanted: readonly WantedDelivery[]) => Promise<Judged> = async () => ({ opens: 0, alreadyWaiting: 0, refused: 0 }),
): Promise<ReplayCount> => {
  const endsAt = performance.now() + timeMsMax;
  let count: ReplayCount = { total: 0, opens: 0, alreadyWaiting: 0, refused: 0, complete: false };
  let position: ReplayPosition = null;
  do {
    const page: ReplayPage = await read(scope, position, countLimits[scope.mode]);
    const judged = await judge(page.wanted);
    count = {
      total: count.total + page.wanted.length,
      opens: count.opens + judged.opens,
      alreadyWaiting: count.alreadyWaiting + judged.alreadyWaiting,
      refused: count.refused + judged.refused,
      complete: page.done,
    };
    position = page.position;
  } while (!count.complete && performance.now() < endsAt);
  return count;
};
