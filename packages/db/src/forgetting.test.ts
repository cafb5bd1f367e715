import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDeliveries, addEvent } from '../tests/events.js';
import { lifetimes } from '../tests/retention.js';
import { createWorld, type World } from '../tests/world.js';
import { forgetHistory, historyDays } from './forgetting.js';
import { expireStatistics, settleStatistics } from './settling.js';

let world: World;
beforeAll(async () => {
  world = await createWorld(2);
});
afterAll(() => world.drop());

const forgetAll = async (retentionDays = 30): Promise<void> => {
  while ((await forgetHistory(world.pool, retentionDays, 2)) === 2);
};

describe('history', () => {
  it('of a webhook goes after its time, but for how it stood then', async () => {
    const webhookId = await world.webhook();
    const happened = (kind: string, days: number) =>
      world.rows(
        `insert into webhook_timeline (environment_id, tenant_id, webhook_id, at, kind) values ($1, $2, $3, now() - make_interval(hours => 24 * $5), $4)`,
        [world.environmentId, world.tenantId, webhookId, kind, days],
      );
    const { timeline } = historyDays;
    for (const days of [5, 4, 3, 2, 1]) await happened('circuit_opened', timeline + days);
    for (const days of [3, 2]) await happened('circuit_closed', timeline + days);
    await happened('paused', timeline + 1);
    for (const days of [1, 2]) await happened('circuit_opened', timeline - days);
    const left = async () =>
      (
        await world.rows<{ entry: string }>(
          `select kind || ' ' || round(extract(epoch from now() - at) / 86400 - $2) as entry from webhook_timeline where webhook_id = $1 order by at`,
          [webhookId, timeline],
        )
      ).map(({ entry }) => entry);
    await forgetAll(timeline + 3);
    expect(await left()).toHaveLength(8);
    await forgetAll();
    expect(await left()).toEqual(['circuit_closed 2', 'circuit_opened 1', 'paused 1', 'circuit_opened -1', 'circuit_opened -2']);
    expect(await forgetHistory(world.pool, 30, 2)).toBe(0);
  });

  it('of people’s doings and of replays goes after its time, but for replays that still run', async () => {
    const { audit, replays } = historyDays;
    const ago = (days: number) => `now() - make_interval(hours => 24 * ${days})`;
    for (const days of [audit + 3, audit + 2, audit + 1, audit - 1])
      await world.rows(
        `insert into audit_log (id, environment_id, at, actor, action, subject_kind) values (new_uuidv7(), $1, ${ago(days)}, 'admin', 'a.b', 'a')`,
        [world.environmentId],
      );
    for (const [days, ended] of [
      [replays + 2, true],
      [replays + 1, false],
      [replays - 1, true],
    ] as const)
      await world.rows(
        `insert into replays (id, environment_id, filter, mode, status, created_at, ended_at)
         values (uuidv7_floor(${ago(days)}), $1, '{}', 'original', $2, ${ago(days)}, $3)`,
        [world.environmentId, ended ? 'done' : 'running', ended ? new Date() : null],
      );
    await forgetAll();
    expect(await world.rows('select 1 from audit_log')).toHaveLength(1);
    expect((await world.rows<{ status: string }>('select status from replays order by id')).map(({ status }) => status)).toEqual([
      'running',
      'done',
    ]);
  });

  it('of statistics goes after its time, and lifetimes stay', async () => {
    const webhookId = await world.webhook();
    await addDeliveries(world, webhookId, [await addEvent(world), await addEvent(world)], 'succeeded');
    await world.rows(`update webhook_stats set at = date_trunc('minute', now() - make_interval(hours => 24 * $1)) where webhook_id = $2`, [
      historyDays.statistics + 1,
      webhookId,
    ]);
    while ((await settleStatistics(world.pool, 10)) > 0);
    const before = await lifetimes(world);
    expect(before).toMatchObject({ created: 2, succeeded: 2, attempts: 2 });
    while ((await expireStatistics(world.pool, 1)) > 0);
    expect(await world.rows('select 1 from webhook_stats union all select 1 from tenant_stats')).toEqual([]);
    expect(await lifetimes(world)).toEqual(before);
  });
});

it('has a bound for every table that grows by itself, named in docs/retention.md', async () => {
  const tables = await world.rows<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
        and relname !~ '^kysely' order by 1`,
  );
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(new URL('../../../docs/retention.md', import.meta.url), 'utf8');
  const named = [...text.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(([, names]) => names!.match(/\w+/g) ?? []).sort();
  expect(named).toEqual(tables.map(({ name }) => name));
});
