import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidv7 } from '@posthorn/core';
import fc from 'fast-check';
import { createWorld, type World } from '../tests/world.js';

let world: World;
const dayMs = 86_400_000;
const day = Date.UTC(2031, 2, 30);

beforeAll(async () => {
  world = await createWorld(4);
});

afterAll(() => world.drop());

const make = async (first: string, last: string): Promise<number> =>
  (await world.row<{ made: number }>('select make_partitions($1::date, $2::date) as made', [first, last])).made;

const partitionsLike = async (suffix: string): Promise<readonly string[]> =>
  (
    await world.rows<{ name: string }>(`select inhrelid::regclass::text as name from pg_inherits where inhrelid::regclass::text ~ $1`, [
      suffix,
    ])
  )
    .map((row) => row.name)
    .sort();

describe('make_partitions', () => {
  it('makes a day of every table, and of the keys the week before too, once', async () => {
    expect(await make('2031-03-30', '2031-03-31')).toBe(3 * 2 + 9);
    expect(await partitionsLike('_203103(29|30|31)$')).toEqual([
      'attempts_20310330',
      'attempts_20310331',
      'deliveries_20310330',
      'deliveries_20310331',
      'events_20310330',
      'events_20310331',
      'idempotency_keys_20310329',
      'idempotency_keys_20310330',
      'idempotency_keys_20310331',
    ]);
    expect(await make('2031-03-30', '2031-03-31')).toBe(0);
  });

  it('makes a day once, also where several make it at the same time', async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => make('2032-05-01', '2032-05-04')));
    expect(made.toSorted()).toEqual([0, 0, 0, 3 * 4 + 11]);
  });

  it('makes days of UTC whatever the session’s time zone, also where a local day begins late or twice', async () => {
    const bounds = `select pg_get_expr(relpartbound, oid) as bound from pg_class where relname ~ '_2035(03|10)\\d\\d$' order by relname`;
    const inZone = (zone: string) =>
      world.transaction(async (connection) => {
        await connection.query(`set local timezone = '${zone}'`);
        await connection.query(`select make_partitions('2035-03-23', '2035-03-26'), make_partitions('2035-10-25', '2035-10-29')`);
        await connection.query(`set local timezone = 'UTC'`);
        const { rows } = await connection.query(bounds);
        await connection.query('savepoint done');
        const names = await connection.query(`select relname from pg_class where relname ~ '_2035(03|10)\\d\\d$' and relkind = 'r'`);
        for (const { relname } of names.rows) await connection.query(`drop table ${relname}`);
        return rows;
      });
    const utc = await inZone('UTC');
    expect(utc.length).toBeGreaterThan(0);
    expect(await inZone('Europe/Berlin')).toEqual(utc);
    expect(await inZone('Asia/Beirut')).toEqual(utc);
    expect(await inZone('Pacific/Auckland')).toEqual(utc);
  });

  it('gives a partition the primary key, the indexes and the storage of its parent', async () => {
    const { own, inherited } = await world.row<{ own: number; inherited: number }>(
      `select (select count(*)::int from pg_index where indrelid = 'deliveries'::regclass) as own,
              (select count(*)::int from pg_inherits i join pg_index x on x.indexrelid = i.inhrelid
                where x.indrelid = 'deliveries_20310330'::regclass) as inherited`,
    );
    expect(own).toBeGreaterThan(5);
    expect(inherited).toBe(own);
    const { storage } = await world.row<{ storage: string }>(
      `select attstorage as storage from pg_attribute where attrelid = 'events_20310330'::regclass and attname = 'data'`,
    );
    expect(storage).toBe('e');
  });
});

describe('the day of a UUIDv7', () => {
  const partitionOf = async (id: string): Promise<string> =>
    (
      await world.row<{ name: string }>(
        `insert into deliveries (environment_id, tenant_id, event_id, webhook_id, status)
         values ($1, $2, $3, gen_random_uuid(), 1) returning tableoid::regclass::text as name`,
        [world.environmentId, world.tenantId, id],
      )
    ).name;

  it('is the partition that holds it, from the first id of the day to the last', async () => {
    const lowest = new Uint8Array(10);
    const highest = new Uint8Array(10).fill(255);
    expect(await partitionOf(uuidv7(day, lowest))).toBe('deliveries_20310330');
    expect(await partitionOf(uuidv7(day, highest))).toBe('deliveries_20310330');
    expect(await partitionOf(uuidv7(day + dayMs - 1, highest))).toBe('deliveries_20310330');
    expect(await partitionOf(uuidv7(day + dayMs, lowest))).toBe('deliveries_20310331');
    await expect(partitionOf(uuidv7(day - 1, highest))).rejects.toThrow('no partition of relation');
  });

  it('holds for any id, and the time comes back out of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 2 * dayMs - 1 }), fc.uint8Array({ minLength: 10, maxLength: 10 }), async (offsetMs, random) => {
        const id = uuidv7(day + offsetMs, random);
        expect(await partitionOf(id)).toBe(offsetMs < dayMs ? 'deliveries_20310330' : 'deliveries_20310331');
        const { ms } = await world.row<{ ms: number }>('select extract(epoch from uuidv7_time($1))::float8 * 1000 as ms', [id]);
        expect(Math.round(ms)).toBe(day + offsetMs);
      }),
      { numRuns: 40 },
    );
  });
});
