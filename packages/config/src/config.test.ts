import { describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig, variables } from './config.js';

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
      egressAllow: undefined,
      queueShards: 1,
      workerJobsMax: 20,
      shutdownS: 20,
      retentionDays: 30,
      idempotencyHours: 24,
      smtpUrl: null,
      operatorEmail: null,
      logLevel: 'info',
      commit: null,
      underNpmStart: false,
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
      POSTHORN_EGRESS_ALLOW: '10.0.0.0/8:443,127.0.0.1',
      POSTHORN_QUEUE_SHARDS: '64',
      POSTHORN_WORKER_CONCURRENCY: '1000',
      POSTHORN_SHUTDOWN_S: '600',
      POSTHORN_RETENTION_DAYS: '8',
      POSTHORN_IDEMPOTENCY_HOURS: '168',
      LOG_LEVEL: 'silent',
      POSTHORN_COMMIT: 'c0ffee',
      SMTP_URL: 'smtp://mail',
      POSTHORN_OPERATOR_EMAIL: 'ops@example.com',
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
      egressAllow: '10.0.0.0/8:443,127.0.0.1',
      queueShards: 64,
      workerJobsMax: 1_000,
      shutdownS: 600,
      retentionDays: 8,
      idempotencyHours: 168,
      smtpUrl: 'smtp://mail',
      operatorEmail: 'ops@example.com',
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

  it.each([
    ['PORT', '65536'],
    ['PORT', 'http'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['POSTHORN_WORKER_PORT', 'x'],
    ['POSTHORN_DATABASE_POOL_MAX', '1'],
    ['POSTHORN_QUEUE', 'kafka'],
    ['POSTHORN_QUEUE_SHARDS', '0'],
    ['POSTHORN_QUEUE_SHARDS', '65'],
    ['POSTHORN_WORKER_CONCURRENCY', '0'],
    ['POSTHORN_SHUTDOWN_S', '0'],
    ['POSTHORN_RETENTION_DAYS', '7'],
    ['POSTHORN_IDEMPOTENCY_HOURS', '169'],
    ['LOG_LEVEL', 'loud'],
    ['POSTHORN_ENCRYPTION_KEY', 'not base64'],
    ['POSTHORN_ENCRYPTION_KEY', Buffer.alloc(31).toString('base64')],
    ['POSTHORN_ENCRYPTION_KEY', `${encryptionKey}AAAA`],
    ['POSTHORN_BOOTSTRAP_KEY', 'secret'],
  ])('refuses %s=%s and names it', (name, value) => {
    const problems = problemsOf({ [name]: value });
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) expect(problem).toMatch(new RegExp(`^${name} `));
  });

  it('never shows the value of a secret in an error', () => {
    const problems = problemsOf({ POSTHORN_ENCRYPTION_KEY: 'hunter2', POSTHORN_BOOTSTRAP_KEY: 'hunter2' });
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('says everything that is wrong at once', () => {
    const problems = problemsOf({ NODE_ENV: 'production', PORT: 'x', LOG_LEVEL: 'loud', POSTHORN_BOOTSTRAP_KEY: 'secret' });
    for (const name of ['PORT', 'LOG_LEVEL', 'POSTHORN_BOOTSTRAP_KEY', 'POSTHORN_ENCRYPTION_KEY', 'DATABASE_URL', 'REDIS_URL'])
      expect(problems).toEqual(expect.arrayContaining([expect.stringMatching(new RegExp(`^${name} `))]));
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
    ['REDIS_URL', /^REDIS_URL is not set: say POSTHORN_QUEUE=postgres/],
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
