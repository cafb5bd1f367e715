// What a pooler between a process and Postgres may break: settings that a connection asks for, sessions, and prepared statements. Looked for over two
// connections at once, both idle but for one statement at a time: a pooler that shares sessions hands both of them the same.
import type { HotPool } from './pools.js';

export type PoolerTraps = {
  /** Two connections are one session: listening and session locks, which migrations and live news need, do not work. */
  readonly sharesSessions: boolean;
  /** What a connection asks for when it is opened does not hold. */
  readonly dropsSettings: boolean;
  /** A statement that was prepared on one connection is in the way of the other. */
  readonly mixesStatements: boolean;
};

type Session = { query(statement: { readonly name?: string; readonly text: string }): Promise<{ rows: unknown[] }> };

/** SQLSTATE: the prepared statement does not exist, or exists already. */
const isMixedUp = (error: unknown): boolean => /^(26000|42P05)$/.test(String((error as { code?: unknown } | null)?.code));

/** Compares two sessions of a hot pool. */
export const comparedSessions = async (one: Session, other: Session): Promise<PoolerTraps> => {
  const text = `select pg_backend_pid() as pid, current_setting('plan_cache_mode') = 'force_generic_plan' as holds`;
  const look = async (session: Session) => (await session.query({ text })).rows[0] as { readonly pid: number; readonly holds: boolean };
  const [first, second] = [await look(one), await look(other)];
  const named = async (session: Session): Promise<boolean> =>
    session.query({ name: 'doctor-pooler', text: 'select 1' }).then(
      () => false,
      (error: unknown) => {
        if (isMixedUp(error)) return true;
        throw error;
      },
    );
  const mixed = [await named(one), await named(other), await named(one)];
  return {
    sharesSessions: first.pid === second.pid,
    dropsSettings: !(first.holds && second.holds),
    mixesStatements: mixed.includes(true),
  };
};

/** Looks over two connections of the pool, which must have room for them; rejects with the driver's error. */
export const findPoolerTraps = async (pool: HotPool): Promise<PoolerTraps> => {
  const one = await pool.connect();
  try {
    const other = await pool.connect();
    try {
      return await comparedSessions(one, other);
    } finally {
      other.release(true);
    }
  } finally {
    one.release(true);
  }
};
