// GET /v1/webhooks/export: webhooks as objects of a dialect, oldest first, with their secrets if these are asked for.
import { isName, problem } from '@posthorn/core';
import { anyWebhook, listWebhooks } from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { mayDo, reachOf } from '../access.js';
import { shownWebhooks } from '../dialects/showing.js';
import { filterParameters, flag, matching, oneOf, readFilters } from '../list-filters.js';
import { pageParameters } from '../schemas/lists.js';
import { dialectNames, exportedSchema } from '../schemas/webhook-import.js';
import { emptyPage, pageOf, readLimit, readQuery, tenantOfList } from './lists.js';
import { readSecrets, type WebhookDependencies } from './own-webhook.js';
import { dialectsByName } from './webhook-import.js';

const filters = {
  dialect: oneOf(dialectNames, 'The words of the objects. Needed.'),
  secrets: flag,
  tenant: matching(isName, '1 to 128 letters, digits or one of _ . : -'),
};
const oldestFirst = { by: 'created_at', descending: false } as const;
const noSecrets: ReadonlyMap<string, string> = new Map();

const schema = {
  operationId: 'exportWebhooks',
  tags: ['Webhooks'],
  summary: 'Export webhooks as objects of a dialect',
  description: 'Oldest first. With `secrets` each has its secret, for those who may read it; this is written into the audit log.',
  querystring: Type.Object({ ...pageParameters, ...filterParameters(filters) }),
  response: { 200: exportedSchema },
};

/** GET /v1/webhooks/export. */
export const webhookExportRoute = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, cursors, origin } = dependencies;

  app.get('/v1/webhooks/export', { config: { permission: 'read_webhooks' }, schema }, async (request) => {
    const { owner } = request;
    const query = readQuery(request);
    const limit = readLimit(query);
    const wanted = readFilters(filters, query);
    if (wanted.dialect === null) throw problem('invalid_request', `dialect is missing: one of ${dialectNames.join(', ')}`);
    const withSecrets = wanted.secrets === true;
    if (withSecrets && !mayDo(owner, 'edit_webhooks')) throw problem('forbidden', `a key of role ${owner.role} may not read secrets`);
    const dialect = dialectsByName[wanted.dialect];
    const bound = ['export', reachOf(owner), wanted];
    const position = cursors.read(bound, query.cursor);
    const reach = await tenantOfList(db, owner, wanted.tenant);
    if (reach === null) return emptyPage;
    const rows = await listWebhooks(db, {
      ...reach,
      filters: anyWebhook,
      sort: oldestFirst,
      after: position === null ? null : { value: String(position[0]), id: String(position[1]) },
      limit: limit + 1,
    });
    const page = rows.slice(0, limit);
    const shown = await shownWebhooks(db, dialect.name, page, owner.mode);
    const secrets = withSecrets ? await readSecrets(dependencies, owner, page) : noSecrets;
    const { next_cursor } = pageOf(
      rows,
      limit,
      ({ id }) => id,
      (last) => cursors.write(bound, [last.sort_value, last.id]),
    );
    return { data: shown.map((each) => dialect.show(each, secrets.get(each.id) ?? null, origin())), next_cursor };
  });
};
