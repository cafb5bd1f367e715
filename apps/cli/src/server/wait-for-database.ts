// A server starts on a Postgres that answers, is writable and safe, and has its schema: what can become so is waited for, what cannot ends the start.
import { compareSchema, createHotPool, type HotPool, readServerSettings } from '@posthorn/db';
import { CommandError, type ExitName } from '../exit-codes.js';
import { judgePostgres } from './judge-postgres.js';
import { postgresTrouble } from './postgres-trouble.js';

const retryEveryMs = 500;

export class SchemaTooNewError extends Error {
  override readonly name = 'SchemaTooNewError';
}

export type WaitingOptions = {
  /** `api` and `worker` change no schema: they wait until somebody has migrated it. */
  readonly untilMigrated: boolean;
  readonly timeoutMs: number;
  /** Is told what is waited for, each reason once in a row, and what is better changed. */
  readonly say: (line: string) => void;
};

type Waiting = { readonly exit: ExitName; readonly text: string };

/**
 * Waits for Postgres and its schema.
 * @throws SchemaTooNewError of the schema of a newer version
 * @throws CommandError what cannot be waited for, or was for too long
 */
export const waitForDatabase = async (url: string, options: WaitingOptions): Promise<void> => {
  const pool = createHotPool({ url, max: 1, applicationName: 'posthorn start-up', onError: () => undefined });
  const deadline = performance.now() + options.timeoutMs;
  let said = '';
  try {
    for (;;) {
      const waiting = await look(pool, options);
      if (waiting === null) return;
      if (performance.now() >= deadline)
        throw new CommandError(waiting.exit, `gave up after ${options.timeoutMs / 1000} s (POSTHORN_START_WAIT_S): ${waiting.text}`);
      if (waiting.text !== said) options.say(`waiting: ${waiting.text}`);
      said = waiting.text;
      await new Promise((resolve) => setTimeout(resolve, retryEveryMs));
    }
  } finally {
    await pool.end();
  }
};

/** Why the database cannot be used yet; null: it can. */
const look = async (pool: HotPool, { untilMigrated, say }: WaitingOptions): Promise<Waiting | null> => {
  try {
    const { refusal, waiting, warnings } = judgePostgres(await readServerSettings(pool));
    if (refusal !== null) throw new CommandError('configuration', refusal);
    const schema = await lookAtSchema(pool);
    if (waiting !== null) return { exit: 'unavailable', text: waiting };
    if (untilMigrated && schema !== null) return { exit: 'mismatch', text: schema };
    for (const warning of warnings) say(warning);
    return null;
  } catch (error) {
    const trouble = postgresTrouble(error);
    if (trouble === null) throw error;
    if (!trouble.waits) throw new CommandError(trouble.exit, trouble.text, { cause: error });
    return trouble;
  }
};

/** What the schema lacks; null: nothing. */
const lookAtSchema = async (pool: HotPool): Promise<string | null> => {
  const { missing, unknown } = await compareSchema(pool);
  if (unknown.length > 0)
    throw new SchemaTooNewError(`the database belongs to a newer version (it has ${unknown.join(', ')}); start that version`);
  if (missing.length === 0) return null;
  return `the database is not migrated yet (run: posthorn migrate): it lacks ${missing.length === 1 ? missing[0] : `${missing[0]} and ${missing.length - 1} more`}`;
};
