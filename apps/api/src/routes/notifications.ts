// GET /v1/notifications: what there was to tell of webhooks, whom it was told, and how the mail stands, newest first.
import { formatRfc3339, isName } from '@posthorn/core';
import { listNotifications, type NotificationRow, notificationKinds } from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import { filterParameters, id, matching, oneOf, period, readFilters } from '../list-filters.js';
import { shownAddress } from '../notified.js';
import { listOf, pageParameters, shortPages } from '../schemas/lists.js';
import { emptyPage, readLimit, readQuery, tenantOfList, walkedPageOf } from './lists.js';
import type { WebhookDependencies } from './own-webhook.js';

const filters = {
  webhook_id: id,
  kind: oneOf(notificationKinds),
  tenant: matching(isName, '1 to 128 letters, digits or one of _ . : -'),
  first_at: period,
};

const schema = {
  operationId: 'listNotifications',
  tags: ['Webhooks'],
  summary: 'List what people were told of webhooks',
  description:
    'Newest first. Several filters are all to be met; `first_at` is compared with the time in the id, which may be some milliseconds later. ' +
    shortPages,
  querystring: Type.Object({ ...pageParameters, ...filterParameters(filters) }),
  response: { 200: listOf(Type.Ref('Notification')) },
};

const time = (at: Date): string => formatRfc3339(at.getTime());

const mailOf = (
  { mail_address, mail_status, mail_tries, mail_error, mail_ended_at }: NotificationRow,
  show: (address: string) => string | null,
) =>
  mail_address === null
    ? null
    : {
        to: show(mail_address),
        status: mail_status,
        tries: mail_tries,
        error: mail_error,
        sent_at: mail_status === 'sent' && mail_ended_at !== null ? time(mail_ended_at) : null,
      };

const notificationObject = (row: NotificationRow, show: (address: string) => string | null) => ({
  id: row.id,
  webhook_id: row.webhook_id,
  tenant: row.tenant_key,
  kind: row.kind,
  count: row.count,
  first_at: time(row.first_at),
  last_at: time(row.last_at),
  details: row.details,
  outcome: row.outcome,
  mail: mailOf(row, show),
});

export const notificationRoutes =
  ({ db, cursors, telling }: Pick<WebhookDependencies, 'db' | 'cursors' | 'telling'>) =>
  async (app: FastifyInstance) => {
    app.get('/v1/notifications', { config: { permission: 'read_webhooks' }, schema }, async (request) => {
      const query = readQuery(request);
      const limit = readLimit(query);
      const { owner } = request;
      const wanted = readFilters(filters, query);
      const bound = ['notifications', reachOf(owner), wanted];
      const position = cursors.read(bound, query.cursor);
      const reach = await tenantOfList(db, owner, wanted.tenant);
      if (reach === null) return emptyPage;
      const walked = await listNotifications(db, {
        ...reach,
        webhookId: wanted.webhook_id,
        kind: wanted.kind,
        firstAt: wanted.first_at,
        beforeId: position === null ? null : String(position[0]),
        limit: limit + 1,
      });
      return walkedPageOf(
        walked,
        limit,
        (row) => notificationObject(row, (address) => shownAddress(address, telling, owner)),
        (last) => last.id,
        (before) => cursors.write(bound, [before]),
      );
    });
  };
