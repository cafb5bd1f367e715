// POST /v1/webhooks/import: objects of a dialect, all of them or none.
import { setImmediate } from 'node:timers/promises';
import { pointerTo, problem } from '@posthorn/core';
import { insertWebhooks, type KeyOwner, type NewWebhook } from '@posthorn/db';
import { commerce, cot, type Dialect, type DialectName, flat, flow } from '@posthorn/dialects';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { type PlannedRow, planImport } from '../dialects/import-plan.js';
import { takeJsonBodies } from '../json-body.js';
import { limits } from '../limits.js';
import { importBody } from '../schemas/webhook-import.js';
import { type ReadWebhook, sealNewWebhook, tenantIdOf } from '../webhook-making.js';
import { refuseConflict } from '../webhook-writing.js';
import { authorOf, type WebhookDependencies } from './own-webhook.js';

export const dialectsByName: Readonly<Record<DialectName, Dialect>> = { '000': flow, '001': commerce, '003': cot, '004': flat };

const schema = {
  operationId: 'importWebhooks',
  tags: ['Webhooks'],
  summary: 'Import webhooks of another system',
  description:
    'All of them or none. Equal names and codes are renamed; ids of 24 hex digits and secrets are kept. Ask for a dry run first: it says row by row what would happen.',
  body: importBody,
  response: { 200: Type.Ref('ImportedWebhooks') },
};

const rowObject = (row: PlannedRow, index: number, ids: readonly string[]) => ({
  index,
  status: row.read === null ? 'refused' : ids.length === 0 ? 'ready' : 'imported',
  id: ids[index] ?? null,
  object_id: row.objectId,
  old_id: row.oldId,
  tenant: row.read?.tenantKey ?? null,
  name: row.read?.fields.name ?? null,
  code: row.read?.fields.code ?? null,
  secret: row.isSecretKept ? 'kept' : 'new',
  renamed: row.renamings,
  errors: row.errors,
});

const refuseAll = (rows: readonly PlannedRow[]) => {
  const refused = rows.filter(({ read }) => read === null).length;
  const errors = rows.flatMap((row, index) =>
    row.errors.map((error) => ({ ...error, pointer: pointerTo('/webhooks', String(index)) + error.pointer })),
  );
  const detail = `${refused} of ${rows.length} webhooks are refused; none was imported`;
  return problem('invalid_field', detail, { errors: errors.slice(0, limits.importErrorsMax) });
};

const sealAll = async (
  dependencies: WebhookDependencies,
  owner: KeyOwner,
  reads: readonly ReadWebhook[],
): Promise<readonly NewWebhook[]> => {
  const made: NewWebhook[] = [];
  for (const read of reads) {
    made.push(sealNewWebhook(dependencies, owner, await tenantIdOf(dependencies, owner, read.tenantKey), read).webhook);
    if (made.length % limits.importTurnWebhooks === 0) await setImmediate();
  }
  return made;
};

/** POST /v1/webhooks/import. */
export const webhookImportRoute = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  takeJsonBodies(app, ['application/json'], { valuesMax: limits.importValuesMax, membersMax: limits.importMembersMax });

  app.post<{ Body: Type.Static<typeof importBody> }>(
    '/v1/webhooks/import',
    { config: { permission: 'edit_webhooks', problems: ['tenant_forbidden'] }, schema, bodyLimit: limits.importBytesMax },
    async ({ owner, body }) => {
      const { dialect, dry_run: isDryRun = false, webhooks, tenant } = body;
      const rows = await planImport(dialectsByName[dialect], dependencies, owner, webhooks, tenant);
      const ready = rows.flatMap(({ read }) => read ?? []);
      const ids: string[] = [];
      if (!isDryRun) {
        if (ready.length < rows.length) throw refuseAll(rows);
        const made = await dependencies
          .sealing(async () => {
            const sealed = await sealAll(dependencies, owner, ready);
            await insertWebhooks(dependencies.db, sealed, authorOf(owner));
            return sealed;
          })
          .catch(refuseConflict);
        ids.push(...made.map(({ id }) => id));
      }
      return {
        dialect,
        dry_run: isDryRun,
        ready: isDryRun ? ready.length : 0,
        imported: ids.length,
        refused: rows.length - ready.length,
        data: rows.map((row, index) => rowObject(row, index, ids)),
      };
    },
  );
};
