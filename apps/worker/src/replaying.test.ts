import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHotPool, type HotPool, type OpenReplay } from '@posthorn/db';
import { createTestDatabase } from '@posthorn/testkit';
import { createReplaying, createReplayingOn, type Replaying, replaysPerRoundMax } from './replaying.js';

const openReplay = (id: string, status: OpenReplay['status'] = 'running'): OpenReplay => ({
  id,
  status,
  scope: {
    ...{ environmentId: 'e', tenantId: null, webhookId: null, mode: 'original' },
    ...{
      eventId: null,
      replayId: null,
      eventType: null,
      statuses: null,
      reason: null,
      statusCodes: null,
      errorKind: null,
      fromMs: null,
      toMs: 0,
    },
  },
  position: null,
  waiting: 0,
});

describe('a round', () => {
  /** Replays in memory; `moves` are those that have more to open. */
  const open = (replays: readonly OpenReplay[], moves: readonly string[] = [], failing: readonly string[] = []) => {
    const stepped: string[] = [];
    const errors: string[] = [];
    const replaying = createReplaying({
      findOpen: async (afterId, replaysMax) => replays.filter(({ id }) => afterId === null || id > afterId).slice(0, replaysMax),
      open: async ({ id }) => {
        stepped.push(id);
        if (failing.includes(id)) throw new Error(id);
        return moves.includes(id);
      },
      sweep: async ({ id }, rowsMax) => {
        stepped.push(`sweep ${id}`);
        return moves.includes(id) ? rowsMax : 3;
      },
      onError: (_, id) => errors.push(id),
    });
    return { replaying, stepped, errors };
  };
  const ids = (count: number) => Array.from({ length: count }, (_, index) => String(1_000 + index));

  it('steps each replay once, sweeps the cancelled ones, and says whether any of them has more', async () => {
    const replays = [openReplay('a'), openReplay('b', 'cancelled'), openReplay('c')];
    const calm = open(replays);
    expect(await calm.replaying.step()).toBe(false);
    expect(calm.stepped).toEqual(['a', 'sweep b', 'c']);
    for (const busy of ['a', 'b', 'c']) expect(await open(replays, [busy]).replaying.step()).toBe(true);
  });

  it('goes on after the twentieth, so that twenty which wait hold nobody up', async () => {
    const all = ids(replaysPerRoundMax + 3);
    const { replaying, stepped } = open(all.map((id) => openReplay(id)));
    await replaying.step();
    expect(stepped).toEqual(all.slice(0, replaysPerRoundMax));
    await replaying.step();
    expect(stepped).toEqual(all);
    await replaying.step();
    expect(stepped.slice(all.length)).toEqual(all.slice(0, replaysPerRoundMax));
  });

  it('leaves one that fails for the next round', async () => {
    const { replaying, stepped, errors } = open([openReplay('a'), openReplay('b')], ['b'], ['a']);
    expect(await replaying.step()).toBe(true);
    expect(await replaying.step()).toBe(true);
    expect([stepped, errors]).toEqual([
      ['a', 'b', 'a', 'b'],
      ['a', 'a'],
    ]);
  });
});

describe('on Postgres', () => {
  const deliveriesCount = 2_500;
  const [environmentId, tenantId, webhookId] = [randomUUID(), randomUUID(), randomUUID()];
  let drop: () => Promise<void>;
  let pool: HotPool;
  beforeAll(async () => {
    const database = await createTestDatabase();
    pool = createHotPool({ url: database.url, max: 6, applicationName: 'test', onError: () => undefined });
    drop = async () => {
      await pool.end();
      await database.drop();
    };
    await pool.query(`insert into environments (id, name, mode) values ($1, 'test', 'test')`, [environmentId]);
    await pool.query(`insert into tenants (id, environment_id, key) values ($1, $2, 'acme')`, [tenantId, environmentId]);
    const place = [webhookId, environmentId, tenantId];
    await pool.query(`insert into webhooks (id, environment_id, tenant_id, url) values ($1, $2, $3, 'http://127.0.0.1:9/')`, place);
    await pool.query('insert into webhook_state (webhook_id, environment_id, tenant_id) values ($1, $2, $3)', place);
    await pool.query(
      `with made as (
         insert into events (id, environment_id, tenant_id, event_type, event_time, data, dispatch_id)
         select new_uuidv7(), $2, $3, 'order.placed', now(), '{}', gen_random_uuid() from generate_series(1, $4) returning id
       ), delivered as (
         insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status) select $2, $3, id, $1, 2 from made
       )
       insert into webhook_stats (environment_id, tenant_id, webhook_id, span, at, event_type, slot, created, failed)
       values ($2, $3, $1, 0, date_trunc('minute', now()), 'order.placed', 0, $4, $4)`,
      [...place, deliveriesCount],
    );
  });
  afterAll(() => drop());

  /** A process that dies: its pool loses the answer of every third statement, which was carried out all the same. */
  const losing = (): HotPool => {
    let count = 0;
    const query = async (wanted: unknown): Promise<unknown> => {
      const result = await pool.query(wanted as never);
      count += 1;
      if (count % 3 === 0) throw new Error('the connection is gone');
      return result;
    };
    return { query } as unknown as HotPool;
  };
  const row = async (text: string, values: readonly unknown[]) => (await pool.query(text, [...values])).rows[0];

  it('a replay is carried through by schedulers that step at once and die, and everything is opened once', async () => {
    const id = randomUUID();
    await pool.query(
      `insert into replays (id, environment_id, tenant_id, filter, mode, status, created_at)
       values ($1, $2, $3, $4, 'original', 'running', now() + interval '1 second')`,
      [id, environmentId, tenantId, JSON.stringify({ webhook_id: webhookId, status: ['failed'] })],
    );
    const isRunning = async () => (await row('select status from replays where id = $1', [id])).status === 'running';
    let most = 0;
    const scheduler = async (slot: number): Promise<void> => {
      while (await isRunning()) {
        const begin: Replaying = createReplayingOn(losing(), slot, () => undefined);
        for (let rounds = 0; rounds < 3; rounds++) await begin.step().catch(() => undefined);
        most = Math.max(most, (await row('select count(*)::int as n from deliveries where replay_id = $1 and status = 0', [id])).n);
        // They are delivered, so that there is room for more.
        await pool.query(
          `with done as (
             update deliveries set status = 1, due_at = null where (event_id, webhook_id) in
               (select event_id, webhook_id from deliveries where replay_id = $1 and status = 0 for update skip locked) returning 1
           )
           insert into webhook_stats as s (environment_id, tenant_id, webhook_id, span, at, event_type, slot, succeeded)
           select $2, $3, $4, 0, date_trunc('minute', now()), 'order.placed', $5, count(*) from done having count(*) > 0
           on conflict (webhook_id, span, at, event_type, slot) do update set succeeded = s.succeeded + excluded.succeeded`,
          [id, environmentId, tenantId, webhookId, 8 + slot],
        );
      }
    };
    await Promise.all([scheduler(0), scheduler(1)]);
    expect(most).toBeLessThanOrEqual(1_000);
    expect(await row('select opened, already_waiting, refused from replays where id = $1', [id])).toEqual({
      opened: deliveriesCount,
      already_waiting: 0,
      refused: 0,
    });
    const counted = await row(
      'select sum(created)::int as created, sum(failed)::int as failed, sum(failed_again)::int as again, sum(succeeded)::int as succeeded from webhook_stats where webhook_id = $1',
      [webhookId],
    );
    const waiting = (await row('select count(*)::int as n from deliveries where status = 0', [])).n;
    expect(counted).toEqual({
      created: deliveriesCount,
      failed: deliveriesCount,
      again: deliveriesCount,
      succeeded: deliveriesCount - waiting,
    });
  });
});
