// What there is after a soak, beside what there was after the warm-up, and whether that is within its tolerance.
import { median } from '../percentiles.js';
import type { ProcessSample } from './processes.js';
import type { RedisSize, TableSize } from './stores.js';
import { type FigureKind, keptTables, tolerances } from './tolerances.js';

/** One point of a soak: the samples of its last minute under load by process, and the stores at rest after that. */
export interface SoakPoint {
  readonly processes: ReadonlyMap<string, readonly ProcessSample[]>;
  readonly connections: readonly number[];
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
    if (later === undefined) throw new Error(`no samples of ${name} after the soak`);
    const add = (kind: FigureKind, read: (samples: readonly ProcessSample[]) => number, what: string): void => {
      figures.push(figure(`${name}: ${what}`, kind, read(earlier), read(later)));
    };
    add('residentMb', middle('residentMb'), 'resident memory, MB');
    // The least of a minute comes next to what a collection leaves.
    add('heapMb', (samples) => Math.min(...samples.map(({ heapMb }) => heapMb)), 'heap, least of the samples, MB');
    add('descriptors', middle('descriptors'), 'file descriptors');
    add('sockets', middle('sockets'), 'sockets');
  }
  figures.push(
    figure('Postgres: connections', 'connections', median(before.connections), median(after.connections)),
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

const middle = (key: keyof ProcessSample) => (samples: readonly ProcessSample[]) => median(samples.map((sample) => sample[key]));

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
