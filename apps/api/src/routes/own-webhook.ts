// What all routes of a webhook share: finding it within the reach of the key, writing down who did what, and answering with it.
import { problem } from '@posthorn/core';
import {
  type Actor,
  type Author,
  type Database,
  type EnvironmentRow,
  findCurrentSecrets,
  findWebhook,
  type HotPool,
  insertAuditEntries,
  type insertEnvironment,
  type KeyFollower,
  type KeyOwner,
  type LiveTeller,
  type ReplayReader,
  readWebhookStatistics,
  type SecretBox,
  type SigningSecret,
  type WebhookRow,
} from '@posthorn/db';
import type { Egress } from '@posthorn/egress';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { reachOf } from '../access.js';
import type { Cursors } from '../cursor.js';
import type { Telling } from '../notified.js';
import { ownWebhookObject } from '../webhook-object.js';
import { idOf } from './deliveries.js';

/** The few things that reach further than the key of a request, or have none. */
export type BeyondWall = {
  /** Whoever has the link of a mail has no key. */
  readonly findAnyWebhook: (id: string) => Promise<WebhookRow | undefined>;
  /** A new environment is not the key's. */
  readonly insertEnvironment: (
    ...made: typeof insertEnvironment extends (db: Database, ...rest: infer Rest) => unknown ? Rest : never
  ) => Promise<EnvironmentRow>;
  /** A page is so many rows, whoever's they are; what is wanted of it is in the scope that is given. */
  readonly readReplayPage: ReplayReader;
};

export type WebhookDependencies = {
  /** Both behind the wall: a request's statements see what is in the reach of its key. */
  readonly pool: HotPool;
  readonly db: Database;
  readonly beyondWall: BeyondWall;
  readonly cursors: Cursors;
  readonly newId: () => string;
  readonly nowMs: () => number;
  readonly secretBox: SecretBox;
  /** Does what seals secrets and writes them; once more, with the new key, if the key that seals changed meanwhile. */
  readonly sealing: KeyFollower['sealing'];
  readonly egress: Pick<Egress, 'checkUrl' | 'send'>;
  readonly tenantId: (environmentId: string, key: string) => Promise<string>;
  /** Looks a tenant up anew the next time. */
  readonly forgetTenant: (environmentId: string, key: string) => void;
  readonly telling: Telling;
  /** The installation's encryption keys, with which links that unsubscribe are signed. */
  readonly unsubscribeKeys: readonly Buffer[];
  /** Where people reach the API, for links: `https://hooks.example`. */
  readonly origin: () => string;
  /** Which of the statistics slots (0–15) this process counts in. */
  readonly slot: number;
  /** Tells those who follow what happens. */
  readonly tell: LiveTeller['tell'];
};

export const actorOf = (owner: KeyOwner): Actor => ({ keyId: owner.keyId, role: owner.role });
export const authorOf = (owner: KeyOwner): Author => ({ keyId: owner.keyId, name: owner.role });

/** The webhook of the path, if it is in the reach of the key; else `not_found`. */
export const findOwn = async (db: Database, owner: KeyOwner, params: unknown): Promise<WebhookRow> => {
  const reach = reachOf(owner);
  const row = await findWebhook(db, reach.environmentId, reach.tenantId, idOf(params));
  if (row === undefined) throw problem('not_found');
  return row;
};

/** The webhook as it is now. */
export const shownWebhook = async ({ db, telling }: Pick<WebhookDependencies, 'db' | 'telling'>, owner: KeyOwner, id: string) => {
  const row = await findOwn(db, owner, { id });
  return ownWebhookObject(row, owner, telling, (await readWebhookStatistics(db, [id])).get(id));
};

/** The secrets of a webhook as they are shown to those who may edit it. */
export const shownSecrets = ([current, ...previous]: readonly SigningSecret[]) => ({
  secret: current?.secret ?? null,
  previous: previous.map(({ secret, expiresAt }) => ({ secret, expires_at: expiresAt?.toISOString() ?? null })),
});

export const etagOf = (version: number): string => `"${version}"`;

/** Answers with the webhook as it is now and the ETag of its version. */
export const sendWebhook = async (
  reply: FastifyReply,
  dependencies: Pick<WebhookDependencies, 'db' | 'telling'>,
  owner: KeyOwner,
  id: string,
): Promise<FastifyReply> => {
  const shown = await shownWebhook(dependencies, owner, id);
  return reply.header('etag', etagOf(shown.version)).send(shown);
};

/** Who the key belongs to and the webhook of the path. */
export const requireOwn = async (
  { db }: Pick<WebhookDependencies, 'db'>,
  { owner, params }: FastifyRequest,
): Promise<{ readonly owner: KeyOwner; readonly row: WebhookRow }> => ({ owner, row: await findOwn(db, owner, params) });

type AuditedRow = Pick<WebhookRow, 'id' | 'tenant_id'>;
type AuditDependencies = Pick<WebhookDependencies, 'db' | 'newId'>;

/** Writes down who does what to webhooks, before it is done. */
export const auditAll = ({ db, newId }: AuditDependencies, owner: KeyOwner, rows: readonly AuditedRow[], action: string): Promise<void> =>
  insertAuditEntries(
    db,
    rows.map((row) => ({
      id: newId(),
      environmentId: owner.environmentId,
      tenantId: row.tenant_id,
      actorKeyId: owner.keyId,
      actor: owner.role,
      action,
      subjectKind: 'webhook',
      subjectId: row.id,
    })),
  );

/** Writes down who does what to a webhook, before it is done. */
export const audit = (dependencies: AuditDependencies, owner: KeyOwner, row: AuditedRow, action: string): Promise<void> =>
  auditAll(dependencies, owner, [row], action);

/** The present secrets of webhooks by their ids, for those who may edit them; that they were read is written down. */
export const readSecrets = async (
  dependencies: AuditDependencies & Pick<WebhookDependencies, 'secretBox'>,
  owner: KeyOwner,
  rows: readonly AuditedRow[],
): Promise<ReadonlyMap<string, string>> => {
  await auditAll(dependencies, owner, rows, 'webhook.secret_read');
  const ids = rows.map(({ id }) => id);
  return findCurrentSecrets(dependencies.db, dependencies.secretBox, ids);
};
