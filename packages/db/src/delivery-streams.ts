// Which index a list of deliveries is read along, newest event first. A list is one stream of rows, or one for each of a few webhooks.
import { storedStatusCodes } from '@posthorn/core';
import { type RawBuilder, sql } from 'kysely';
import { highestId, lowestId, lowestIdOf } from './id-bounds.js';
import type { Database } from './pools.js';
import type { DeliveryPage, DeliveryPosition } from './reading-deliveries.js';
import { idRangeSql } from './time-range.js';

/** Up to so many webhooks of a tenant its deliveries are read webhook by webhook, from there on along with everybody's. */
export const tenantWebhooksMax = 20;

/** @param where binds `d` to the stream `w` (a webhook's id, or null where there is but one stream) and is all that narrows what is looked at */
export type DeliveryStreams = {
  readonly ids: readonly (string | null)[];
  readonly where: RawBuilder<boolean>;
  readonly order: RawBuilder<unknown>;
  /** Of what is not the reader's alone: the last row of so many behind a position, whoever's it is (migrations/0015_wall.sql); else null. */
  readonly endAfter: ((rowsMax: number) => RawBuilder<unknown>) | null;
};
type Along = Pick<DeliveryStreams, 'where' | 'order'>;

const behind = (before: DeliveryPosition | null): RawBuilder<boolean> =>
  before === null
    ? sql<boolean>`true`
    : sql<boolean>`(d.event_id <= ${before.eventId}::uuid and (d.event_id, d.webhook_id) < (${before.eventId}::uuid, ${before.webhookId}::uuid))`;

/** What narrows rows by their key, and so is no row that was looked at in vain. */
const keysOf = ({ filters }: DeliveryPage, before: DeliveryPosition | null): RawBuilder<boolean> => {
  const range = filters?.createdAt ?? null;
  return sql<boolean>`${behind(before)} and ${range === null ? sql`true` : idRangeSql(sql`d.event_id`, range)}`;
};

// Bounds and order begin with what is fixed: no index has these but the one that is meant, whatever the planner thinks of a day's partition.
const alongWebhook = (before: DeliveryPosition | null): Along => ({
  where: sql<boolean>`(d.webhook_id, d.event_id) >= (w.id, ${lowestId}::uuid) and (d.webhook_id, d.event_id) <= (w.id, ${before?.eventId ?? highestId}::uuid)`,
  order: sql`d.webhook_id desc, d.event_id desc`,
});
const alongNotSucceeded = ({ environmentId }: DeliveryPage, before: DeliveryPosition | null): Along => {
  const [lowest, highest] = [
    sql`(${environmentId}::uuid, ${lowestId}::uuid, ${lowestId}::uuid)`,
    sql`(${environmentId}::uuid, ${before?.eventId ?? highestId}::uuid, ${before?.webhookId ?? highestId}::uuid)`,
  ];
  const key = sql`(d.environment_id, d.event_id, d.webhook_id)`;
  return {
    where: sql<boolean>`d.status <> 1 and ${key} >= ${lowest} and ${key} <= ${highest}`,
    order: sql`d.environment_id desc, d.event_id desc, d.webhook_id desc`,
  };
};
/** What a replay opened last is as narrow as a list can be made without naming an event. */
const alongReplay = (replayId: string, before: DeliveryPosition | null): Along => {
  const [lowest, highest] = [
    sql`(${replayId}::uuid, ${lowestId}::uuid, ${lowestId}::uuid)`,
    sql`(${replayId}::uuid, ${before?.eventId ?? highestId}::uuid, ${before?.webhookId ?? highestId}::uuid)`,
  ];
  const key = sql`(d.replay_id, d.event_id, d.webhook_id)`;
  return {
    where: sql<boolean>`d.replay_id is not null and ${key} >= ${lowest} and ${key} <= ${highest}`,
    order: sql`d.replay_id desc, d.event_id desc, d.webhook_id desc`,
  };
};
const alongAll: Along = { where: sql<boolean>`true`, order: sql`d.event_id desc, d.webhook_id desc` };

const endSql = (
  { filters }: DeliveryPage,
  before: DeliveryPosition | null,
  notSucceededOf: string | null,
  rowsMax: number,
): RawBuilder<unknown> => {
  const { fromMs = null, toMs = null } = filters?.createdAt ?? {};
  const end = toMs === null ? null : { eventId: lowestIdOf(toMs), webhookId: lowestId };
  const behindAll = before ?? { eventId: highestId, webhookId: highestId };
  const { eventId, webhookId } = end === null || behindAll.eventId < end.eventId ? behindAll : end;
  return sql`walk_end_of_deliveries(${eventId}::uuid, ${webhookId}::uuid, ${fromMs === null ? lowestId : lowestIdOf(fromMs)}::uuid,
                                    ${rowsMax}::integer, ${notSucceededOf}::uuid)`;
};

/** Whether none that succeeded can fit: these have a code of 2xx and neither an error nor a reason. */
const isOfNotSucceeded = ({ status, filters }: DeliveryPage): boolean =>
  (status !== null && status.code !== storedStatusCodes.succeeded) ||
  (filters !== null &&
    (filters.reason !== null ||
      filters.errorKind !== null ||
      (filters.statusCode !== null && (filters.statusCode.from > 299 || filters.statusCode.to < 200))));

/** The webhooks of a tenant, the deleted ones too, if they are few; else null. */
const fewWebhooks = async (db: Database, tenantId: string): Promise<readonly string[] | null> => {
  const rows = await db
    .selectFrom('webhooks')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .limit(tenantWebhooksMax + 1)
    .execute();
  return rows.length > tenantWebhooksMax ? null : rows.map(({ id }) => id);
};

/** The streams that hold all that a page may show, as narrow as an index makes them. */
export const streamsOf = async (db: Database, page: DeliveryPage): Promise<(before: DeliveryPosition | null) => DeliveryStreams> => {
  const { eventId, webhookId, tenantId } = page;
  const streams =
    (ids: DeliveryStreams['ids'], along: (before: DeliveryPosition | null) => Along) =>
    (before: DeliveryPosition | null): DeliveryStreams => {
      const { where, order } = along(before);
      return { ids, where: sql<boolean>`${where} and ${keysOf(page, before)}`, order, endAfter: null };
    };
  const withOthers =
    (along: (before: DeliveryPosition | null) => Along, notSucceededOf: string | null) =>
    (before: DeliveryPosition | null): DeliveryStreams => ({
      ...streams([null], along)(before),
      endAfter: (rowsMax) => endSql(page, before, notSucceededOf, rowsMax),
    });
  if (eventId !== null)
    return streams([null], () => ({
      ...alongAll,
      where: sql<boolean>`d.event_id = ${eventId}::uuid and ${webhookId === null ? sql`true` : sql`d.webhook_id = ${webhookId}::uuid`}`,
    }));
  const replayId = page.filters?.replayId ?? null;
  if (replayId !== null) return streams([null], (before) => alongReplay(replayId, before));
  const isNarrow = isOfNotSucceeded(page);
  const alongIts = (before: DeliveryPosition | null): Along => {
    const { where, order } = alongWebhook(before);
    return { where: isNarrow ? sql<boolean>`d.status <> 1 and ${where}` : where, order };
  };
  if (webhookId !== null) return streams([webhookId], alongIts);
  const webhookIds = tenantId === null ? null : await fewWebhooks(db, tenantId);
  if (webhookIds !== null) return streams(webhookIds, alongIts);
  if (!isNarrow) return withOthers(() => alongAll, null);
  const along = (before: DeliveryPosition | null): Along => alongNotSucceeded(page, before);
  return tenantId === null ? streams([null], along) : withOthers(along, page.environmentId);
};
