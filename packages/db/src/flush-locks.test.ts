import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { storedStatusCodes } from '@posthorn/core';
import { eventually } from '@posthorn/testkit';
import { createWorld, flushLimits, parked, sent, type World } from '../tests/world.js';
import { type DeliveryRecord, writeFlush } from './flush.js';

let world: World;
beforeAll(async () => {
  world = await createWorld(6);
});
afterAll(() => world.drop());

// A statement that had to wait for a row looks at it anew, and Postgres 18 then loses rows of partitioned tables in some forms of UPDATE.
it.each([
  ['looked at the row and left it as it was', 'select from deliveries where event_id = $1 for update'],
  ['changed of the row what is not its business', 'update deliveries set lane = 1 where event_id = $1'],
])('takes its result although it had to wait for somebody who %s', async (_, statement) => {
  const record = world.record(await world.webhook(), parked());
  const flush = (one: DeliveryRecord) => writeFlush(world.pool, { records: [one], reports: [], finished: [] }, flushLimits);
  await flush(record);
  let flushing: Promise<unknown> = Promise.resolve();
  await world.transaction(async (connection) => {
    await connection.query(statement, [record.eventId]);
    flushing = flush({ ...record, isNew: false, out: false, status: storedStatusCodes.succeeded, dueInMs: null, sent: sent() });
    await eventually(async () => (await world.rows('select from pg_locks where not granted')).length > 0);
  });
  await flushing;
  const delivery = await world.row('select status, out from deliveries where event_id = $1', [record.eventId]);
  expect(delivery).toEqual({ status: storedStatusCodes.succeeded, out: false });
});
