// The only reader of the environment: every variable with its default, limits and meaning, and all errors at once.
import { envSchema } from 'env-schema';
import { type Static, Type } from 'typebox';
import { defaultMailFrom } from './mail-settings.js';
import { listOf } from './network-lists.js';
import { ConfigError, type ConfigProblem } from './problem.js';
import { readWorkerShards, type WorkerShards } from './queue-settings.js';
import { brokenRulesOf, type GivenVariables, problemOf, readEncryptionKey } from './rules.js';
import { shapeOf } from './shapes.js';
import { type TraceSampler, type TraceSettings, traceSamplers, traceSettingsOf } from './trace-settings.js';

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
  POSTHORN_START_WAIT_S: Type.Integer({
    minimum: 0,
    maximum: 3_600,
    default: 120,
    description: 'how long a start waits for Postgres to answer, to be writable and to be migrated, in seconds',
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
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(
    'collector of OpenTelemetry traces (OTLP over HTTP, `/v1/traces` under it). Unset: nothing is traced',
  ),
  OTEL_EXPORTER_OTLP_HEADERS: optional('headers for the collector: `name=value`, comma-separated, percent-encoded'),
  OTEL_SERVICE_NAME: Type.String({ default: 'posthorn', description: 'what the collector calls this service' }),
  OTEL_TRACES_SAMPLER: Type.Unsafe<TraceSampler>({
    type: 'string',
    enum: traceSamplers,
    default: 'parentbased_always_on',
    description: 'which traces are recorded',
  }),
  OTEL_TRACES_SAMPLER_ARG: Type.String({ default: '1', description: 'share of the traces, for samplers with `traceidratio`' }),
  POSTHORN_TRACE_ENDPOINTS: Type.Unsafe<'true' | 'false'>({
    type: 'string',
    enum: ['true', 'false'],
    default: 'false',
    description: 'whether endpoints are told the trace of their requests, in the header `traceparent`; only where traces are made',
  }),
  npm_lifecycle_event: Type.Optional(Type.String({ description: 'set by npm' })),
  LOG_LEVEL: Type.Unsafe<LogLevel>({ type: 'string', enum: logLevels, default: 'info', description: 'how much is logged' }),
});
type Variables = Static<typeof variables>;
export type VariableName = keyof typeof variables.properties;
export type Environment = Readonly<Record<string, string | undefined>>;

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
  readonly startWaitS: number;
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
  /** Null: nothing is traced. */
  readonly traces: TraceSettings | null;
  readonly commit: string | null;
  /** A child of `npm start`: it ends when npm does, however npm ends. */
  readonly underNpmStart: boolean;
};

/** The variables as they are given: what is empty counts as not set, but for the addresses that are let through, where empty says: none. */
export const givenVariables = (environment: Environment): GivenVariables =>
  Object.fromEntries(
    Object.entries(environment).filter(
      ([name, value]) => name in variables.properties && value !== undefined && (value !== '' || name === 'POSTHORN_EGRESS_ALLOW'),
    ),
  );

/** Checks the shapes and fills the defaults in; `read` is null if a shape is wrong. */
export const readShapes = (given: GivenVariables): { readonly read: Variables | null; readonly problems: readonly ConfigProblem[] } => {
  try {
    return { read: envSchema<Variables>({ schema: variables, data: { ...given }, dotenv: false, env: false }), problems: [] };
  } catch (error) {
    const errors = (error as { errors?: { instancePath: string }[] }).errors;
    if (errors === undefined) throw error;
    const wrong = new Set(errors.map(({ instancePath }) => instancePath.slice(1) as VariableName));
    return { read: null, problems: [...wrong].map((name) => problemOf(name, `must be ${shapeOf(name)}`)) };
  }
};

/** Reads the configuration; throws a ConfigError with every problem at once. */
export const readConfig = (environment: Environment = process.env): Config => {
  const given = givenVariables(environment);
  const { read, problems } = readShapes(given);
  const all = [...problems, ...brokenRulesOf(given)];
  if (read === null || all.length > 0) throw new ConfigError(all);
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
    startWaitS: read.POSTHORN_START_WAIT_S,
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
    traces: traceSettingsOf(read),
    commit: read.POSTHORN_COMMIT ?? null,
    underNpmStart: read.npm_lifecycle_event === 'start',
  };
};
