// What a replay covers, and what a page of it is.
import type { StatusCodes, StoredStatus } from '@posthorn/core';
import { lowestId, lowestIdOf } from './id-bounds.js';
import type { ReplayPosition, WantedDelivery } from './reopening.js';

export type ReplayMode = 'original' | 'current';

/**
 * What a replay covers. `original`: the deliveries that exist, with the body shape they had. `current`: the events, matched against the webhooks
 * of today, those included that were made after the event; never our own events, nor what is erased or still on its way through fan-out.
 */
export type ReplayScope = {
  readonly environmentId: string;
  readonly tenantId: string | null;
  readonly webhookId: string | null;
  readonly eventId: string | null;
  /** Of `original`: only deliveries that this replay opened last. */
  readonly replayId: string | null;
  readonly mode: ReplayMode;
  /** A pattern. */
  readonly eventType: string | null;
  /** Of `original`: only deliveries in these states. Null: in any, waiting ones too, which are left as they are. */
  readonly statuses: readonly StoredStatus[] | null;
  /** Of `original`: only deliveries with this reason (reasonCodes). */
  readonly reason: number | null;
  /** Of `original`: only deliveries whose last attempt came to this (errorKindCodes). */
  readonly statusCodes: StatusCodes | null;
  readonly errorKind: number | null;
  /** By acceptance of the event, Unix milliseconds: from (inclusive, null: ever) to (exclusive). */
  readonly fromMs: number | null;
  readonly toMs: number;
};

export type ReplayPage = {
  readonly wanted: readonly WantedDelivery[];
  readonly position: ReplayPosition;
  /** There is no page after this one. */
  readonly done: boolean;
};

export type PageLimits = {
  /** Rows (deliveries or events) that a page looks at. */
  readonly rowsMax: number;
  /** Deliveries that it returns. */
  readonly wantedMax: number;
};

export type ReplayReader = (scope: ReplayScope, position: ReplayPosition, limits: PageLimits) => Promise<ReplayPage>;

/** The id that comes next. */
const idAfter = (id: string): string => {
  const hex = (BigInt(`0x${id.replaceAll('-', '')}`) + 1n).toString(16).padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

/** The ids of the events that a scope covers: from, and before which one. */
export const idBoundsOf = ({ eventId, fromMs, toMs }: ReplayScope): { readonly from: string; readonly before: string } => {
  const [from, before] = [fromMs === null ? lowestId : lowestIdOf(fromMs), lowestIdOf(toMs)];
  if (eventId === null) return { from, before };
  return eventId >= from && eventId < before ? { from: eventId, before: idAfter(eventId) } : { from, before: from };
};

/** `*` is any run of characters; `_` is none of LIKE's. */
export const likeOf = (pattern: string | null): string | null => pattern?.replaceAll('_', '\\_').replaceAll('*', '%') ?? null;

/** Ends a page where it has `wantedMax` deliveries. */
export const cut = (page: ReplayPage, wantedMax: number): ReplayPage => {
  if (page.wanted.length <= wantedMax) return page;
  const wanted = page.wanted.slice(0, wantedMax);
  const last = wanted.at(-1);
  return { wanted, position: last === undefined ? null : { event_id: last.eventId, webhook_id: last.webhookId }, done: false };
};
