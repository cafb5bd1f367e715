// Replays: many deliveries again, by a filter; and recover, the replay of what one webhook missed while it was off.
import { formatRfc3339, problem } from '@posthorn/core';
import {
  cancelReplay,
  countDeliveriesOfReplay,
  countReplay,
  findReplay,
  findTenant,
  findWebhook,
  insertAuditEntry,
  insertReplay,
  judgeDeliveries,
  type KeyOwner,
  listReplays,
  type ReplayFilter,
  type ReplayMode,
  type ReplayRow,
  scopeOf,
  sweepCancelledReplay,
} from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { mayDo, reachOf } from '../access.js';
import { limits } from '../limits.js';
import { checkFilter, type RecoverBody, type ReplayBody, recoverBody, recoveryFilter, replayBody } from '../replay-filter.js';
import { listOf, pageQuery } from '../schemas/lists.js';
import { replayPath, webhookPath } from '../schemas/parameters.js';
import { countByStatus, idOf } from './deliveries.js';
import { readLimit, readQuery } from './lists.js';
import { requireOwn, type WebhookDependencies } from './own-webhook.js';

export type ReplayDependencies = Pick<WebhookDependencies, 'pool' | 'db' | 'beyondWall' | 'cursors' | 'newId' | 'nowMs' | 'slot'>;

const sweepRows = 1_000;
const retrySoon = { headers: { 'retry-after': String(limits.retryAfterS) } };

const replayObject = (row: ReplayRow) => ({
  id: row.id,
  status: row.status,
  mode: row.mode,
  filter: row.filter,
  recovers_webhook_id: row.recovers_webhook_id,
  total: row.total,
  opened: row.opened,
  already_waiting: row.already_waiting,
  refused: row.refused,
  created_at: formatRfc3339(row.created_at.getTime()),
  ended_at: row.ended_at === null ? null : formatRfc3339(row.ended_at.getTime()),
});

const tags = ['Replays'];
const created = { 202: Type.Ref('Replay') };
const one = { tags, params: replayPath, response: { 200: Type.Ref('Replay') } };
const creating = {
  operationId: 'createReplay',
  tags,
  summary: 'Replay deliveries by a filter',
  description: 'With `dry_run` nothing is done, and 200 says what would be.',
  body: replayBody,
  response: { 200: Type.Ref('ReplayForecast'), ...created },
};
const recovering = {
  operationId: 'recoverWebhook',
  tags: ['Webhooks'],
  summary: 'Replay what a webhook missed while it was off',
  params: webhookPath,
  body: recoverBody,
  response: created,
};
const listing = {
  operationId: 'listReplays',
  tags,
  summary: 'List replays, newest first',
  querystring: pageQuery,
  response: { 200: listOf(Type.Ref('ReplaySummary')) },
};
const reading = { operationId: 'getReplay', summary: 'Read a replay', ...one };
const cancelling = { operationId: 'cancelReplay', summary: 'Cancel a replay; what waits of it is cancelled', ...one };

const refuseField = (name: string, message: string): Error =>
  problem('invalid_field', message, { errors: [{ pointer: `/filter/${name}`, code: 'invalid_field', message }] });

/** POST|GET /v1/replays, GET /v1/replays/{id}, POST /v1/replays/{id}/cancel, POST /v1/webhooks/{id}/recover. */
export const replayRoutes = (dependencies: ReplayDependencies) => async (app: FastifyInstance) => {
  const { pool, db, beyondWall, cursors, newId, nowMs, slot } = dependencies;

  const shown = async (row: ReplayRow) => ({ ...replayObject(row), deliveries: countByStatus(await countDeliveriesOfReplay(db, row.id)) });

  const audit = (owner: KeyOwner, row: Pick<ReplayRow, 'id' | 'tenant_id'>, action: string): Promise<void> =>
    insertAuditEntry(db, {
      id: newId(),
      environmentId: owner.environmentId,
      tenantId: row.tenant_id,
      actorKeyId: owner.keyId,
      actor: owner.role,
      action,
      subjectKind: 'replay',
      subjectId: row.id,
    });

  /** The tenant that a filter means, null for all; throws for what is not there or not the owner's. */
  const tenantOf = async (owner: KeyOwner, filter: ReplayFilter): Promise<string | null> => {
    const { tenant, webhook_id: webhookId, replay_id: replayId } = filter;
    if (owner.tenant !== null && tenant !== undefined && tenant !== owner.tenant.key)
      throw problem('tenant_forbidden', `this key is bound to tenant ${owner.tenant.key}`);
    const named = tenant === undefined ? null : (owner.tenant?.id ?? (await findTenant(db, owner.environmentId, tenant)));
    if (tenant !== undefined && named === null) throw refuseField('tenant', `there is no tenant ${tenant}`);
    const reached = named ?? owner.tenant?.id ?? null;
    if (replayId !== undefined && (await findReplay(db, reachOf(owner), replayId)) === undefined)
      throw refuseField('replay_id', `there is no replay ${replayId}`);
    if (webhookId === undefined) return reached;
    const webhook = await findWebhook(db, owner.environmentId, reached, webhookId);
    if (webhook === undefined) throw refuseField('webhook_id', `there is no webhook ${webhookId}`);
    return webhook.tenant_id;
  };

  type Wanted = { readonly filter: ReplayFilter; readonly mode: ReplayMode; readonly tenantId: string | null };

  let counting = 0;
  /** Counting may read much: few do it at a time. */
  const count = async (owner: KeyOwner, { filter, mode, tenantId }: Wanted, atMs: number, isDry: boolean) => {
    if (counting >= limits.replayCountsMax) throw problem('overloaded', 'too many replays are being counted', retrySoon);
    counting += 1;
    try {
      const scope = scopeOf({ environmentId: owner.environmentId, tenantId }, mode, filter, atMs);
      return await countReplay(
        beyondWall.readReplayPage,
        scope,
        limits.replayCountMs,
        isDry ? (wanted) => judgeDeliveries(pool, wanted) : undefined,
      );
    } finally {
      counting -= 1;
    }
  };

  const begin = async (owner: KeyOwner, wanted: Wanted, recoversWebhookId: string | null) => {
    const createdAtMs = nowMs();
    const { total, complete } = await count(owner, wanted, createdAtMs, false);
    const id = newId();
    await audit(owner, { id, tenant_id: wanted.tenantId }, recoversWebhookId === null ? 'replay.created' : 'webhook.recovered');
    const { environmentId, keyId } = owner;
    return insertReplay(db, { ...wanted, id, environmentId, keyId, total: complete ? total : null, recoversWebhookId, createdAtMs });
  };

  app.post<{ Body: ReplayBody }>('/v1/replays', { config: { permission: 'replay' }, schema: creating }, async (request, reply) => {
    const { owner } = request;
    const { filter, mode = 'original', dry_run: isDry = false } = request.body;
    checkFilter(filter, mode);
    const wanted = { filter, mode, tenantId: await tenantOf(owner, filter) };
    if (!isDry) {
      const row = await begin(owner, wanted, null);
      return reply
        .code(202)
        .header('location', `/v1/replays/${row.id}`)
        .send(await shown(row));
    }
    const { total, opens, alreadyWaiting, refused, complete } = await count(owner, wanted, nowMs(), true);
    return { dry_run: true, mode, filter, total, would_open: opens, already_waiting: alreadyWaiting, refused, is_complete: complete };
  });

  app.post<{ Body: RecoverBody }>(
    '/v1/webhooks/:id/recover',
    { config: { permission: 'operate_webhooks' }, schema: recovering },
    async (request, reply) => {
      const { owner, row: webhook } = await requireOwn(dependencies, request);
      const filter = recoveryFilter(webhook.id, request.body);
      if (webhook.disabled_at !== null)
        throw problem('webhook_disabled', `the webhook is disabled; POST /v1/webhooks/${webhook.id}/enable first`);
      const row = await begin(owner, { filter, mode: 'original', tenantId: webhook.tenant_id }, webhook.id);
      return reply
        .code(202)
        .header('location', `/v1/replays/${row.id}`)
        .send(await shown(row));
    },
  );

  app.get('/v1/replays', { config: { permission: 'replay' }, schema: listing }, async (request) => {
    const query = readQuery(request);
    const reach = reachOf(request.owner);
    const limit = readLimit(query);
    const bound = ['replays', reach];
    const position = cursors.read(bound, query.cursor);
    const rows = await listReplays(db, reach, position === null ? null : String(position[0]), limit + 1);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      data: page.map(replayObject),
      next_cursor: rows.length > limit && last !== undefined ? cursors.write(bound, [last.id]) : null,
    };
  });

  const findOwn = async (owner: KeyOwner, id: string): Promise<ReplayRow> => {
    const row = await findReplay(db, reachOf(owner), id);
    if (row === undefined) throw problem('not_found');
    return row;
  };

  app.get('/v1/replays/:id', { config: { permission: 'operate_webhooks' }, schema: reading }, async (request) => {
    const { owner } = request;
    const row = await findOwn(owner, idOf(request.params));
    // Who may recover but not replay sees the recoveries of its tenant.
    if (row.recovers_webhook_id === null && !mayDo(owner, 'replay')) throw problem('not_found');
    return shown(row);
  });

  app.post('/v1/replays/:id/cancel', { config: { permission: 'replay' }, schema: cancelling }, async (request) => {
    const { owner } = request;
    const before = await findOwn(owner, idOf(request.params));
    await audit(owner, before, 'replay.cancelled');
    const cancelled = await cancelReplay(pool, before.id);
    if (!cancelled && (await findOwn(owner, before.id)).status === 'done')
      throw problem('conflict', 'the replay is done, and nothing of it waits');
    // The scheduler sweeps what comes back later, and goes on if this ends here.
    while ((await sweepCancelledReplay(pool, before.id, sweepRows, slot)) > 0);
    return shown(await findOwn(owner, before.id));
  });
};
