// The only clock is Postgres's: every process keeps its offset to the monotonic clock, and makes ids and timestamps from it. A wrong
// wall clock on a worker so moves no id into a partition that does not exist and no signature out of its window.
import { randomFillSync } from 'node:crypto';
import { uuidv7 } from '@posthorn/core';
import type { HotPool } from './pools.js';

export type DatabaseClock = {
  /** Whole milliseconds since 1970 on the database's clock. */
  readonly nowMs: () => number;
  /** A new UUIDv7 of this moment. */
  readonly newId: () => string;
  readonly stop: () => void;
};

const refreshEveryMs = 30_000;

const randomBytesOfId = 10;
const randomPoolBytes = 1_000 * randomBytesOfId;

/** Random bytes for ids, drawn a thousand ids at a time: one call to the system costs more than the rest of an id. */
const createRandomPool = (): (() => Uint8Array) => {
  const pool = new Uint8Array(randomPoolBytes);
  let used = randomPoolBytes;
  return () => {
    if (used === randomPoolBytes) {
      randomFillSync(pool);
      used = 0;
    }
    used += randomBytesOfId;
    return pool.subarray(used - randomBytesOfId, used);
  };
};

const measureOffsetMs = async (pool: HotPool): Promise<number> => {
  const before = performance.now();
  const result = await pool.query<{ now_ms: number }>({
    name: 'clock',
    text: 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms',
  });
  const after = performance.now();
  return (result.rows[0]?.now_ms ?? 0) - (before + after) / 2;
};

/** Reads the offset once, then every 30 s; a refresh that fails keeps the last one. */
export const startDatabaseClock = async (pool: HotPool): Promise<DatabaseClock> => {
  let offsetMs = await measureOffsetMs(pool);
  const timer = setInterval(() => {
    measureOffsetMs(pool).then(
      (fresh) => {
        offsetMs = fresh;
      },
      () => undefined,
    );
  }, refreshEveryMs);
  timer.unref();
  const nowMs = (): number => Math.floor(performance.now() + offsetMs);
  const random = createRandomPool();
  return { nowMs, newId: () => uuidv7(nowMs(), random()), stop: () => clearInterval(timer) };
};
