// GET /v1/webhooks: filters, three orders, pages.
import { circuitStateCodes, eventTypeCharsMax, isEventType, isName } from '@posthorn/core';
import { listWebhooks, readWebhookStatistics, webhookSortColumns } from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import { codeOf, exactly, filterParameters, flag, matching, oneOf, period, readFilters, sortBy } from '../list-filters.js';
import { listOf, pageParameters } from '../schemas/lists.js';
import { ownWebhookObject } from '../webhook-object.js';
import { emptyPage, pageOf, readLimit, readQuery, tenantOfList } from './lists.js';
import type { WebhookDependencies } from './own-webhook.js';

const filters = {
  is_active: flag,
  status: oneOf(['active', 'paused', 'disabled']),
  circuit_state: codeOf(circuitStateCodes),
  event_type: matching(
    (text) => isEventType(text),
    `an event type of at most ${eventTypeCharsMax} characters: webhooks whose event_types match it`,
  ),
  tenant: matching(isName, '1 to 128 letters, digits or one of _ . : -'),
  code: exactly(64),
  name: exactly(256),
  url: exactly(2048, 'Exactly as it is shown.'),
  reference: exactly(256),
  object_id: exactly(24),
  created_at: period,
  updated_at: period,
  sort: sortBy(webhookSortColumns, { by: 'created_at', descending: true }),
};

const querystring = Type.Object({ ...pageParameters, ...filterParameters(filters) });

/** GET /v1/webhooks. */
export const webhookListRoute = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, cursors, telling } = dependencies;
  const schema = {
    operationId: 'listWebhooks',
    tags: ['Webhooks'],
    summary: 'List webhooks',
    description: 'Several filters are all to be met. Names are sorted by code points; webhooks without one come before all others.',
    querystring,
    response: { 200: listOf(Type.Ref('Webhook')) },
  };

  app.get('/v1/webhooks', { config: { permission: 'read_webhooks' }, schema }, async (request) => {
    const query = readQuery(request);
    const { owner } = request;
    const limit = readLimit(query);
    const { sort, ...wanted } = readFilters(filters, query);
    const bound = ['webhooks', reachOf(owner), wanted, sort];
    const position = cursors.read(bound, query.cursor);
    const reach = await tenantOfList(db, owner, wanted.tenant);
    if (reach === null) return emptyPage;
    const rows = await listWebhooks(db, {
      ...reach,
      filters: {
        isActive: wanted.is_active,
        status: wanted.status,
        circuit: wanted.circuit_state,
        eventType: wanted.event_type,
        code: wanted.code,
        name: wanted.name,
        url: wanted.url,
        reference: wanted.reference,
        objectId: wanted.object_id,
        createdAt: wanted.created_at,
        updatedAt: wanted.updated_at,
      },
      sort: sort ?? { by: 'created_at', descending: true },
      after: position === null ? null : { value: String(position[0]), id: String(position[1]) },
      limit: limit + 1,
    });
    const statistics = await readWebhookStatistics(
      db,
      rows.slice(0, limit).map((row) => row.id),
    );
    return pageOf(
      rows,
      limit,
      (row) => ownWebhookObject(row, owner, telling, statistics.get(row.id)),
      (last) => cursors.write(bound, [last.sort_value, last.id]),
    );
  });
};
