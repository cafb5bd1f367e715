// The only reader of the environment: every variable with its default, limits and meaning, and all errors at once.
import { isIP } from 'node:net';
import { readApiKey } from '@posthorn/core';
import { envSchema } from 'env-schema';
import { type Static, Type } from 'typebox';
import { defaultMailFrom, isMailbox, isMailServerUrl, isOneAddress, isWebUrl } from './mail-settings.js';
import { isRedisUrl, readWorkerShards, type WorkerShards } from './queue-settings.js';

const port = (fallback: number, description: string) => Type.Integer({ minimum: 0, maximum: 65535, default: fallback, description });
const optional = (description: string) => Type.Optional(Type.String({ description }));

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The variables, as JSON Schema: what the documentation's table is made of. */
export const variables = Type.Object({
  NODE_ENV: Type.String({ default: 'development', description: '`production` refuses to start without an encryption key and a database' }),
  PORT: port(3400, 'port of the API'),
  HOST: Type.String({ default: '127.0.0.1', description: 'address the API listens on' }),
  POSTHORN_PUBLIC_URL: optional('how people reach the API; links in answers and mails. Default: from HOST and PORT'),
  POSTHORN_WORKER_PORT: port(3401, 'port of a worker process for /healthz, /readyz, /metrics'),
  DATABASE_URL: optional('Postgres. Default: an embedded server in the data directory'),
  POSTHORN_DATABASE_DIRECT_URL: optional('Postgres without a pooler in between, for migrations. Default: DATABASE_URL'),
  POSTHORN_DATABASE_POOL_MAX: Type.Integer({ minimum: 2, maximum: 100, default: 8, description: 'connections of each pool of a process' }),
  REDIS_URL: optional(
    'Redis; several addresses, comma-separated, or one with `?cluster=true`: a Redis Cluster. Unset: the queue lives in Postgres',
  ),
  POSTHORN_QUEUE: Type.Optional(
    Type.Union([Type.Literal('redis'), Type.Literal('postgres')], { description: 'says aloud where the queue lives' }),
  ),
  POSTHORN_DATA_DIR: Type.String({ default: '.posthorn', description: 'embedded database and development keys' }),
  POSTHORN_BOOTSTRAP_KEY: optional(
    'first admin key: ph_test_ or ph_live_ and 24–120 of [A-Za-z0-9_]. Default: made, kept in the data directory',
  ),
  POSTHORN_ENCRYPTION_KEY: optional('32 bytes base64; seals secrets at rest. Default: made in development'),
  POSTHORN_ENCRYPTION_KEY_NEXT: optional('a second key, while one goes from one to the other (`posthorn secrets rotate`)'),
  POSTHORN_EGRESS_ALLOW: optional('addresses that the guard lets through: CIDRs, comma-separated, each with `:port` if wanted'),
  POSTHORN_QUEUE_SHARDS: Type.Integer({ minimum: 1, maximum: 64, default: 1, description: 'queues, each in one slot of a Redis Cluster' }),
  POSTHORN_WORKER_SHARDS: Type.String({ default: 'all', description: 'queues that a worker serves: `all`, or numbers from 0, as `0-3,7`' }),
  POSTHORN_WORKER_CONCURRENCY: Type.Integer({
    minimum: 1,
    maximum: 1000,
    default: 20,
    description: 'jobs that a worker runs at once, a lane and shard',
  }),
  POSTHORN_SHUTDOWN_S: Type.Integer({
    minimum: 1,
    maximum: 600,
    default: 20,
    description: 'how long a graceful stop may take, in seconds',
  }),
  POSTHORN_RETENTION_DAYS: Type.Integer({ minimum: 8, maximum: 3650, default: 30, description: 'how long events and deliveries are kept' }),
  POSTHORN_IDEMPOTENCY_HOURS: Type.Integer({
    minimum: 1,
    maximum: 168,
    default: 24,
    description: 'how long an id or Idempotency-Key is known',
  }),
  SMTP_URL: optional(
    'mail server for notifications, smtp:// or smtps:// with user:password@ if it asks for them. Unset: nothing is mailed',
  ),
  POSTHORN_MAIL_FROM: optional('sender of mails, `name <address>`. Default: posthorn at the host of POSTHORN_PUBLIC_URL'),
  POSTHORN_OPERATOR_EMAIL: optional('who is told when nobody else is named'),
  POSTHORN_NOTIFICATION_WINDOW_S: Type.Integer({
    minimum: 1,
    maximum: 3600,
    default: 300,
    description: 'at most one mail of a kind to an address in so many seconds; the rest is counted in the next',
  }),
  POSTHORN_COMMIT: optional('commit of this build, shown by GET /v1/deployment. Default: that of the clone it runs in'),
  POSTHORN_MANAGEMENT_REQUESTS_PER_S: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    default: 500,
    description: 'requests that a key may make in a second, all but publishing; 0: any number',
  }),
  POSTHORN_PUBLISH_EVENTS_PER_S: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    default: 0,
    description: 'events that a key may publish in a second; 0: any number',
  }),
  POSTHORN_TRUST_PROXY: optional(
    'proxies whose X-Forwarded-For is believed: addresses and CIDRs, comma-separated. Default: none, clients are who connects',
  ),
  npm_lifecycle_event: Type.Optional(Type.String({ description: 'set by npm' })),
  LOG_LEVEL: Type.Unsafe<LogLevel>({ type: 'string', enum: logLevels, default: 'info', description: 'how much is logged' }),
});
type Variables = Static<typeof variables>;

export type Config = {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string;
  readonly workerPort: number;
  /** Null: the embedded server. */
  readonly databaseUrl: string | null;
  readonly databaseDirectUrl: string | null;
  readonly databasePoolMax: number;
  readonly redisUrl: string | null;
  readonly dataDirectory: string;
  readonly bootstrapKey: string | null;
  /** 32 bytes, or null: made in development. */
  readonly encryptionKey: Buffer | null;
  /** The second key while one goes from one to the other, 32 bytes; null: there is none. */
  readonly nextEncryptionKey: Buffer | null;
  /** Undefined: not set, so the default of `posthorn start` applies. */
  readonly egressAllow: string | undefined;
  readonly queueShards: number;
  /** Those that a worker serves. */
  readonly workerShards: WorkerShards;
  readonly workerJobsMax: number;
  readonly shutdownS: number;
  readonly retentionDays: number;
  readonly idempotencyHours: number;
  /** Null: nothing is mailed. May hold a password. */
  readonly smtpUrl: string | null;
  /** `name <address>` or an address. */
  readonly mailFrom: string;
  readonly operatorEmail: string | null;
  readonly notificationWindowS: number;
  /** 0: any number. */
  readonly managementRequestsPerS: number;
  readonly publishEventsPerS: number;
  /** Addresses and CIDRs. */
  readonly trustProxy: readonly string[];
  readonly logLevel: LogLevel;
  readonly commit: string | null;
  /** A child of `npm start`: it ends when npm does, however npm ends. */
  readonly underNpmStart: boolean;
};

/** Everything that is wrong with the environment, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(`the configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

const readVariables = (environment: Readonly<Record<string, string | undefined>>): Variables => {
  try {
    return envSchema<Variables>({ schema: variables, data: { ...environment }, dotenv: false, env: false });
  } catch (error) {
    const errors = (error as { errors?: { instancePath: string; message?: string }[] }).errors ?? [];
    const seen = new Set(errors.map((each) => `${each.instancePath.slice(1) || 'environment'} ${each.message ?? 'is not valid'}`));
    // The rules between variables look at texts alone, so they can be told together with what is wrong with a single one.
    throw new ConfigError([...(seen.size > 0 ? seen : [String(error)]), ...problemsOf(environment as Partial<Variables> as Variables)]);
  }
};

const readEncryptionKey = (text: string | undefined): Buffer | null => {
  if (text === undefined) return null;
  const key = Buffer.from(text, 'base64');
  return key.length === 32 && key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '') ? key : null;
};

const listOf = (text = ''): readonly string[] =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');

/** An address, or a network as address/bits. */
const isNetwork = (text: string): boolean => {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  return (
    version !== 0 && more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)))
  );
};

/** Also told of variables of which another is wrong, and which are texts then. */
const problemOfShards = ({ POSTHORN_WORKER_SHARDS: text = 'all', POSTHORN_QUEUE_SHARDS: shards }: Variables): string | false => {
  const served = readWorkerShards(text);
  if (served === null) return 'POSTHORN_WORKER_SHARDS must be all, or numbers and ranges from 0 to 63, comma-separated, such as 0-3,7';
  const beyond = served === 'all' ? [] : served.filter((shard) => shard >= Number(shards));
  return (
    beyond.length > 0 &&
    `POSTHORN_WORKER_SHARDS names shard ${beyond.join(', ')}, and POSTHORN_QUEUE_SHARDS is ${shards}: they are counted from 0`
  );
};

const problemsOf = (read: Variables): readonly string[] => {
  const production = read.NODE_ENV === 'production';
  return [
    ...(['POSTHORN_ENCRYPTION_KEY', 'POSTHORN_ENCRYPTION_KEY_NEXT'] as const).map(
      (name) =>
        read[name] !== undefined &&
        readEncryptionKey(read[name]) === null &&
        `${name} must be 32 bytes in base64 (openssl rand -base64 32)`,
    ),
    read.POSTHORN_ENCRYPTION_KEY_NEXT !== undefined &&
      readEncryptionKey(read.POSTHORN_ENCRYPTION_KEY)?.equals(readEncryptionKey(read.POSTHORN_ENCRYPTION_KEY_NEXT) ?? Buffer.alloc(0)) ===
        true &&
      'POSTHORN_ENCRYPTION_KEY_NEXT must be another key than POSTHORN_ENCRYPTION_KEY',
    read.REDIS_URL !== undefined &&
      !isRedisUrl(read.REDIS_URL) &&
      'REDIS_URL must be redis://host:port or rediss://host:port, or several of a cluster, comma-separated',
    problemOfShards(read),
    read.POSTHORN_BOOTSTRAP_KEY !== undefined &&
      readApiKey(read.POSTHORN_BOOTSTRAP_KEY) === null &&
      'POSTHORN_BOOTSTRAP_KEY must be ph_test_ or ph_live_ and 24–120 of [A-Za-z0-9_]',
    read.POSTHORN_PUBLIC_URL !== undefined &&
      !isWebUrl(read.POSTHORN_PUBLIC_URL) &&
      'POSTHORN_PUBLIC_URL must be a URL with http:// or https://',
    read.SMTP_URL !== undefined &&
      !isMailServerUrl(read.SMTP_URL) &&
      'SMTP_URL must be smtp://host:port or smtps://host:port, with user:password@ before the host if needed (percent-encoded)',
    read.POSTHORN_MAIL_FROM !== undefined &&
      !isMailbox(read.POSTHORN_MAIL_FROM) &&
      'POSTHORN_MAIL_FROM must be one sender: name <address>, or an address',
    read.POSTHORN_OPERATOR_EMAIL !== undefined &&
      !isOneAddress(read.POSTHORN_OPERATOR_EMAIL) &&
      'POSTHORN_OPERATOR_EMAIL must be one address',
    !listOf(read.POSTHORN_TRUST_PROXY).every(isNetwork) &&
      'POSTHORN_TRUST_PROXY must be addresses or CIDRs, comma-separated, such as 10.0.0.0/8,::1',
    production &&
      read.POSTHORN_ENCRYPTION_KEY === undefined &&
      'POSTHORN_ENCRYPTION_KEY is required in production (openssl rand -base64 32)',
    production && read.DATABASE_URL === undefined && 'DATABASE_URL is required in production',
    production &&
      read.REDIS_URL === undefined &&
      read.POSTHORN_QUEUE !== 'postgres' &&
      'REDIS_URL is not set: say POSTHORN_QUEUE=postgres if the queue is to live in Postgres',
    read.POSTHORN_QUEUE === 'redis' && read.REDIS_URL === undefined && 'POSTHORN_QUEUE=redis needs REDIS_URL',
    read.POSTHORN_QUEUE === 'postgres' && read.REDIS_URL !== undefined && 'POSTHORN_QUEUE=postgres and REDIS_URL contradict each other',
  ].filter((problem) => problem !== false);
};

/** Reads the configuration; throws a ConfigError with every problem at once. */
export const readConfig = (environment: Readonly<Record<string, string | undefined>> = process.env): Config => {
  const set = Object.fromEntries(Object.entries(environment).filter(([name, value]) => value !== '' || name === 'POSTHORN_EGRESS_ALLOW'));
  const read = readVariables(set);
  const problems = problemsOf(read);
  if (problems.length > 0) throw new ConfigError(problems);
  const publicUrl = read.POSTHORN_PUBLIC_URL ?? `http://${read.HOST.includes(':') ? `[${read.HOST}]` : read.HOST}:${read.PORT}`;
  return {
    production: read.NODE_ENV === 'production',
    host: read.HOST,
    port: read.PORT,
    publicUrl,
    workerPort: read.POSTHORN_WORKER_PORT,
    databaseUrl: read.DATABASE_URL ?? null,
    databaseDirectUrl: read.POSTHORN_DATABASE_DIRECT_URL ?? read.DATABASE_URL ?? null,
    databasePoolMax: read.POSTHORN_DATABASE_POOL_MAX,
    redisUrl: read.REDIS_URL ?? null,
    dataDirectory: read.POSTHORN_DATA_DIR,
    bootstrapKey: read.POSTHORN_BOOTSTRAP_KEY ?? null,
    encryptionKey: readEncryptionKey(read.POSTHORN_ENCRYPTION_KEY),
    nextEncryptionKey: readEncryptionKey(read.POSTHORN_ENCRYPTION_KEY_NEXT),
    egressAllow: read.POSTHORN_EGRESS_ALLOW,
    queueShards: read.POSTHORN_QUEUE_SHARDS,
    workerShards: readWorkerShards(read.POSTHORN_WORKER_SHARDS) ?? 'all',
    workerJobsMax: read.POSTHORN_WORKER_CONCURRENCY,
    shutdownS: read.POSTHORN_SHUTDOWN_S,
    retentionDays: read.POSTHORN_RETENTION_DAYS,
    idempotencyHours: read.POSTHORN_IDEMPOTENCY_HOURS,
    smtpUrl: read.SMTP_URL ?? null,
    mailFrom: read.POSTHORN_MAIL_FROM ?? defaultMailFrom(publicUrl),
    operatorEmail: read.POSTHORN_OPERATOR_EMAIL ?? null,
    notificationWindowS: read.POSTHORN_NOTIFICATION_WINDOW_S,
    managementRequestsPerS: read.POSTHORN_MANAGEMENT_REQUESTS_PER_S,
    publishEventsPerS: read.POSTHORN_PUBLISH_EVENTS_PER_S,
    trustProxy: listOf(read.POSTHORN_TRUST_PROXY),
    logLevel: read.LOG_LEVEL,
    commit: read.POSTHORN_COMMIT ?? null,
    underNpmStart: read.npm_lifecycle_event === 'start',
  };
};
