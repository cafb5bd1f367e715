// What is looked at in Postgres: that it answers, its schema and partitions, the clock, and whether this configuration fits the installation.
import type { Config } from '@posthorn/config';
import {
  compareSchema,
  createHotPool,
  encryptionKeyId,
  findDeploymentDifferences,
  findPoolerTraps,
  findUnservedShards,
  type HotPool,
  isDatabaseUnavailable,
  listShardProcesses,
  oldestPostgres,
  type PoolerTraps,
  readPartitions,
  readRights,
  readServerSettings,
  readShardNumbers,
  type ServerSettings,
  shardsOf,
} from '@posthorn/db';
import { type Check, type ErrorWords, ok, problem, warning } from './check.js';
import { findSealingKeys } from './own-checks.js';

/** Beyond it, people who compare logs of two machines are misled; nothing of ours reads the clock of its machine. */
const clockOffMsMax = 2_000;
const daysAheadMin = 1;

/** Connections beside those of its pools that a process may open: to listen, to be reached while the pools are busy. */
const connectionsBeside = 2;
const processesMin = 2;

/** Looks at the server, then at what is in it; what needs the schema is left out where it is not this version's. */
export const checkDatabase = async (config: Config, words: ErrorWords): Promise<readonly Check[]> => {
  if (config.databaseUrl === null)
    return [ok('postgres', 'the embedded server, which `posthorn start` keeps in the data directory: it is not looked at')];
  const pool = openPool(config.databaseUrl);
  try {
    const settings = await readServerSettings(pool);
    const schema = await checkSchema(pool);
    return [
      ...judgeSettings(settings, config),
      ...judgePooler('DATABASE_URL', await findPoolerTraps(pool)),
      ...(await checkDirectUrl(config, words)),
      judgeClock(settings),
      await checkRights(pool),
      schema,
      ...(schema.verdict === 'problem'
        ? []
        : [await checkPartitions(pool), ...(await checkDeployment(pool, config)), await checkShards(pool)]),
    ];
  } catch (error) {
    return [problem('postgres', `it cannot be used: ${words(error)}`, fixOf(error, 'DATABASE_URL'))];
  } finally {
    await pool.end();
  }
};

const openPool = (url: string): HotPool => createHotPool({ url, max: 2, applicationName: 'posthorn doctor', onError: () => undefined });

/** Migrations and listening take this one: sessions must be whole there. */
const checkDirectUrl = async ({ databaseUrl, databaseDirectUrl }: Config, words: ErrorWords): Promise<readonly Check[]> => {
  if (databaseDirectUrl === null || databaseDirectUrl === databaseUrl) return [];
  const pool = openPool(databaseDirectUrl);
  const variable = 'POSTHORN_DATABASE_DIRECT_URL';
  try {
    const { sharesSessions } = await findPoolerTraps(pool);
    if (!sharesSessions) return [ok('postgres direct', `${variable} leads to Postgres itself`)];
    return [problem('postgres direct', `${variable} leads to a pooler that shares sessions`, 'name the address of Postgres itself')];
  } catch (error) {
    return [problem('postgres direct', `${variable} cannot be used: ${words(error)}`, fixOf(error, variable))];
  } finally {
    await pool.end();
  }
};

const fixOf = (error: unknown, variable: string): string => {
  const code = String(Object(error).code);
  if (code.startsWith('28')) return `put user and password in ${variable} right`;
  if (code === '3D000') return `make the database, or name another in ${variable}`;
  // What a pooler says of what a connection asks for.
  if (/startup parameter/i.test(String(Object(error).message)))
    return 'let the pooler take the startup parameter options, as PgBouncer does from 1.20 on';
  return isDatabaseUnavailable(error) ? `start it, or put its address in ${variable} right` : `put ${variable} right`;
};

const checkSchema = async (pool: HotPool): Promise<Check> => {
  const name = 'postgres schema';
  const { missing, unknown } = await compareSchema(pool);
  if (unknown.length > 0)
    return problem(name, `it is of a newer version (${unknown.join(', ')})`, 'start that version: there is no way back');
  if (missing.length > 0) return problem(name, `${missing.length} migrations are missing`, 'posthorn migrate');
  return ok(name, "it is this version's");
};

/** What the server is, and whether it keeps what it says it has kept. */
export const judgeSettings = (settings: ServerSettings, { databasePoolMax, redisUrl }: Config): readonly Check[] => {
  const name = 'postgres';
  const { version, major, connectionsMax } = settings;
  const perProcess = (redisUrl === null ? 4 : 2) * databasePoolMax + connectionsBeside;
  const processes = Math.floor(connectionsMax / perProcess);
  const found: readonly (Check | null)[] = [
    major < oldestPostgres ? problem(name, `Postgres ${version} is too old`, `run ${oldestPostgres} or newer`) : null,
    settings.isStandby
      ? problem(name, 'it is a standby, which cannot be written', 'name the primary in DATABASE_URL')
      : settings.isReadOnly
        ? problem(name, 'it lets nothing be written', 'set default_transaction_read_only = off for its user and database')
        : null,
    settings.fsync ? null : problem(name, 'a crash may destroy the database (fsync is off)', 'set fsync = on'),
    settings.fullPageWrites ? null : warning(name, 'a crash may destroy pages (full_page_writes is off)', 'set full_page_writes = on'),
    settings.synchronousCommit === 'off'
      ? problem(name, 'a crash may lose events that were accepted (synchronous_commit is off)', 'set synchronous_commit = on')
      : null,
    processes < processesMin
      ? warning(
          name,
          `it takes ${connectionsMax} connections, and a process may use ${perProcess} of them: room for ${processes}`,
          'raise max_connections, or lower POSTHORN_DATABASE_POOL_MAX',
        )
      : null,
  ];
  const said = found.filter((check) => check !== null);
  if (said.some(({ verdict }) => verdict === 'problem')) return said;
  return [ok(name, `Postgres ${version} answers and keeps what it commits, with connections for ${processes} processes`), ...said];
};

/** What stands between a process and Postgres, if it is in the way. */
export const judgePooler = (variable: string, traps: PoolerTraps): readonly Check[] => {
  const name = 'pooler';
  return [
    ...(traps.mixesStatements
      ? [
          problem(
            name,
            `what ${variable} names mixes up prepared statements`,
            'let it keep them apart: in PgBouncer from 1.21 on, max_prepared_statements = 200',
          ),
        ]
      : []),
    ...(traps.dropsSettings
      ? [
          warning(
            name,
            `what ${variable} names drops the settings that a connection asks for: time limits do not hold`,
            'let it pass the startup parameter options on, or let it pool by session',
          ),
        ]
      : []),
  ];
};

const judgeClock = ({ clockAheadMs }: ServerSettings): Check => {
  const name = 'clock';
  const offMs = Math.abs(clockAheadMs);
  if (offMs <= clockOffMsMax) return ok(name, `this machine and Postgres differ by ${offMs} ms`);
  return warning(
    name,
    `this machine and Postgres differ by ${Math.round(offMs / 1_000)} s; times of events are those of Postgres`,
    'let NTP keep the clocks of both machines',
  );
};

const checkRights = async (pool: HotPool): Promise<Check> => {
  const name = 'postgres rights';
  const { user, mayMakeTables, mayMakeSchemas, ownsTables } = await readRights(pool);
  if (ownsTables === false)
    return problem(
      name,
      `${user} does not own the tables, and can make no partitions`,
      `alter table … owner to ${user}, or grant the role that owns them`,
    );
  if (!mayMakeTables) return problem(name, `${user} may make no tables`, `grant create on schema public to ${user}`);
  if (!mayMakeSchemas)
    return warning(name, `${user} may make no schemas, which some migrations do`, `grant create on database … to ${user}`);
  return ok(name, `${user} may do what migrations and partitions need`);
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

const checkShards = async (pool: HotPool): Promise<Check> => {
  const name = 'shards';
  const [numbers, processes] = [await readShardNumbers(pool), await listShardProcesses(pool)];
  const workers = processes.filter(({ role }) => role === 'worker').length;
  if (numbers === null || workers === 0) return warning(name, 'no worker runs: what is accepted waits', 'posthorn worker');
  const unserved = findUnservedShards(processes, shardsOf(numbers).served);
  if (unserved.length > 0)
    return problem(
      name,
      `no worker serves shard ${unserved.join(', ')}: what is in them waits`,
      'start workers with POSTHORN_WORKER_SHARDS that name them',
    );
  return ok(
    name,
    `${numbers.now === 1 ? 'one shard' : `${numbers.now} shards`}, served by ${workers === 1 ? 'one worker' : `${workers} workers`}`,
  );
};
