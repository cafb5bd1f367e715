// What a Postgres must be and how it must be set so that an event that was answered for is not lost.
import { oldestPostgres, type ServerSettings } from '@posthorn/db';

export type PostgresJudgement = {
  /** Why Posthorn does not start on it, and what to change; null: it may. */
  readonly refusal: string | null;
  /** Why it cannot be used yet; null: it can. */
  readonly waiting: string | null;
  /** What is better changed. */
  readonly warnings: readonly string[];
};

type Judged = Pick<ServerSettings, 'version' | 'major' | 'fsync' | 'fullPageWrites' | 'synchronousCommit' | 'isStandby' | 'isReadOnly'>;

const refusalOf = ({ version, major, fsync, synchronousCommit }: Judged): string | null => {
  if (major < oldestPostgres) return `Postgres ${version} is too old: Posthorn needs ${oldestPostgres} or newer`;
  if (!fsync) return 'Postgres runs with fsync = off, so that a crash of its machine loses events: set fsync = on';
  if (synchronousCommit === 'off')
    return 'Postgres commits with synchronous_commit = off, so that a crash loses events that were answered for: set it on for this user and database, and let a pooler pass the setting of the session on';
  return null;
};

const waitingOf = ({ isStandby, isReadOnly }: Judged): string | null => {
  if (isStandby) return 'Postgres is a standby, which cannot be written: it must be promoted, or DATABASE_URL name the primary';
  return isReadOnly ? 'Postgres takes no writes: default_transaction_read_only is on for this server, database or user' : null;
};

export const judgePostgres = (settings: Judged): PostgresJudgement => ({
  refusal: refusalOf(settings),
  waiting: waitingOf(settings),
  warnings: settings.fullPageWrites
    ? []
    : [
        'Postgres runs with full_page_writes = off: a crash of its machine may tear pages, unless its file system writes 8 KiB at once; set it on',
      ],
});
