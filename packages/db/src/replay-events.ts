// Pages of a replay against the webhooks of today: events, matched again.
import { type CompiledTenant, compileWebhooks, matchEvent } from '@posthorn/core';
import { highestId, lowestId } from './id-bounds.js';
import type { HotPool } from './pools.js';
import type { ReplayPosition, WantedDelivery } from './reopening.js';
import { cut, idBoundsOf, likeOf, type PageLimits, type ReplayPage, type ReplayScope } from './replay-scope.js';

/** Payloads that a page of events loads, in bytes; at least one is loaded. */
const pageBytesMax = 4 * 1024 * 1024;
/** Tenants whose webhooks are kept compiled by a reader. */
const tenantsMax = 200;

const eventsSql = `
with page as materialized (
  select e.id, e.tenant_id, octet_length(e.data) + coalesce(octet_length(e.current_context), 0) as bytes,
         e.environment_id = $4 and ($5::uuid is null or e.tenant_id = $5) and e.erased_at is null and e.event_type not like 'posthorn.%'
           and ($6::text is null or e.event_type like $6)
           and not exists (select from dispatches x where x.id = e.dispatch_id and x.set_aside_at is null) as fits
    from events e
   where e.id >= $1 and e.id <> $8 and e.id < $2
   order by e.id
   limit $3
),
sized as (
  select *, coalesce(sum(bytes) filter (where fits) over (order by id rows between unbounded preceding and 1 preceding), 0) as bytes_before from page
),
loaded as materialized (
  select * from sized where bytes_before < $7
)
select (select count(*) from page)::int as looked_at, (select count(*) from loaded)::int as loaded, (select id from loaded order by id desc limit 1) as last_id,
       e.id, e.tenant_id, t.webhooks_version, e.event_type, e.project_flows, e.current_context, e.data
  from (select 1) one
  left join (loaded l join events e on e.id = l.id and e.id >= $1 and e.id < $2 join tenants t on t.id = l.tenant_id) on l.fits
 order by e.id`;

type EventPageRow = {
  looked_at: number;
  loaded: number;
  last_id: string | null;
  id: string | null;
  tenant_id: string;
  webhooks_version: number;
  event_type: string;
  project_flows: string[] | null;
  current_context: string | null;
  data: string;
};

type ReplayWebhook = {
  readonly id: string;
  readonly version: number;
  readonly eventTypes: readonly string[];
  readonly projectFlows: readonly string[];
  readonly context: Readonly<Record<string, unknown>>;
  readonly filter: unknown;
};

export type WebhooksOf = (tenantId: string, version: number) => Promise<CompiledTenant<ReplayWebhook>>;

/** Compiled webhooks by tenant, loaded again when the tenant's version is another. */
export const createWebhooks = (pool: HotPool): WebhooksOf => {
  const kept = new Map<string, { readonly version: number; readonly compiled: CompiledTenant<ReplayWebhook> }>();
  return async (tenantId, version) => {
    const known = kept.get(tenantId);
    if (known?.version === version) return known.compiled;
    const { rows } = await pool.query<ReplayWebhook>({
      name: 'replay-webhooks',
      text: `select id, version, event_types as "eventTypes", project_flows as "projectFlows", context, filter
               from webhooks where tenant_id = $1 and deleted_at is null order by id`,
      values: [tenantId],
    });
    const compiled = compileWebhooks(rows);
    if (kept.size >= tenantsMax) kept.delete(kept.keys().next().value!);
    kept.set(tenantId, { version, compiled });
    return compiled;
  };
};

/** The next page of events, each with the webhooks that want it. */
export const readEvents = async (
  pool: HotPool,
  webhooksOf: WebhooksOf,
  scope: ReplayScope,
  position: ReplayPosition,
  limits: PageLimits,
): Promise<ReplayPage> => {
  const bounds = idBoundsOf(scope);
  const result = await pool.query<EventPageRow>({
    name: 'replay-events',
    text: eventsSql,
    values: [
      position?.event_id ?? bounds.from,
      bounds.before,
      limits.rowsMax,
      scope.environmentId,
      scope.tenantId,
      likeOf(scope.eventType),
      pageBytesMax,
      // An event that is all done is not looked at again; one that was cut is.
      position?.webhook_id === highestId ? position.event_id : lowestId,
    ],
  });
  const { looked_at: lookedAt, loaded, last_id: reached } = result.rows[0]!;
  if (reached === null) return { wanted: [], position, done: true };
  const wanted: WantedDelivery[] = [];
  for (const row of result.rows) {
    if (row.id === null) continue;
    // More than fits says where to cut; the rest of the page is read again then.
    if (wanted.length > limits.wantedMax) break;
    wanted.push(...(await wantedOf({ ...row, id: row.id }, webhooksOf, scope, position)));
  }
  const done = lookedAt < limits.rowsMax && loaded === lookedAt;
  return cut({ wanted, position: { event_id: reached, webhook_id: highestId }, done }, limits.wantedMax);
};

const wantedOf = async (
  row: EventPageRow & { id: string },
  webhooksOf: WebhooksOf,
  scope: ReplayScope,
  position: ReplayPosition,
): Promise<readonly WantedDelivery[]> => {
  const compiled = await webhooksOf(row.tenant_id, row.webhooks_version);
  const { event_type: eventType, current_context: currentContext, data } = row;
  return [...matchEvent(compiled, { eventType, projectFlows: row.project_flows ?? [], currentContext, data })]
    .filter(({ id }) => scope.webhookId === null || id === scope.webhookId)
    .filter(({ id }) => position === null || row.id !== position.event_id || id > position.webhook_id)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, version }) => ({ eventId: row.id, webhookId: id, shape: version }));
};
