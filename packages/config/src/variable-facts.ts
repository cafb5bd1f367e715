// What is to be known of each variable beside its shape: what a value looks like, who reads it, and whether it is to be seen.
import type { VariableName } from './config.js';

/** `url`: shown without its password. `secret`: never shown. */
export type Visibility = 'plain' | 'url' | 'secret';

export type VariableFacts = {
  /** A value that would do. */
  readonly example: string;
  /** Which processes and commands read it. */
  readonly readBy: string;
  readonly visibility: Visibility;
  /** What is taken if it is not set and has no default of its own; null: nothing. */
  readonly unset: string | null;
};

const servers = 'api, worker, start';
const all = 'all';

const plain = (example: string, readBy: string, unset: string | null = null): VariableFacts => ({
  example,
  readBy,
  visibility: 'plain',
  unset,
});
const url = (example: string, readBy: string, unset: string | null = null): VariableFacts => ({
  example,
  readBy,
  visibility: 'url',
  unset,
});
const secret = (example: string, readBy: string, unset: string | null = null): VariableFacts => ({
  example,
  readBy,
  visibility: 'secret',
  unset,
});

/** What makes a key for sealing. */
export const newKeyCommand = '$(openssl rand -base64 32)';

export const variableFacts: Readonly<Record<VariableName, VariableFacts>> = {
  NODE_ENV: plain('production', all),
  PORT: plain('3400', 'api, start'),
  HOST: plain('0.0.0.0', servers),
  POSTHORN_PUBLIC_URL: url('https://hooks.example.com', servers, 'from `HOST` and `PORT`'),
  POSTHORN_WORKER_PORT: plain('3401', 'worker'),
  DATABASE_URL: url(
    'postgres://posthorn:password@127.0.0.1:5432/posthorn',
    `${servers}, migrate, secrets`,
    'an embedded server, for `start`',
  ),
  POSTHORN_DATABASE_DIRECT_URL: url('postgres://posthorn:password@127.0.0.1:5432/posthorn', `${servers}, migrate`, '`DATABASE_URL`'),
  POSTHORN_DATABASE_POOL_MAX: plain('8', servers),
  REDIS_URL: url('redis://127.0.0.1:6379', `${servers}, migrate, queue`, 'the queue lives in Postgres'),
  POSTHORN_QUEUE: plain('postgres', `${servers}, migrate, queue`, '`redis` if `REDIS_URL` is set, else `postgres`'),
  POSTHORN_DATA_DIR: plain('/var/lib/posthorn', all),
  POSTHORN_BOOTSTRAP_KEY: secret('ph_live_$(openssl rand -hex 24)', 'api, start, commands', 'made, kept in the data directory'),
  POSTHORN_ENCRYPTION_KEY: secret(newKeyCommand, `${servers}, secrets`, 'made, kept in the data directory; not in production'),
  POSTHORN_ENCRYPTION_KEY_NEXT: secret(newKeyCommand, `${servers}, secrets`),
  POSTHORN_EGRESS_ALLOW: plain('10.0.0.0/8,192.168.1.20:8080', servers, 'nothing; loopback for a local `start` on the embedded database'),
  POSTHORN_QUEUE_SHARDS: plain('1', servers),
  POSTHORN_WORKER_SHARDS: plain('all', 'worker, start'),
  POSTHORN_WORKER_CONCURRENCY: plain('20', 'worker, start'),
  POSTHORN_START_WAIT_S: plain('120', `${servers}, migrate`),
  POSTHORN_SHUTDOWN_S: plain('20', servers),
  POSTHORN_RETENTION_DAYS: plain('30', 'worker, start'),
  POSTHORN_IDEMPOTENCY_HOURS: plain('24', 'api, start'),
  SMTP_URL: url('smtps://user:password@mail.example.com:465', servers, 'nothing is mailed'),
  POSTHORN_MAIL_FROM: plain('Posthorn <posthorn@example.com>', 'worker, start', 'posthorn at the host of `POSTHORN_PUBLIC_URL`'),
  POSTHORN_OPERATOR_EMAIL: plain('ops@example.com', servers, 'nobody'),
  POSTHORN_NOTIFICATION_WINDOW_S: plain('300', 'worker, start'),
  POSTHORN_COMMIT: plain('775cad0', servers, 'that of the clone it runs in'),
  POSTHORN_MANAGEMENT_REQUESTS_PER_S: plain('500', 'api, start'),
  POSTHORN_PUBLISH_EVENTS_PER_S: plain('1000', 'api, start'),
  POSTHORN_TRUST_PROXY: plain('10.0.0.0/8,::1', 'api, start', 'none: clients are who connects'),
  OTEL_EXPORTER_OTLP_ENDPOINT: url('http://127.0.0.1:4318', servers, 'nothing is traced'),
  OTEL_EXPORTER_OTLP_HEADERS: secret('authorization=Bearer%20$(cat collector-token)', servers, 'none'),
  OTEL_SERVICE_NAME: plain('posthorn', servers),
  OTEL_TRACES_SAMPLER: plain('parentbased_traceidratio', servers),
  OTEL_TRACES_SAMPLER_ARG: plain('0.05', servers),
  POSTHORN_TRACE_ENDPOINTS: plain('true', 'worker, start'),
  npm_lifecycle_event: plain('start', 'start'),
  LOG_LEVEL: plain('info', servers),
};
