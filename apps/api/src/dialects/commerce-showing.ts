// Webhooks and attempts as resources of dialect 001, with what is included with them.
import { buildBody, errorKindOfCode, formatRfc3339 } from '@posthorn/core';
import { type CallbackRow, type KeyOwner, newestCallbacks, type WebhookRow } from '@posthorn/db';
import { commerce, type Resource, type ShownCallback, type SparseFields, showEventCallback, withLinkage } from '@posthorn/dialects';
import { mayDo } from '../access.js';
import { readSecrets, type WebhookDependencies } from '../routes/own-webhook.js';
import { shownWebhooks } from './showing.js';

const callbacks = 'last_event_callbacks';
const noSecrets: ReadonlyMap<string, string> = new Map();

const has = (fields: SparseFields, type: 'webhooks' | 'event_callbacks', name: string): boolean => fields[type]?.includes(name) ?? true;

/** Whether the bodies of attempts are asked for: to build them again takes the events. */
export const withPayloads = (fields: SparseFields): boolean => has(fields, 'event_callbacks', 'payload');

/** An attempt as its resource. */
export const callbackResource = (row: CallbackRow, mode: 'live' | 'test', origin: string): Resource => {
  const { event_id: eventId, webhook_id: webhookId, n: attempt, started_at, duration_ms, status_code, error, error_kind, body } = row;
  const shown: ShownCallback = {
    eventId,
    webhookId,
    attempt,
    url: row.url,
    startedAt: formatRfc3339(started_at.getTime()),
    endedAt: formatRfc3339(started_at.getTime() + duration_ms),
    statusCode: status_code,
    error: error ?? (error_kind === null ? null : errorKindOfCode(error_kind)),
    body: body === null ? null : buildBody(body.payloadFormat, body.event, { includeResources: body.includeResources, webhookId }),
    mode,
  };
  return showEventCallback(shown, origin);
};

/** What a document of webhooks asks for. */
export type WebhookWishes = { readonly include: readonly string[]; readonly fields: SparseFields };

/** Webhooks as resources, their secrets for those who may read them, and what is included with them (null: nothing was asked for). */
export const webhookResources = async (
  dependencies: WebhookDependencies,
  owner: KeyOwner,
  rows: readonly WebhookRow[],
  { include, fields }: WebhookWishes,
): Promise<{ readonly data: readonly Resource[]; readonly included: readonly Resource[] | null }> => {
  const { db, origin } = dependencies;
  const maySee = mayDo(owner, 'edit_webhooks') && has(fields, 'webhooks', 'shared_secret');
  const secrets = maySee ? await readSecrets(dependencies, owner, rows) : noSecrets;
  const shown = await shownWebhooks(db, commerce.name, rows, owner.mode);
  const data = shown.map((each) => commerce.show(each, secrets.get(each.id) ?? null, origin()) as Resource);
  if (!include.includes(callbacks)) return { data, included: include.length === 0 ? null : [] };
  const ids = rows.map(({ id }) => id);
  const newest = await newestCallbacks(db, ids, withPayloads(fields));
  const resources = new Map(ids.map((id) => [id, (newest.get(id) ?? []).map((row) => callbackResource(row, owner.mode, origin()))]));
  return {
    data: data.map((resource) => withLinkage(resource, callbacks, resources.get(resource.id) ?? [])),
    included: [...resources.values()].flat(),
  };
};
