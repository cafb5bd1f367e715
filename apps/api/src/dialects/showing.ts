// Webhooks as a dialect shows them: whatever made them, each has an object id and the words of the dialect.
import { objectIdOf } from '@posthorn/core';
import {
  type Database,
  findWebhook,
  findWebhookByObjectId,
  type KeyOwner,
  keepObjectIds,
  readWebhookStatistics,
  type WebhookRow,
  type WebhookStatistics,
} from '@posthorn/db';
import type { DialectName, ShownWebhook } from '@posthorn/dialects';
import { reachOf } from '../access.js';
import { webhookObject } from '../webhook-object.js';

/** A webhook in the words that dialects share. */
export const shownWebhook = (
  name: DialectName,
  row: WebhookRow,
  mode: 'live' | 'test',
  statistics: WebhookStatistics | undefined,
): ShownWebhook => ({
  // Its state, its times and its lists are those of the native object.
  ...webhookObject(row, mode, statistics),
  object_id: row.object_id ?? objectIdOf(row.id),
  kept: row.dialect?.[name] ?? null,
});

/** Rows on their way to somebody who will come back with what is shown of them: their object ids are kept from now on. */
export const shownWebhooks = async (
  db: Database,
  name: DialectName,
  rows: readonly WebhookRow[],
  mode: 'live' | 'test',
): Promise<readonly ShownWebhook[]> => {
  const unnamed = rows.filter(({ object_id }) => object_id === null);
  await keepObjectIds(
    db,
    unnamed.map(({ id }) => ({ id, objectId: objectIdOf(id) })),
  );
  const statistics = await readWebhookStatistics(
    db,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => shownWebhook(name, row, mode, statistics.get(row.id)));
};

const objectId = /^[0-9a-f]{24}$/;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The webhook that a dialect's id names, if it is in reach. @param kind which of its two ids the dialect shows */
export const findShown = async (db: Database, owner: KeyOwner, kind: 'id' | 'object_id', id: string): Promise<WebhookRow | undefined> => {
  const { environmentId, tenantId } = reachOf(owner);
  const text = id.toLowerCase();
  if (!(kind === 'id' ? uuid : objectId).test(text)) return undefined;
  return (kind === 'id' ? findWebhook : findWebhookByObjectId)(db, environmentId, tenantId, text);
};
