// What there is after a soak, beside what there was after the warm-up, and whether that is within its tolerance.
import { median } from '../percentiles.js';
import type { ProcessSample } from './processes.js';
import type { RedisSize, TableSize } from './stores.js';
import { type FigureKind, keptTables, tolerances } from './tolerances.js';

/** One point of a soak: the samples of its last minute under load by process, and what there is at rest after that. */
export interface SoakPoint {
  readonly processes: ReadonlyMap<string, readonly ProcessSample[]>;
  readonly resting: ReadonlyMap<string, ProcessSample>;
  readonly connections: number;
  readonly redis: RedisSize;
  readonly tables: readonly TableSize[];
}

/** A figure at both points; `most` is what it may be at the second. */
export interface SoakFigure {
  readonly name: string;
  readonly kind: FigureKind;
  readonly before: number;
  readonly after: number;
  readonly most: number;
  /** Of a table. */
  readonly rows?: { readonly before: number; readonly after: number };
}

/** Whether a figure is where it may be. */
export const isWithin = ({ after, most }: SoakFigure): boolean => after <= most;

/** Compares two points. Throws if the second lacks something that the first has. */
export function compare(before: SoakPoint, after: SoakPoint): readonly SoakFigure[] {
  const figures: SoakFigure[] = [];
  for (const [name, earlier] of before.processes) {
    const later = after.processes.get(name);
    const [restedBefore, restedAfter] = [before.resting.get(name), after.resting.get(name)];
    if (later === undefined || restedBefore === undefined || restedAfter === undefined) throw new Error(`no samples of ${name}`);
    figures.push(
      figure(`${name}: resident memory, MB`, 'residentMb', middleResidentMb(earlier), middleResidentMb(later)),
      figure(`${name}: heap, least of the samples, MB`, 'heapMb', leastHeapMb(earlier), leastHeapMb(later)),
      figure(`${name}: file descriptors`, 'descriptors', restedBefore.descriptors, restedAfter.descriptors),
      figure(`${name}: sockets`, 'sockets', restedBefore.sockets, restedAfter.sockets),
    );
  }
  figures.push(
    figure('Postgres: connections', 'connections', before.connections, after.connections),
    figure('Redis: memory, MB', 'redisMb', before.redis.memoryMb, after.redis.memoryMb),
    figure('Redis: keys', 'redisKeys', before.redis.keys, after.redis.keys),
  );
  for (const later of after.tables) {
    const earlier = before.tables.find(({ name }) => name === later.name);
    if (earlier === undefined) throw new Error(`no table ${later.name} after the warm-up`);
    figures.push(compareTable(earlier, later));
  }
  return figures;
}

const middleResidentMb = (samples: readonly ProcessSample[]): number => median(samples.map(({ residentMb }) => residentMb));
/** The least of a minute comes next to what a collection leaves. */
const leastHeapMb = (samples: readonly ProcessSample[]): number => Math.min(...samples.map(({ heapMb }) => heapMb));

function figure(name: string, kind: FigureKind, before: number, after: number, wanted = before): SoakFigure {
  const { share, amount } = tolerances[kind];
  return { name, kind, before, after, most: wanted * (1 + share) + amount };
}

function compareTable(before: TableSize, after: TableSize): SoakFigure {
  const isKept = keptTables.includes(before.name);
  const [beforeMb, afterMb] = [before.bytes / 1e6, after.bytes / 1e6];
  const wantedMb = isKept && before.rows > 0 ? (beforeMb / before.rows) * after.rows : beforeMb;
  const compared = figure(`${before.name}, MB`, isKept ? 'keptTableMb' : 'hotTableMb', beforeMb, afterMb, wantedMb);
  return { ...compared, rows: { before: before.rows, after: after.rows } };
}
