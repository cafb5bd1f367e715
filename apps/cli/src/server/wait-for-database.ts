// `api` and `worker` change no schema: they wait for a database that is reachable and has been migrated, and refuse one of a newer version.
import { compareSchema, createHotPool, isDatabaseUnavailable } from '@posthorn/db';

const retryEveryMs = 500;

export class SchemaTooNewError extends Error {
  override readonly name = 'SchemaTooNewError';
}

/** Waits up to `timeoutMs` for Postgres and its schema; says once what it waits for. */
export const waitForDatabase = async (url: string, timeoutMs: number, say: (line: string) => void): Promise<void> => {
  const pool = createHotPool({ url, max: 1, applicationName: 'posthorn start-up', onError: () => undefined });
  const deadline = performance.now() + timeoutMs;
  let said = '';
  try {
    for (;;) {
      const why = await lookForReason(pool);
      if (why === null) return;
      if (why !== said) say(`waiting: ${why}`);
      said = why;
      if (performance.now() > deadline) throw new Error(`gave up after ${timeoutMs / 1000} s: ${why}`);
      await new Promise((resolve) => setTimeout(resolve, retryEveryMs));
    }
  } finally {
    await pool.end();
  }
};

/** Why the database cannot be used yet; null: it can. */
const lookForReason = async (pool: Parameters<typeof compareSchema>[0]): Promise<string | null> => {
  try {
    const { missing, unknown } = await compareSchema(pool);
    if (unknown.length > 0)
      throw new SchemaTooNewError(`the database belongs to a newer version (it has ${unknown.join(', ')}); start that version`);
    return missing.length === 0 ? null : 'the database is not migrated yet (run: posthorn migrate)';
  } catch (error) {
    if (isDatabaseUnavailable(error)) return `Postgres is not reachable (${(error as Error).message || (error as { code?: string }).code})`;
    throw error;
  }
};
