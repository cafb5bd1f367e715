// The plan of midnight: a statement that was planned while today's partitions were empty must not read them whole once they are full.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld, failed, flushLimits, newEventId, parked, type World, waiting } from '../tests/world.js';
import { claimDispatch, existingDeliveries, leaseDispatches } from './dispatches.js';
import { leaseChunks, loadChunks, mendDueHints } from './due-deliveries.js';
import { endOldDispatches, expireDeliveries, tellExpired, warnDays, warnOfExpiry } from './expiring.js';
import { type DeliveryRecord, writeFlush } from './flush.js';
import { findKeptEvents, insertEvents } from './ingest.js';
import type { HotPool } from './pools.js';
import { stepTenantErasure, tenantErasureLimits } from './tenant-erasing.js';

const rowsCount = 20_000;
const webhooksCount = 20;

let world: World;
let webhookIds: readonly string[];
/** Statements by name, with the number of their parameters. */
const statements = new Map<string, number>();

type Node = { readonly 'Node Type': string; readonly 'Relation Name'?: string; readonly Plans?: readonly Node[] };

/** The same connection, which remembers what was run on it by name. */
const remembering = (connection: HotPool): HotPool =>
  ({
    query: (query: { name?: string; values?: unknown[] }) => {
      if (query.name !== undefined) statements.set(query.name, query.values?.length ?? 0);
      return connection.query(query as never);
    },
  }) as unknown as HotPool;

/** Runs every hot statement once. */
const runAll = async (connection: HotPool): Promise<void> => {
  const flush = (records: readonly DeliveryRecord[], reportedOf: readonly string[] = []) =>
    writeFlush(
      connection,
      { records, reports: reportedOf.map((id) => ({ webhookId: id, turn: 1 })), finished: [{ id: randomUUID(), claim: 1 }] },
      flushLimits,
    );
  const webhookId = webhookIds[0]!;
  await flush([world.record(webhookId)]);
  const record = world.record(webhookId, parked());
  await flush([record, world.record(webhookId, waiting()), world.record(webhookId, failed())], [webhookId]);
  await flush([{ ...record, ...failed(), isNew: false, out: false }]);
  const ids = [record.eventId, world.record(webhookId).eventId].sort();
  const event = {
    ...{
      environmentId: world.environmentId,
      tenantId: world.tenantId,
      eventType: 'a',
      sourceId: null,
      eventTimeMs: null,
      projectFlows: [],
    },
    ...{ data: '{}', currentContext: null, resources: null, bodyHash: Buffer.alloc(32), key: randomUUID() },
  };
  const dispatchId = randomUUID();
  const stored = ids.map((id) => ({ id, event, dispatchId, shard: 0 }));
  await insertEvents(connection, stored.slice(0, 1), 0, 24);
  await insertEvents(connection, [{ ...stored[1]!, event: { ...event, key: null, bodyHash: null }, dispatchId: randomUUID() }], 0, 24);
  await findKeptEvents(connection, [{ tenantId: world.tenantId, key: event.key }], 24);
  const ref = { id: dispatchId, claim: 0, firstEventId: ids[0]!, lastEventId: ids[1]! };
  await leaseDispatches(connection, [0], 0, 10, 0);
  await claimDispatch(connection, ref, 1_000);
  await existingDeliveries(connection, ref, ids);
  await world.rows(`update webhook_state set due_at = now(), not_before = '-infinity', out_until = '-infinity', chunk = 100`);
  await loadChunks(connection, await leaseChunks(connection, { webhooksMax: 200, chunkMax: 500, deliveriesMax: 1_000 }));
  await mendDueHints(connection);
  // As if what is of today were old.
  await warnOfExpiry(connection, warnDays - 1, 1);
  await expireDeliveries(connection, newEventId(), 1, 0);
  await tellExpired(connection, 10);
  await endOldDispatches(connection, newEventId(), 1);
};

/** Erases a tenant to whom a fifth of the events belongs. */
const eraseTenant = async (): Promise<void> => {
  const id = randomUUID();
  await world.rows(`insert into tenants (id, environment_id, key, erasing_at) values ($1, $2, 'erased/' || $1::uuid::text, now())`, [
    id,
    world.environmentId,
  ]);
  await world.rows(
    `update events set tenant_id = $1 where id in (select id from events order by id limit (select count(*) / 5 from events))`,
    [id],
  );
  await world.rows(
    `insert into tenant_erasures (tenant_id, environment_id, actor_key_id, actor, position) values ($1, $2, $1, 'admin', uuidv7_floor(now() - interval '1 hour'))`,
    [id, world.environmentId],
  );
  while (await stepTenantErasure(world.pool, 0, { ...tenantErasureLimits, settleS: 0 }));
};

const fill = () =>
  world.rows(
    `with made as (
       insert into events (id, environment_id, tenant_id, event_type, event_time, data, dispatch_id)
       select uuidv7(), $1, $2, 'a', now(), '{}', gen_random_uuid() from generate_series(1, $3) returning id
     ), numbered as (select id, row_number() over () as n from made),
     delivered as (
       insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status, due_at)
       select $1, $2, id, ($4::uuid[])[1 + n % $5], case when n % 20 < 10 then 0 else 1 end, now() - interval '1 minute' from numbered
     )
     insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, duration_ms)
     select $1, $2, id, ($4::uuid[])[1 + n % $5], 1, 0, 1, now(), true, 1 from numbered`,
    [world.environmentId, world.tenantId, rowsCount, webhookIds, webhooksCount],
  );

const scans = (node: Node): readonly string[] => [
  ...(node['Node Type'] === 'Seq Scan' && node['Relation Name'] !== undefined ? [node['Relation Name']] : []),
  ...(node.Plans ?? []).flatMap(scans),
];
const isPartition = (relation: string): boolean => /^(events|deliveries|attempts|idempotency_keys)(_\d+)?$/.test(relation);

/** Rows of partitions that were read by sequential scans so far, statements inside functions included. */
const rowsReadWhole = async (): Promise<number> => {
  await world.rows('select pg_stat_force_next_flush()');
  const { rows } = await world.row<{ rows: number }>(
    `select coalesce(sum(seq_tup_read), 0)::int as rows from pg_stat_user_tables where relname ~ '^(events|deliveries|attempts)_\\d+$'`,
  );
  return rows;
};

beforeAll(async () => {
  // One connection, so that every statement keeps the plan that it got at first.
  world = await createWorld(1);
  webhookIds = await Promise.all(Array.from({ length: webhooksCount }, () => world.webhook()));
  await world.rows('vacuum analyze');
  await runAll(remembering(world.pool));
  await eraseTenant();
  await world.rows('truncate events, deliveries, attempts, dispatches');
  await world.rows('vacuum analyze');
  await runAll(remembering(world.pool));
  await fill();
}, 60_000);

afterAll(() => world.drop());

describe('hot statements whose partitions were empty when they were planned', () => {
  it('are all of them', () => {
    expect([...statements.keys()].sort()).toEqual(
      expect.arrayContaining([
        ...['claim-dispatch', 'existing-deliveries', 'flush', 'flush-first-successes', 'ingest', 'kept-events', 'lease-chunks'],
        ...[
          'lease-dispatches',
          'load-chunks',
          'mend-due-hints',
          'warn-of-expiry',
          'expire-deliveries',
          'tell-expired',
          'end-old-dispatches',
        ],
      ]),
    );
  });

  it('read no partition whole', async () => {
    const found: string[] = [];
    for (const [name, parameters] of statements) {
      const nulls = Array.from({ length: parameters }, () => 'null').join(', ');
      const text = `explain (format json) execute "${name}"${parameters === 0 ? '' : `(${nulls})`}`;
      const row = await world.row<{ 'QUERY PLAN': readonly { Plan: Node }[] }>(text);
      found.push(
        ...scans(row['QUERY PLAN'][0]!.Plan)
          .filter(isPartition)
          .map((relation) => `${name} reads ${relation}`),
      );
    }
    expect(found).toEqual([]);
  });

  it('read no partition whole inside functions either', async () => {
    const before = await rowsReadWhole();
    await runAll(world.pool);
    expect((await rowsReadWhole()) - before).toBe(0);
  });

  it('read no partition whole when a tenant is erased', async () => {
    const before = await rowsReadWhole();
    await eraseTenant();
    expect((await rowsReadWhole()) - before).toBe(0);
    const { left } = await world.row<{ left: number }>(
      `select count(*)::int as left from events e join tenants t on t.id = e.tenant_id where t.erasing_at is not null and e.erased_at is null`,
    );
    expect(left).toBe(0);
  });
});
