// What our own stop cut off: an attempt that is kept and counted, and a failure of nobody.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { attemptKindCodes, errorKindCodes, storedStatusCodes } from '@posthorn/core';
import { createWorld, failed, flushLimits, parked, sent, type World } from '../tests/world.js';
import { leaseChunks, loadChunks } from './due-deliveries.js';
import { type DeliveryRecord, writeFlush } from './flush.js';
import { readLongestTimeoutMs } from './longest-timeout.js';

let world: World;
beforeAll(async () => {
  world = await createWorld(4);
});
afterAll(() => world.drop());

const round = { webhooksMax: 200, chunkMax: 500, deliveriesMax: 1_000 };
const flush = (records: readonly DeliveryRecord[], reportedOf: readonly string[] = []) =>
  world.reportsOf(reportedOf).then((reports) => writeFlush(world.pool, { records, reports, finished: [] }, flushLimits));
const cut = (kind: number): Partial<DeliveryRecord> => ({
  status: storedStatusCodes.waiting,
  dueInMs: 0,
  sent: sent({ ok: false, counts: false, kind, statusCode: null, errorKind: errorKindCodes.cut_off, error: 'cut', responseBody: null }),
});
const stateOf = (webhookId: string) =>
  world.row('select circuit, circuit_failure_count, failing_since from webhook_state where webhook_id = $1', [webhookId]);
const failuresOf = async (record: DeliveryRecord) =>
  (await world.row<{ failures: number }>('select failures from deliveries where event_id = $1', [record.eventId])).failures;

it('uses up nothing of the schedule, and is made again at once as a retry', async () => {
  const webhookId = await world.webhook();
  const first = world.record(webhookId, parked());
  await flush([first]);
  await flush([{ ...first, ...cut(attemptKindCodes.first), isNew: false, out: false }]);
  const alone = world.record(webhookId, cut(attemptKindCodes.first));
  await flush([alone]);
  expect([await failuresOf(first), await failuresOf(alone)]).toEqual([0, 0]);
  expect(await stateOf(webhookId)).toEqual({ circuit: 0, circuit_failure_count: 0, failing_since: null });

  await world.rows(`update webhook_state set due_at = now() - interval '1 s', not_before = '-infinity', chunk = 10 where webhook_id = $1`, [
    webhookId,
  ]);
  await world.rows(
    `insert into events (id, environment_id, tenant_id, event_type, data, event_time, accepted_at, dispatch_id)
                    select event_id, environment_id, tenant_id, 'a', '1', now(), now(), event_id from deliveries where webhook_id = $1`,
    [webhookId],
  );
  const chunks = await leaseChunks(world.pool, round);
  const loaded = await loadChunks(world.pool, chunks);
  expect(loaded.map(({ attempt, failures, isTried }) => ({ attempt, failures, isTried }))).toEqual([
    { attempt: 2, failures: 0, isTried: true },
    { attempt: 2, failures: 0, isTried: true },
  ]);
  // A failure of the endpoint counts as before.
  const next: DeliveryRecord = { ...first, ...failed(), isNew: false, attempt: 2, out: false };
  await flush([next], [webhookId]);
  expect(await failuresOf(first)).toBe(1);
});

it('leaves a circuit half open whose probe it was, and the next delivery is the probe', async () => {
  const webhookId = await world.webhook({
    circuit: '1',
    circuit_failure_count: '10',
    circuit_retry_at: 'now()',
    due_at: `now() - interval '1 s'`,
  });
  const held = world.record(webhookId, { status: storedStatusCodes.waiting, dueInMs: 0, sent: null, attempt: 0 });
  await flush([held]);
  await world.rows(`update webhook_state set not_before = '-infinity' where webhook_id = $1`, [webhookId]);
  const lease = async () => (await leaseChunks(world.pool, round)).filter((chunk) => chunk.webhookId === webhookId);
  const [probe] = await lease();
  expect(probe).toMatchObject({ probe: true, deliveries: [{ eventId: held.eventId, attempt: 1 }] });
  await flush([{ ...held, ...cut(attemptKindCodes.probe), isNew: false, attempt: 1, epoch: probe?.epoch ?? 0 }], [webhookId]);
  expect(await stateOf(webhookId)).toMatchObject({ circuit: 2, circuit_failure_count: 10 });
  const [again] = await lease();
  expect(again).toMatchObject({ probe: true, deliveries: [{ eventId: held.eventId, attempt: 2 }] });
});

it('knows the longest timeout of the webhooks that there are', async () => {
  await world.rows('update webhook_state set deleted_at = now()');
  expect(await readLongestTimeoutMs(world.pool)).toBe(0);
  await world.webhook({ chunk_lease_s: '35' });
  await world.webhook({ chunk_lease_s: '50' });
  expect(await readLongestTimeoutMs(world.pool)).toBe(30_000);
});
