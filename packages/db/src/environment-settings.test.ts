import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import { configuration } from '../tests/configuration.js';
import { createWorld, type World } from '../tests/world.js';
import { applyEnvironmentSettings } from './environment-settings.js';
import { changeEnvironment } from './environments.js';
import { createDatabase, type Database } from './pools.js';
import { insertWebhooks } from './webhooks.js';

let world: World;
let db: Database;
beforeAll(async () => {
  world = await createWorld(4);
  db = createDatabase({ url: world.url, max: 8, applicationName: 'test', onError: () => undefined });
});
afterAll(async () => {
  await db.destroy();
  await world.drop();
});

const change = async (timeoutMs: number): Promise<void> => {
  await changeEnvironment(db, world.environmentId, (current) => ({
    name: current.name,
    settings: { timeout_ms: timeoutMs },
    entry: {
      environmentId: world.environmentId,
      tenantId: null,
      actorKeyId: randomUUID(),
      actor: 'admin',
      action: 'environment.changed',
      subjectKind: 'environment',
      subjectId: world.environmentId,
    },
  }));
  await applyEnvironmentSettings(db, world.environmentId);
};
const leases = async () =>
  (await world.rows('select distinct chunk_lease_s from webhook_state where environment_id = $1 order by 1', [world.environmentId])).map(
    (row) => row.chunk_lease_s,
  );

describe('applying the settings of an environment', () => {
  it('reaches every webhook and every tenant, in steps of a thousand', async () => {
    await world.rows(
      `insert into tenants (id, environment_id, key) select gen_random_uuid(), $1, 't' || n from generate_series(1, 2500) n`,
      [world.environmentId],
    );
    await world.rows(
      `with made as (insert into webhooks (id, environment_id, tenant_id, url) select gen_random_uuid(), $1, $2, 'http://x/' from generate_series(1, 2500) returning *)
       insert into webhook_state (webhook_id, environment_id, tenant_id) select id, environment_id, tenant_id from made`,
      [world.environmentId, world.tenantId],
    );
    await change(5_000);
    expect(await leases()).toEqual([25]);
    const versions = await world.rows('select distinct webhooks_version from tenants where environment_id = $1', [world.environmentId]);
    expect(versions).toEqual([{ webhooks_version: 2 }]);
  });

  it('misses no webhook that is made or changed at the same time, and of two changes the later one holds', async () => {
    for (let round = 0; round < 6; round++) {
      const [early, late] = [1_000 + 2_000 * round, 2_000 + 2_000 * round];
      const insert = () =>
        insertWebhooks(
          db,
          [
            {
              id: randomUUID(),
              environmentId: world.environmentId,
              tenantId: world.tenantId,
              configuration,
              secrets: [],
              isActive: true,
            },
          ],
          { keyId: randomUUID(), name: 'admin' },
        );
      await Promise.all([insert(), change(early), insert(), change(late), insert(), insert()]);
      const { timeout } = await world.row<{ timeout: number }>(
        `select (settings ->> 'timeout_ms')::int as timeout from environments where id = $1`,
        [world.environmentId],
      );
      expect(await leases()).toEqual([timeout / 1000 + 20]);
    }
  });

  it('leaves a value alone that a webhook gets at the same time', async () => {
    const webhookId = await world.webhook();
    const holder = await world.pool.connect();
    await holder.query('begin');
    await holder.query('select 1 from webhooks where id = $1 for no key update', [webhookId]);
    const changing = change(20_000);
    await eventually(
      async () =>
        (await world.rows(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)).length > 0,
    );
    await holder.query('update webhooks set timeout_ms = 3000 where id = $1', [webhookId]);
    await holder.query('update webhook_state set chunk_lease_s = 23 where webhook_id = $1', [webhookId]);
    await holder.query('commit');
    holder.release();
    await changing;
    const state = await world.row('select chunk_lease_s from webhook_state where webhook_id = $1', [webhookId]);
    expect(state).toEqual({ chunk_lease_s: 23 });
  });
});
