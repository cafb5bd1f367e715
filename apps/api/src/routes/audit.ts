// GET /v1/audit: who did what, newest first.
import { formatRfc3339, isName } from '@posthorn/core';
import { type AuditRow, findTenant, listAudit } from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { exactly, filterParameters, id, matching, period, readFilters } from '../list-filters.js';
import { listOf, pageParameters } from '../schemas/lists.js';
import { emptyPage, pageOf, readLimit, readQuery } from './lists.js';
import type { WebhookDependencies } from './own-webhook.js';

const filters = {
  action: exactly(64, 'Such as `webhook.created`.'),
  subject_kind: exactly(64, 'Such as `webhook`.'),
  subject_id: exactly(256),
  actor_key_id: id,
  tenant: matching(isName, '1 to 128 letters, digits or one of _ . : -'),
  at: period,
};

const schema = {
  operationId: 'listAudit',
  tags: ['Audit'],
  summary: 'List who did what, newest first',
  description: 'Several filters are all to be met.',
  querystring: Type.Object({ ...pageParameters, ...filterParameters(filters) }),
  response: { 200: listOf(Type.Ref('AuditEntry')) },
};

const auditObject = (row: AuditRow) => ({
  id: row.id,
  at: formatRfc3339(row.at.getTime()),
  actor: { key_id: row.actor_key_id, role: row.actor },
  action: row.action,
  subject: { kind: row.subject_kind, id: row.subject_id },
  tenant: row.tenant_key,
  details: row.details,
});

export const auditRoutes =
  ({ db, cursors }: Pick<WebhookDependencies, 'db' | 'cursors'>) =>
  async (app: FastifyInstance) => {
    app.get('/v1/audit', { config: { permission: 'administer' }, schema }, async (request) => {
      const query = readQuery(request);
      const limit = readLimit(query);
      const { environmentId } = request.owner;
      const { tenant, at, ...equal } = readFilters(filters, query);
      const bound = ['audit', environmentId, tenant, at, equal];
      const position = cursors.read(bound, query.cursor);
      const tenantId = tenant === null ? null : await findTenant(db, environmentId, tenant);
      if (tenant !== null && tenantId === null) return emptyPage;
      const before = position === null ? null : { exactAt: String(position[0]), id: String(position[1]) };
      const rows = await listAudit(db, { environmentId, equal: { ...equal, tenant_id: tenantId }, at, before, limit: limit + 1 });
      return pageOf(rows, limit, auditObject, (last) => cursors.write(bound, [last.exact_at, last.id]));
    });
  };
