// Whether the disk of Postgres was full when a process last wrote to it. A full disk refuses what needs room and answers everything else, so that nothing
// that asks learns of it: what was refused is remembered.
import type { EventEmitter } from 'node:events';
import type pg from 'pg';

const sqlState = '53100';
/** For so long one refusal counts. Whoever is then taken for healthy writes again, and is refused again if there is still no room. */
export const fullDiskRememberedS = 10;

const refusedAt = new WeakMap<pg.Pool, number>();

/** Remembers, from now on, when a connection of the pool was refused something for lack of room. */
export const watchForFullDisk = (pool: pg.Pool): void => {
  pool.on('connect', (client) => {
    // Of the protocol below the statements: whoever sends them, and however.
    const { connection } = client as unknown as { readonly connection: EventEmitter };
    connection.on('errorMessage', ({ code }: { readonly code?: string }) => {
      if (code === sqlState) refusedAt.set(pool, performance.now());
    });
  });
};

/** Whether something was refused over this pool lately for lack of room. @param nowMs as `performance.now()` */
export const foundFullDisk = (pool: pg.Pool, nowMs: number): boolean =>
  nowMs - (refusedAt.get(pool) ?? Number.NEGATIVE_INFINITY) < fullDiskRememberedS * 1_000;
