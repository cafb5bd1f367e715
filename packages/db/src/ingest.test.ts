import { createHash, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld, newEventId, type World } from '../tests/world.js';
import { findKeptEvents, insertEvents, type NewEvent, type PreparedEvent } from './ingest.js';

let world: World;
const leaseMs = 30_000;
const hours = 24;

beforeAll(async () => {
  world = await createWorld(6);
});

afterEach(() => world.rows('truncate events, dispatches, idempotency_keys'));

afterAll(() => world.drop());

const hashOf = (text: string) => createHash('sha256').update(text).digest();

const event = (changes: Partial<PreparedEvent> = {}, dispatchId: string = randomUUID(), shard = 0): NewEvent => ({
  event: {
    environmentId: world.environmentId,
    tenantId: world.tenantId,
    eventType: 'order.placed',
    sourceId: null,
    eventTimeMs: null,
    projectFlows: [],
    data: '{}',
    currentContext: null,
    resources: null,
    bodyHash: null,
    key: null,
    ...changes,
  },
  id: newEventId(),
  dispatchId,
  shard,
});
const keyed = (key: string, changes: Partial<PreparedEvent> = {}, dispatchId?: string) =>
  event({ key, sourceId: key, bodyHash: hashOf(key), ...changes }, dispatchId);

const insert = (events: readonly NewEvent[], idempotencyHours = hours) => insertEvents(world.pool, events, leaseMs, idempotencyHours);
const count = async (table: string) => (await world.row<{ count: number }>(`select count(*)::int as count from ${table}`)).count;
const kept = async (key: string, idempotencyHours = hours) =>
  (await findKeptEvents(world.pool, [{ tenantId: world.tenantId, key }], idempotencyHours)).get(`${world.tenantId}/${key}`);

describe('insertEvents', () => {
  it.each([false, true])('keeps the traces of those that have one (with keys: %p)', async (withKeys) => {
    const make = withKeys
      ? (changes: Partial<PreparedEvent>) => keyed(randomUUID(), changes)
      : (changes: Partial<PreparedEvent>) => event(changes);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const events = [make({}), make({ traceparent }), make({})];
    await insert(events);
    const [{ id }] = events.slice(1) as [NewEvent];
    const rows = await world.rows<{ id: string }>('select id, traceparent from events where traceparent is not null');
    expect(rows).toEqual([{ id, traceparent }]);
    expect(await count('events')).toBe(3);
  });

  it.each([false, true])('stores events as they came and their dispatches (with keys: %p)', async (withKeys) => {
    const data = '{"n":12345678901234567890,"f":1.0,"a":2,"a":3,"s":"\\u0000\\ud800 \\\\ \\" é\u{1F4EF}"}';
    const flows = ['a', 'b,"c"', 'NULL', '', '{}\\'];
    const dispatchId = randomUUID();
    const full = {
      data,
      currentContext: data,
      resources: '[1.0]',
      projectFlows: flows,
      eventTimeMs: 1_700_000_000_123,
      sourceId: 'source "1"',
    };
    const key = withKeys ? { key: 'k "1", \\', bodyHash: hashOf('x') } : {};
    const events = [event({ ...full, ...key }, dispatchId, 5), event({}, dispatchId, 5), event({}, randomUUID(), 6)];
    const stored = await insert(events);
    const ids = events.map((each) => each.id);
    expect(new Map(stored.map((each) => [each.id, [each.shard, [...each.eventIds].sort()]]))).toEqual(
      new Map([
        [dispatchId, [5, [ids[0]!, ids[1]!].sort()]],
        [events[2]!.dispatchId, [6, [ids[2]!]]],
      ]),
    );
    const row = await world.row('select * from events where id = $1', [ids[0]]);
    expect(row).toMatchObject({ data, current_context: data, resources: '[1.0]', project_flows: flows, source_id: 'source "1"' });
    expect(row).toMatchObject({ event_type: 'order.placed', dispatch_id: dispatchId, event_time: new Date(1_700_000_000_123) });
    const bare = await world.row<{ project_flows: null; event_time: Date; accepted_at: Date }>('select * from events where id = $1', [
      ids[1],
    ]);
    expect(bare.project_flows).toBeNull();
    const acceptedAfterMs = bare.accepted_at.getTime() - bare.event_time.getTime();
    expect(acceptedAfterMs).toBeGreaterThanOrEqual(0);
    expect(acceptedAfterMs).toBeLessThan(5_000);
    const leases = await world.rows(
      `select claim, (round(extract(epoch from lease_until - now()) / 10) * 10)::int as lease_s, set_aside_at from dispatches`,
    );
    expect(leases).toEqual([
      { claim: 0, lease_s: 30, set_aside_at: null },
      { claim: 0, lease_s: 30, set_aside_at: null },
    ]);
  });

  it('lets an event lose its key to an earlier one, and stores the rest of its batch', async () => {
    const first = keyed('a');
    await insert([first]);
    const dispatchId = randomUUID();
    const others = [keyed('a', { data: '2' }, dispatchId), keyed('b', {}, dispatchId), event({}, dispatchId)];
    const [stored] = await insert(others);
    expect([...stored!.eventIds].sort()).toEqual([others[1]!.id, others[2]!.id].sort());
    expect(await insert([keyed('a'), keyed('b')])).toEqual([]);
    expect(await count('events')).toBe(3);
    expect(await count('dispatches')).toBe(2);
    expect(await kept('a')).toEqual({ eventId: first.id, bodyHash: hashOf('a') });
    expect(await kept('unknown')).toBeUndefined();
  });

  it('keeps the keys of tenants apart', async () => {
    const other = randomUUID();
    await insert([keyed('a')]);
    expect(await insert([keyed('a', { tenantId: other })])).toHaveLength(1);
    const found = await findKeptEvents(
      world.pool,
      [
        { tenantId: other, key: 'a' },
        { tenantId: world.tenantId, key: 'a' },
      ],
      hours,
    );
    expect(found.size).toBe(2);
  });

  it('stores nothing of a batch that fails', async () => {
    const bad = { ...event(), id: '00000000-0000-7000-8000-000000000000' };
    await expect(insert([keyed('a'), bad])).rejects.toThrow('no partition of relation');
    expect([await count('events'), await count('dispatches'), await count('idempotency_keys')]).toEqual([0, 0, 0]);
  });

  it('makes exactly one event of each key out of a storm, without a deadlock', async () => {
    const keys = Array.from({ length: 300 }, (_, i) => `key ${i}`);
    const storm = async (connection: number) => {
      for (let i = 0; i < 12; i++) {
        // Every connection goes through the keys in another order, in batches that overlap.
        const from = (i * 47 + connection * 83) % keys.length;
        const batch = Array.from({ length: 60 }, (_, n) => keys[(from + n * (connection % 2 === 0 ? 1 : 7)) % keys.length]!);
        const dispatchId = randomUUID();
        await insert([...new Set(batch)].map((key) => keyed(key, {}, dispatchId)));
      }
    };
    await Promise.all(Array.from({ length: 6 }, (_, connection) => storm(connection)));
    await insert(keys.map((key) => keyed(key)));
    expect(await count('events')).toBe(keys.length);
    expect(await world.rows('select source_id from events group by 1 having count(*) > 1')).toEqual([]);
    const { carried } = await world.row<{ carried: number }>('select sum(cardinality(event_ids))::int as carried from dispatches');
    expect(carried).toBe(keys.length);
    const found = await findKeptEvents(
      world.pool,
      keys.map((key) => ({ tenantId: world.tenantId, key })),
      hours,
    );
    const ids = new Set((await world.rows<{ id: string }>('select id from events')).map((row) => row.id));
    expect([...found.values()].every((each) => ids.has(each.eventId))).toBe(true);
    expect(found.size).toBe(keys.length);
  });
});

describe('the window of a key', () => {
  /** A key as the statement of an earlier time has left it. */
  const put = (key: string, windowStart: string) =>
    world.rows(
      `insert into idempotency_keys (window_start, tenant_id, key, event_id, body_hash)
       values (${windowStart}, $1, $2, '01900000-0000-7000-8000-000000000000', $3)`,
      [world.tenantId, key, hashOf(key)],
    );
  const window = (back: number, bin = `interval '1 hour'`) => `date_bin(${bin}, now(), 'epoch'::timestamptz) - ${back} * ${bin}`;
  const taken = async (key: string, idempotencyHours = 1) => (await insert([keyed(key)], idempotencyHours)).length === 0;

  it('is this one and the last: a key of an older one is free again', async () => {
    await put('this', window(0));
    await put('last', window(1));
    await put('older', window(2));
    expect([await taken('this'), await taken('last'), await taken('older')]).toEqual([true, true, false]);
    expect(await kept('last', 1)).toMatchObject({ bodyHash: hashOf('last') });
  });

  it('is as long as the configuration says', async () => {
    await world.rows('select make_partitions(current_date - 15, current_date - 9)');
    await put('a', window(1, `interval '168 hours'`));
    expect(await taken('a', 168)).toBe(true);
  });

  it('turns exactly: in its first minute a key is taken in the last one too', async () => {
    // Where a window is a minute long, it is always its first minute.
    const minute = 1 / 60;
    const first = keyed('a');
    await insert([first], minute);
    const rows = await world.rows<{ event_id: string; at: number }>(
      `select event_id, extract(epoch from window_start)::int as at from idempotency_keys order by window_start`,
    );
    expect(rows.map((row) => row.event_id)).toEqual([first.id, first.id]);
    expect(rows[1]!.at - rows[0]!.at).toBe(60);
    // A process that is still in the last window meets the key there, and the other way round.
    await expect(put('a', '(select min(window_start) from idempotency_keys)')).rejects.toThrow('duplicate key');
    await put('b', window(1, `interval '1 minute'`));
    expect(await taken('b', minute)).toBe(true);
    expect(await world.rows(`select from idempotency_keys where key = 'b'`)).toHaveLength(1);
  });
});
