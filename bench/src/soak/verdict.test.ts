import { describe, expect, it } from '@jest/globals';
import { planSoak } from './plan.js';
import { describeMisses, renderSoak } from './report.js';
import { compare, isWithin, type SoakPoint } from './verdict.js';

interface Changes {
  readonly residentMb?: readonly number[];
  readonly heapMb?: readonly number[];
  readonly descriptors?: number;
  readonly sockets?: number;
  readonly connections?: number;
  readonly redisMb?: number;
  readonly keys?: number;
  readonly tables?: SoakPoint['tables'];
}

const point = (changes: Changes = {}): SoakPoint => {
  const {
    residentMb = [100],
    heapMb = [40],
    descriptors = 100,
    sockets = 80,
    connections = 20,
    redisMb = 2,
    keys = 30,
    tables = [],
  } = changes;
  const samples = residentMb.map((each, index) => ({ residentMb: each, heapMb: heapMb[index] ?? 40, descriptors: 900, sockets: 900 }));
  const resting = new Map([['api', { residentMb: 500, heapMb: 500, descriptors, sockets }]]);
  return { processes: new Map([['api', samples]]), resting, connections, redis: { memoryMb: redisMb, keys }, tables };
};

const missed = (before: Changes, after: Changes): readonly string[] =>
  compare(point(before), point(after))
    .filter((figure) => !isWithin(figure))
    .map(({ name }) => name);

describe('the verdict of a soak', () => {
  it('is content with what stays where it was, or moves within its tolerance', () => {
    expect(missed({}, {})).toEqual([]);
    expect(missed({}, { residentMb: [140], heapMb: [58], sockets: 98, connections: 24, redisMb: 3.2, keys: 40 })).toEqual([]);
  });

  it.each<[Changes, string]>([
    [{ residentMb: [140.1] }, 'api: resident memory, MB'],
    [{ heapMb: [58.1] }, 'api: heap, least of the samples, MB'],
    [{ descriptors: 121 }, 'api: file descriptors'],
    [{ sockets: 99 }, 'api: sockets'],
    [{ connections: 25 }, 'Postgres: connections'],
    [{ redisMb: 3.21 }, 'Redis: memory, MB'],
    [{ keys: 41 }, 'Redis: keys'],
  ])('misses %j', (after, name) => {
    expect(missed({}, after)).toEqual([name]);
  });

  it('takes the middle of resident memory, and of the heap the least', () => {
    expect(missed({}, { residentMb: [100, 900, 110], heapMb: [400, 300, 41] })).toEqual([]);
  });

  it('judges a table that keeps what is stored by its rows, and any other as it is', () => {
    const of = (name: string, rows: number, mb: number) => ({ tables: [{ name, rows, bytes: mb * 1e6 }] });
    expect(missed(of('events', 1_000, 1), of('events', 100_000, 112))).toEqual([]);
    expect(missed(of('events', 1_000, 1), of('events', 100_000, 112.1))).toEqual(['events, MB']);
    expect(missed(of('dispatches', 0, 8), of('dispatches', 0, 12))).toEqual([]);
    expect(missed(of('dispatches', 1_000, 8), of('dispatches', 100_000, 12.1))).toEqual(['dispatches, MB']);
    expect(missed(of('events', 0, 0.1), of('events', 100, 3))).toEqual(['events, MB']);
  });

  it('does not compare what is not there twice', () => {
    const table = { name: 'events', rows: 1, bytes: 1 };
    expect(() => compare(point(), point({ tables: [table] }))).toThrow('no table events');
    expect(() => compare(point(), { ...point(), processes: new Map() })).toThrow('no samples of api');
  });
});

describe('the words of a soak', () => {
  const tables = (events: number, leases: number) => [
    { name: 'events', rows: events, bytes: events * 1_000 },
    { name: 'leases', rows: 1, bytes: leases },
  ];
  const figures = compare(point({ tables: tables(1_000, 16_384) }), point({ keys: 99, tables: tables(20_000, 16_384) }));

  it('has a row for each figure, but one line for all small tables', () => {
    const text = renderSoak(planSoak(15, false), { topPerS: 2_000.4, ratePerS: 1_000.2, deliveries: 900_000, figures });
    expect(text).toContain('| Redis: keys | 30 | 99 | 40 (+ 10) | **missed** |');
    expect(text).toContain('| events, MB | 1 (1,000 rows) | 20 (20,000 rows) | 24 (per row + 10 % + 2) | met |');
    expect(text).not.toContain('leases');
    expect(text).toContain('1 more tables stayed below 2 MB.');
    expect(text).not.toContain('Too short');
  });

  it('names what went beyond', () => {
    expect(describeMisses(figures)).toEqual(['Redis: keys: 30 after the warm-up, 99 after the soak, at most 40']);
  });
});
