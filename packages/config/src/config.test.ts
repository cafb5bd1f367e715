import { describe, expect, it } from '@jest/globals';
import { readConfig, variables } from './config.js';
import { ConfigError } from './problem.js';

const encryptionKey = Buffer.alloc(32, 7).toString('base64');
const production = {
  NODE_ENV: 'production',
  POSTHORN_ENCRYPTION_KEY: encryptionKey,
  DATABASE_URL: 'postgres://db/posthorn',
  REDIS_URL: 'redis://redis',
};

const problemsOf = (environment: Readonly<Record<string, string>>): readonly string[] => {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const { problems, message } = error as ConfigError;
    for (const problem of problems) expect(message).toContain(`  - ${problem}`);
    return problems;
  }
};

describe('the configuration', () => {
  it('has a default for everything outside production', () => {
    expect(readConfig({})).toEqual({
      production: false,
      host: '127.0.0.1',
      port: 3400,
      publicUrl: 'http://127.0.0.1:3400',
      workerPort: 3401,
      databaseUrl: null,
      databaseDirectUrl: null,
      databasePoolMax: 8,
      redisUrl: null,
      dataDirectory: '.posthorn',
      bootstrapKey: null,
      encryptionKey: null,
      nextEncryptionKey: null,
      egressAllow: undefined,
      queueShards: 1,
      workerShards: 'all',
      workerJobsMax: 20,
      startWaitS: 120,
      shutdownS: 20,
      retentionDays: 30,
      idempotencyHours: 24,
      smtpUrl: null,
      mailFrom: 'Posthorn <posthorn@localhost>',
      operatorEmail: null,
      notificationWindowS: 300,
      managementRequestsPerS: 500,
      publishEventsPerS: 0,
      trustProxy: [],
      logLevel: 'info',
      traces: null,
      commit: null,
      underNpmStart: false,
    });
  });

  it('traces where a collector is named, as the standard variables say', () => {
    const endpoint = 'http://collector.example:4318';
    expect(readConfig({ OTEL_TRACES_SAMPLER_ARG: '0.5', POSTHORN_TRACE_ENDPOINTS: 'true' }).traces).toBeNull();
    expect(readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }).traces).toEqual({
      endpoint,
      serviceName: 'posthorn',
      sampler: 'parentbased_always_on',
      sampleRatio: 1,
      tellsEndpoints: false,
    });
    const chosen = {
      OTEL_SERVICE_NAME: 'hooks',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.05',
      POSTHORN_TRACE_ENDPOINTS: 'true',
    };
    expect(readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...chosen }).traces).toEqual({
      endpoint,
      serviceName: 'hooks',
      sampler: 'traceidratio',
      sampleRatio: 0.05,
      tellsEndpoints: true,
    });
  });

  it('takes every variable', () => {
    const config = readConfig({
      ...production,
      PORT: '0',
      HOST: '::1',
      POSTHORN_WORKER_PORT: '65535',
      POSTHORN_DATABASE_DIRECT_URL: 'postgres://direct',
      POSTHORN_DATABASE_POOL_MAX: '2',
      POSTHORN_QUEUE: 'redis',
      POSTHORN_DATA_DIR: '/data',
      POSTHORN_BOOTSTRAP_KEY: `ph_test_${'a'.repeat(24)}`,
      POSTHORN_ENCRYPTION_KEY_NEXT: Buffer.alloc(32, 8).toString('base64'),
      POSTHORN_EGRESS_ALLOW: '10.0.0.0/8:443,127.0.0.1',
      POSTHORN_QUEUE_SHARDS: '64',
      POSTHORN_WORKER_SHARDS: '63,0-1',
      POSTHORN_WORKER_CONCURRENCY: '1000',
      POSTHORN_START_WAIT_S: '0',
      POSTHORN_SHUTDOWN_S: '600',
      POSTHORN_RETENTION_DAYS: '8',
      POSTHORN_IDEMPOTENCY_HOURS: '168',
      SMTP_URL: 'smtps://me:p%40ss@mail.example:465',
      POSTHORN_MAIL_FROM: 'Nordic Supply <hooks@nordic.example>',
      POSTHORN_OPERATOR_EMAIL: "o'neill+hooks@nordic.example",
      POSTHORN_NOTIFICATION_WINDOW_S: '3600',
      POSTHORN_MANAGEMENT_REQUESTS_PER_S: '0',
      POSTHORN_PUBLISH_EVENTS_PER_S: '1000',
      POSTHORN_TRUST_PROXY: '10.0.0.0/8, ::1',
      LOG_LEVEL: 'silent',
      POSTHORN_COMMIT: 'c0ffee',
      npm_lifecycle_event: 'start',
    });
    expect(config).toEqual({
      production: true,
      host: '::1',
      port: 0,
      publicUrl: 'http://[::1]:0',
      workerPort: 65_535,
      databaseUrl: 'postgres://db/posthorn',
      databaseDirectUrl: 'postgres://direct',
      databasePoolMax: 2,
      redisUrl: 'redis://redis',
      dataDirectory: '/data',
      bootstrapKey: `ph_test_${'a'.repeat(24)}`,
      encryptionKey: Buffer.alloc(32, 7),
      nextEncryptionKey: Buffer.alloc(32, 8),
      egressAllow: '10.0.0.0/8:443,127.0.0.1',
      queueShards: 64,
      workerShards: [0, 1, 63],
      workerJobsMax: 1_000,
      startWaitS: 0,
      shutdownS: 600,
      retentionDays: 8,
      idempotencyHours: 168,
      smtpUrl: 'smtps://me:p%40ss@mail.example:465',
      mailFrom: 'Nordic Supply <hooks@nordic.example>',
      operatorEmail: "o'neill+hooks@nordic.example",
      notificationWindowS: 3_600,
      managementRequestsPerS: 0,
      publishEventsPerS: 1_000,
      trustProxy: ['10.0.0.0/8', '::1'],
      traces: null,
      logLevel: 'silent',
      commit: 'c0ffee',
      underNpmStart: true,
    });
    expect(readConfig({ ...production, POSTHORN_PUBLIC_URL: 'https://hooks.example' }).publicUrl).toBe('https://hooks.example');
    expect(readConfig(production).databaseDirectUrl).toBe(production.DATABASE_URL);
  });

  it('takes an empty variable for one that is not set, but for the addresses that are let through', () => {
    const empty = Object.fromEntries(Object.keys(variables.properties).map((name) => [name, '']));
    expect(readConfig(empty)).toEqual({ ...readConfig({}), egressAllow: '' });
    expect(readConfig({}).egressAllow).toBeUndefined();
  });

  it('leaves variables that are not ours alone', () => {
    expect(readConfig({ PATH: '/bin', SOMETHING: 'else' })).toEqual(readConfig({}));
  });

  it('never shows the value of a secret in an error', () => {
    const problems = problemsOf({
      POSTHORN_ENCRYPTION_KEY: 'hunter2',
      POSTHORN_ENCRYPTION_KEY_NEXT: 'hunter2',
      POSTHORN_BOOTSTRAP_KEY: 'hunter2',
      SMTP_URL: 'smpt://me:hunter2@mail',
      DATABASE_URL: 'me:hunter2@db',
      REDIS_URL: 'hunter2@redis',
    });
    expect(problems).toHaveLength(6);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('refuses a next key that is the present one, however it is written', () => {
    for (const next of [encryptionKey, encryptionKey.replace(/=+$/, '')])
      expect(problemsOf({ POSTHORN_ENCRYPTION_KEY: encryptionKey, POSTHORN_ENCRYPTION_KEY_NEXT: next })).toEqual([
        expect.stringMatching(/^POSTHORN_ENCRYPTION_KEY_NEXT must be another key than POSTHORN_ENCRYPTION_KEY: /),
      ]);
  });
});

describe('mail', () => {
  it.each([
    ['https://hooks.nordic.example:8443/posthorn', 'Posthorn <posthorn@hooks.nordic.example>'],
    ['http://localhost:3400', 'Posthorn <posthorn@localhost>'],
    ['http://[::1]:3400', 'Posthorn <posthorn@localhost>'],
    ['https://10.0.0.1', 'Posthorn <posthorn@localhost>'],
    ['https://bücher.example', 'Posthorn <posthorn@xn--bcher-kva.example>'],
  ])('comes from the host of %s', (POSTHORN_PUBLIC_URL, mailFrom) => {
    expect(readConfig({ POSTHORN_PUBLIC_URL }).mailFrom).toBe(mailFrom);
  });

  it.each(['hooks@nordic.example', 'Bücher & Söhne <hooks@nordic.example>', '<hooks@nordic.example>'])('may come from %s', (mailFrom) => {
    expect(readConfig({ POSTHORN_MAIL_FROM: mailFrom }).mailFrom).toBe(mailFrom);
  });

  it.each(['smtp://localhost:1025', 'smtp://[::1]:25', 'smtps://me@mail.example?tls.rejectUnauthorized=false'])('goes to %s', (smtpUrl) => {
    expect(readConfig({ SMTP_URL: smtpUrl }).smtpUrl).toBe(smtpUrl);
  });
});

describe('production', () => {
  it('starts with a key, a database and a queue', () => {
    expect(problemsOf(production)).toEqual([]);
    const { REDIS_URL: _, ...withoutRedis } = production;
    expect(problemsOf({ ...withoutRedis, POSTHORN_QUEUE: 'postgres' })).toEqual([]);
  });

  it.each([
    ['POSTHORN_ENCRYPTION_KEY', /^POSTHORN_ENCRYPTION_KEY is required/],
    ['DATABASE_URL', /^DATABASE_URL is required/],
    ['REDIS_URL', /^REDIS_URL is not set: .*POSTHORN_QUEUE=postgres/],
  ])('refuses to start without %s', (name, message) => {
    expect(problemsOf({ ...production, [name]: '' })).toEqual([expect.stringMatching(message)]);
  });
});

describe('the queue', () => {
  it('must be where it is said to be', () => {
    expect(problemsOf({ POSTHORN_QUEUE: 'redis' })).toEqual([expect.stringContaining('needs REDIS_URL')]);
    expect(problemsOf({ POSTHORN_QUEUE: 'postgres', REDIS_URL: 'redis://x' })).toEqual([expect.stringContaining('contradict')]);
    expect(problemsOf({ POSTHORN_QUEUE: 'redis', REDIS_URL: 'redis://x' })).toEqual([]);
  });
});
