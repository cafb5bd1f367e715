// What is looked at in Postgres: that it answers, its schema and partitions, the clock, and whether this configuration fits the installation.
import type { Config } from '@posthorn/config';
import {
  compareSchema,
  createHotPool,
  encryptionKeyId,
  findDeploymentDifferences,
  type HotPool,
  isDatabaseUnavailable,
  readPartitions,
  startDatabaseClock,
} from '@posthorn/db';
import { type Check, type ErrorWords, ok, problem, warning } from './check.js';
import { findSealingKeys } from './own-checks.js';

/** Beyond it, people who compare logs of two machines are misled; nothing of ours reads the clock of its machine. */
const clockOffMsMax = 2_000;
const daysAheadMin = 1;

/** Looks at the server, then at what is in it; what needs the schema is left out where it is not this version's. */
export const checkDatabase = async (config: Config, words: ErrorWords): Promise<readonly Check[]> => {
  if (config.databaseUrl === null)
    return [ok('postgres', 'the embedded server, which `posthorn start` keeps in the data directory: it is not looked at')];
  const pool = createHotPool({ url: config.databaseUrl, max: 1, applicationName: 'posthorn doctor', onError: () => undefined });
  try {
    const schema = await checkSchema(pool);
    const clock = await checkClock(pool);
    if (schema.verdict === 'problem') return [schema, clock];
    return [schema, clock, await checkPartitions(pool), ...(await checkDeployment(pool, config))];
  } catch (error) {
    return [problem('postgres', `it cannot be used: ${words(error)}`, fixOf(error))];
  } finally {
    await pool.end();
  }
};

const fixOf = (error: unknown): string => {
  const code = String(Object(error).code);
  if (code.startsWith('28')) return 'put user and password in DATABASE_URL right';
  if (code === '3D000') return 'make the database, or name another in DATABASE_URL';
  return isDatabaseUnavailable(error) ? 'start it, or put its address in DATABASE_URL right' : 'put DATABASE_URL right';
};

const checkSchema = async (pool: HotPool): Promise<Check> => {
  const name = 'postgres schema';
  const { missing, unknown } = await compareSchema(pool);
  if (unknown.length > 0)
    return problem(name, `it is of a newer version (${unknown.join(', ')})`, 'start that version: there is no way back');
  if (missing.length > 0) return problem(name, `${missing.length} migrations are missing`, 'posthorn migrate');
  return ok(name, "it is this version's");
};

const checkClock = async (pool: HotPool): Promise<Check> => {
  const name = 'clock';
  const clock = await startDatabaseClock(pool);
  const offMs = Math.abs(clock.nowMs() - Date.now());
  clock.stop();
  if (offMs <= clockOffMsMax) return ok(name, `this machine and Postgres differ by ${offMs} ms`);
  return warning(
    name,
    `this machine and Postgres differ by ${Math.round(offMs / 1_000)} s; times of events are those of Postgres`,
    'let NTP keep the clocks of both machines',
  );
};

const checkPartitions = async (pool: HotPool): Promise<Check> => {
  const name = 'partitions';
  const { daysAhead, leaving } = await readPartitions(pool);
  if (daysAhead < daysAheadMin)
    return problem(name, 'tomorrow has no partition: its events would be refused', 'start a worker, or run: posthorn migrate');
  const left = leaving === 0 ? '' : `; ${leaving} old ones are waited for, since somebody reads them`;
  return ok(name, `made for the next ${daysAhead} days${left}`);
};

const checkDeployment = async (pool: HotPool, config: Config): Promise<readonly Check[]> => {
  const name = 'installation';
  const keys = (await findSealingKeys(config)) ?? [];
  const differences = await findDeploymentDifferences(pool, {
    queueBackend: config.redisUrl === null ? 'postgres' : 'redis',
    queueShards: config.queueShards,
    encryptionKeyIds: keys.map((key) => encryptionKeyId(key)),
  });
  if (differences === null) return [ok(name, 'no process has ever started on this database')];
  if (differences.length === 0) return [ok(name, 'queue, number of shards and encryption key are those of the installation')];
  return differences.map((difference) => problem(name, difference, 'set what is named as the other processes have it'));
};
