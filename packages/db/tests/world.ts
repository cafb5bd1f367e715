// A database of a test file's own with an environment and a tenant, and short ways to make webhooks, events and flush records in it.
import { randomBytes, randomUUID } from 'node:crypto';
import { attemptKindCodes, storedStatusCodes, uuidv7 } from '@posthorn/core';
import { createTestDatabase } from '@posthorn/testkit';
import type pg from 'pg';
import type { ChunkReport, DeliveryRecord, FlushLimits, SentAttempt } from '../src/flush.js';
import { createHotPool, type HotPool } from '../src/pools.js';

export type World = {
  readonly url: string;
  readonly pool: HotPool;
  readonly environmentId: string;
  readonly tenantId: string;
  /** Makes a webhook with its state row; `state` sets columns of the latter (values are SQL). */
  readonly webhook: (state?: Readonly<Record<string, string>>) => Promise<string>;
  /** A record of a new delivery that succeeded at its first attempt, but for what is given. */
  readonly record: (webhookId: string, changes?: Partial<DeliveryRecord>) => DeliveryRecord;
  readonly rows: <T extends pg.QueryResultRow>(text: string, values?: readonly unknown[]) => Promise<T[]>;
  readonly row: <T extends pg.QueryResultRow>(text: string, values?: readonly unknown[]) => Promise<T>;
  /** Reports of the newest chunks of these webhooks. */
  readonly reportsOf: (webhookIds: readonly string[]) => Promise<readonly ChunkReport[]>;
  /** Runs `use` on one connection inside a transaction; it commits when `use` resolves. */
  readonly transaction: <T>(use: (connection: HotPool) => Promise<T>) => Promise<T>;
  readonly drop: () => Promise<void>;
};

export const flushLimits: FlushLimits = { slot: 3, cooldownS: 30, cooldownMaxS: 3_600, chunkMax: 500 };

export const newEventId = (atMs: number = Date.now()): string => uuidv7(Math.floor(atMs), randomBytes(10));

export const sent = (changes: Partial<SentAttempt> = {}): SentAttempt => ({
  ok: true,
  counts: true,
  kind: attemptKindCodes.first,
  webhookVersion: 1,
  startedAtMs: Date.now(),
  statusCode: 200,
  errorKind: null,
  error: null,
  durationMs: 12,
  dnsMs: null,
  connectMs: 1,
  tlsMs: null,
  firstByteMs: 11,
  requestHeaders: 'a: b\n',
  responseHeaders: 'c: d\n',
  responseBody: Buffer.from('ok'),
  responseTruncated: false,
  ...changes,
});

/** What a failed attempt changes of a record: waiting, and due again in an hour. */
export const failed = (changes: Partial<SentAttempt> = {}): Partial<DeliveryRecord> => ({
  status: storedStatusCodes.waiting,
  dueInMs: 3_600_000,
  sent: sent({ ok: false, statusCode: 500, ...changes }),
});

/** What a delivery that waits, due after `dueInMs`, has instead of an attempt. */
export const waiting = (dueInMs = 0): Partial<DeliveryRecord> => ({ status: storedStatusCodes.waiting, dueInMs, sent: null, attempt: 0 });

/** What a parked request changes of a record: under way, its lease ends after `leaseMs`. */
export const parked = (leaseMs = 25_000): Partial<DeliveryRecord> => ({ ...waiting(leaseMs), attempt: 1, out: true });

export async function createWorld(connectionsMax = 4): Promise<World> {
  const database = await createTestDatabase();
  const pool = createHotPool({ url: database.url, max: connectionsMax, applicationName: 'test', onError: () => undefined });
  const environmentId = randomUUID();
  const tenantId = randomUUID();
  const rows: World['rows'] = async (text, values = []) => (await pool.query(text, [...values])).rows;
  await rows(`insert into environments (id, name, mode) values ($1, 'test', 'test')`, [environmentId]);
  await rows(`insert into tenants (id, environment_id, key) values ($1, $2, 'acme')`, [tenantId, environmentId]);
  return {
    url: database.url,
    pool,
    environmentId,
    tenantId,
    rows,
    row: async (text, values) => {
      const [row] = await rows(text, values);
      if (row === undefined) throw new Error(`no row: ${text}`);
      return row as never;
    },
    webhook: async (state = {}) => {
      const id = randomUUID();
      const place = [id, environmentId, tenantId];
      await rows(`insert into webhooks (id, environment_id, tenant_id, url) values ($1, $2, $3, 'http://127.0.0.1:9/')`, place);
      const names = Object.keys(state).map((name) => `, ${name}`);
      const values = Object.values(state).map((value) => `, ${value}`);
      const columns = `webhook_id, environment_id, tenant_id${names.join('')}`;
      await rows(`insert into webhook_state (${columns}) values ($1, $2, $3${values.join('')})`, place);
      return id;
    },
    record: (webhookId, changes = {}) => ({
      environmentId,
      tenantId,
      eventId: newEventId(),
      webhookId,
      eventType: 'order.placed',
      isNew: true,
      attempt: 1,
      status: storedStatusCodes.succeeded,
      reason: null,
      dueInMs: null,
      out: false,
      shape: 1,
      sent: sent(),
      epoch: 0,
      threshold: 10,
      holdMs: null,
      gone: false,
      replay: false,
      ...changes,
    }),
    reportsOf: async (webhookIds) =>
      (await rows('select webhook_id, turn from webhook_state where webhook_id = any ($1::uuid[]) order by 1', [[...webhookIds]])).map(
        (state) => ({
          webhookId: String(state.webhook_id),
          turn: Number(state.turn),
        }),
      ),
    transaction: async (use) => {
      const client = await pool.connect();
      try {
        await client.query('begin');
        const result = await use(client as unknown as HotPool);
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback').catch(() => undefined);
        throw error;
      } finally {
        client.release();
      }
    },
    drop: async () => {
      await pool.end();
      await database.drop();
    },
  };
}
