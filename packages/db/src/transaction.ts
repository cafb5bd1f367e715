// Several statements that hold together or not at all.
import type { HotPool } from './pools.js';

/** Runs `work` in one transaction on a connection of the pool; what it throws is thrown, and nothing of it stays. */
export const inTransaction = async <T>(pool: HotPool, work: (connection: HotPool) => Promise<T>): Promise<T> => {
  const connection = await pool.connect();
  try {
    await connection.query('begin');
    // Of a pool it uses query alone.
    const result = await work(connection as unknown as HotPool);
    await connection.query('commit');
    connection.release();
    return result;
  } catch (error) {
    // A connection that cannot even roll back is of no use to the next.
    await connection.query('rollback').then(
      () => connection.release(),
      () => connection.release(true),
    );
    throw error;
  }
};
