import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDeliveries, addEvent, countsAndRecount } from '../tests/events.js';
import { createWorld, sent, type World } from '../tests/world.js';
import { eraseEvent } from './erasing.js';
import { writeFlush } from './flush.js';

const slot = 4;
let world: World;
beforeAll(async () => {
  world = await createWorld(4);
});
afterAll(() => world.drop());

const reach = () => ({ environmentId: world.environmentId, tenantId: world.tenantId });
const content = async (eventId: string) => ({
  event: await world.row(
    `select data, current_context, resources, source_id, event_type, erased_at is not null as erased from events where id = $1`,
    [eventId],
  ),
  attempts: await world.rows(
    'select n, ok, request_headers, response_headers, response_body from attempts where event_id = $1 order by n',
    [eventId],
  ),
  deliveries: await world.rows('select status, reason, out, due_at from deliveries where event_id = $1 order by status', [eventId]),
});
const expectCountsToHold = async (webhookIds: readonly string[]) => {
  const { counted, recounted } = await countsAndRecount(world, webhookIds);
  expect(counted).toEqual(recounted);
};

describe('erasing an event', () => {
  it('takes its content away, cancels what waits, keeps what was counted, and does so any number of times', async () => {
    const [done, waits, out] = [await world.webhook(), await world.webhook(), await world.webhook()];
    const eventId = await addEvent(world, { context: '{"a":1}' });
    await world.rows(`update events set source_id = 'kept' where id = $1`, [eventId]);
    await addDeliveries(world, done, [eventId], 'succeeded');
    await addDeliveries(world, waits, [eventId], 'waiting');
    await addDeliveries(world, out, [eventId], 'waiting', { out: true, sent: null, dueInMs: 20_000 });
    const cancelled = { status: 4, reason: 19, out: false, due_at: null };
    const empty = { request_headers: '', response_headers: null, response_body: null };
    const erased = {
      event: { data: 'null', current_context: null, resources: null, source_id: 'kept', event_type: 'order.placed', erased: true },
      deliveries: [{ status: 1, reason: null, out: false, due_at: null }, cancelled, cancelled],
    };
    for (let times = 0; times < 2; times++) {
      expect(await eraseEvent(world.pool, reach(), eventId, slot)).toBe(true);
      const attempts = [
        { n: 1, ok: false, ...empty },
        { n: 1, ok: true, ...empty },
      ];
      const { attempts: found, ...rest } = await content(eventId);
      expect(rest).toEqual(erased);
      expect(found).toHaveLength(2);
      expect(found).toEqual(expect.arrayContaining(attempts));
    }
    const late = { ...world.record(out, { eventId, sent: sent() }), isNew: false };
    await writeFlush(world.pool, { records: [late], reports: [], finished: [] }, { slot, cooldownS: 1, cooldownMaxS: 1, chunkMax: 1 });
    await eraseEvent(world.pool, reach(), eventId, slot);
    const { attempts, ...rest } = await content(eventId);
    expect(rest).toEqual(erased);
    expect(attempts).toHaveLength(3);
    for (const attempt of attempts) expect(attempt).toMatchObject(empty);
    await expectCountsToHold([done, waits, out]);
  });

  it('of another tenant or environment does nothing', async () => {
    const webhookId = await world.webhook();
    const eventId = await addEvent(world);
    await addDeliveries(world, webhookId, [eventId], 'waiting');
    const before = await content(eventId);
    for (const elsewhere of [
      { ...reach(), tenantId: randomUUID() },
      { environmentId: randomUUID(), tenantId: null },
    ])
      expect(await eraseEvent(world.pool, elsewhere, eventId, slot)).toBe(false);
    expect(await content(eventId)).toEqual(before);
    expect(await eraseEvent(world.pool, { ...reach(), tenantId: null }, eventId, slot)).toBe(true);
  });
});
