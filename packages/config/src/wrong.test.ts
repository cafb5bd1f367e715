// Every variable wrong once, and all of them at once: each is named, with what it must be and what to set.
import { describe, expect, it } from '@jest/globals';
import { readConfig, type VariableName, variables } from './config.js';
import { explainConfig, findUnknownVariables, unknownLine } from './explain.js';
import { ConfigError } from './problem.js';
import { variableFacts } from './variable-facts.js';

const encryptionKey = Buffer.alloc(32, 7).toString('base64');

const problemsOf = (environment: Readonly<Record<string, string>>): readonly string[] => {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
};

const wrong: readonly (readonly [VariableName, string])[] = [
  ['PORT', '65536'],
  ['PORT', 'http'],
  ['PORT', '-1'],
  ['PORT', '80.5'],
  ['POSTHORN_WORKER_PORT', 'x'],
  ['POSTHORN_DATABASE_POOL_MAX', '1'],
  ['POSTHORN_QUEUE', 'kafka'],
  ['POSTHORN_QUEUE_SHARDS', '0'],
  ['POSTHORN_QUEUE_SHARDS', '65'],
  ['POSTHORN_WORKER_SHARDS', '1'],
  ['POSTHORN_WORKER_SHARDS', 'some'],
  ['POSTHORN_WORKER_CONCURRENCY', '0'],
  ['POSTHORN_SHUTDOWN_S', '0'],
  ['POSTHORN_START_WAIT_S', '3601'],
  ['POSTHORN_RETENTION_DAYS', '7'],
  ['POSTHORN_IDEMPOTENCY_HOURS', '169'],
  ['POSTHORN_NOTIFICATION_WINDOW_S', '0'],
  ['POSTHORN_NOTIFICATION_WINDOW_S', '3601'],
  ['POSTHORN_PUBLIC_URL', 'hooks.example'],
  ['POSTHORN_PUBLIC_URL', 'javascript:alert(1)'],
  ['SMTP_URL', 'mail.example'],
  ['SMTP_URL', 'mail.example:25'],
  ['SMTP_URL', 'http://mail.example'],
  ['SMTP_URL', 'smtp://'],
  ['SMTP_URL', 'smtp:mail.example'],
  ['SMTP_URL', 'smtp://mail.example:65536'],
  ['SMTP_URL', 'smtp://me:100%@mail.example'],
  ['POSTHORN_OPERATOR_EMAIL', 'nobody'],
  ['POSTHORN_OPERATOR_EMAIL', 'a@x.example, b@y.example'],
  ['POSTHORN_OPERATOR_EMAIL', 'Operator <a@x.example>'],
  ['POSTHORN_OPERATOR_EMAIL', 'a@x.example\r\nBcc: b@y.example'],
  ['POSTHORN_OPERATOR_EMAIL', `${'a'.repeat(250)}@x.example`],
  ['POSTHORN_MAIL_FROM', 'nobody'],
  ['POSTHORN_MAIL_FROM', 'A <a@x.example>, B <b@y.example>'],
  ['POSTHORN_MAIL_FROM', 'A\r\nBcc: b@y.example <a@x.example>'],
  ['POSTHORN_MAIL_FROM', 'a@x.example <a@x.example>'],
  ['POSTHORN_MANAGEMENT_REQUESTS_PER_S', '-1'],
  ['POSTHORN_PUBLISH_EVENTS_PER_S', 'many'],
  ...['true', '10.0.0.0/33', '10.0.0.0/', '::1/129', '10.0.0/8', '10.0.0.1/8/8'].map((value) => ['POSTHORN_TRUST_PROXY', value] as const),
  ['LOG_LEVEL', 'loud'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'Bearer token'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'a=b\r\nc=d'],
  ['OTEL_TRACES_SAMPLER', 'some'],
  ...['1', 'yes', 'TRUE'].map((value) => ['POSTHORN_TRACE_ENDPOINTS', value] as const),
  ...['5', '-1', '1.1', 'all', '.', '1e9'].map((value) => ['OTEL_TRACES_SAMPLER_ARG', value] as const),
  ['POSTHORN_ENCRYPTION_KEY', 'not base64'],
  ['POSTHORN_ENCRYPTION_KEY', Buffer.alloc(31).toString('base64')],
  ['POSTHORN_ENCRYPTION_KEY', `${encryptionKey}AAAA`],
  ['POSTHORN_ENCRYPTION_KEY_NEXT', 'not base64'],
  ['POSTHORN_ENCRYPTION_KEY_NEXT', Buffer.alloc(33).toString('base64')],
  ['POSTHORN_BOOTSTRAP_KEY', 'secret'],
  ...[
    'db.example',
    'mysql://db.example/posthorn',
    'postgres:db',
    'postgres://me:100%@db.example/posthorn',
    'postgres://db.example:65536/x',
  ].flatMap((value) => [['DATABASE_URL', value] as const, ['POSTHORN_DATABASE_DIRECT_URL', value] as const]),
  ...['redis.example', 'redis.example:6379', 'http://redis.example', 'redis://', 'redis://a,', 'redis://a/x', 'redis://a, b c'].map(
    (value) => ['REDIS_URL', value] as const,
  ),
  ...['loopback', '10.0.0.0/33', '127.0.0.1:0', '127.0.0.1:65536', '[127.0.0.1]:80', '10.0.0.1-10.0.0.9'].map(
    (value) => ['POSTHORN_EGRESS_ALLOW', value] as const,
  ),
];
/** Any text will do for these. */
const free: readonly VariableName[] = [
  'NODE_ENV',
  'HOST',
  'POSTHORN_DATA_DIR',
  'POSTHORN_COMMIT',
  'OTEL_SERVICE_NAME',
  'npm_lifecycle_event',
];
const names = Object.keys(variables.properties) as VariableName[];

describe('a wrong configuration', () => {
  it.each(wrong)('of %s=%s is refused by its name, with what to set', (name, value) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toEqual([expect.stringMatching(new RegExp(`^${name} (must be|is) .*: set ${name}=`))]);
  });

  it('is tried with every variable that can be wrong', () => {
    expect([...new Set(wrong.map(([name]) => name)), ...free].sort()).toEqual([...names].sort());
  });

  it('is told at once, each variable once', () => {
    const problems = problemsOf(Object.fromEntries(wrong));
    expect(problems.map((problem) => problem.split(' ')[0]).sort()).toEqual([...new Set(wrong.map(([name]) => name))].sort());
  });

  it('is told at once with what is missing in production', () => {
    const problems = problemsOf({ NODE_ENV: 'production', PORT: 'x', LOG_LEVEL: 'loud', POSTHORN_BOOTSTRAP_KEY: 'secret' });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'PORT',
      'LOG_LEVEL',
      'POSTHORN_BOOTSTRAP_KEY',
      'POSTHORN_ENCRYPTION_KEY',
      'DATABASE_URL',
      'REDIS_URL',
    ]);
    expect(problemsOf({ NODE_ENV: 'production', POSTHORN_ENCRYPTION_KEY_NEXT: encryptionKey, POSTHORN_QUEUE: 'redis' })).toHaveLength(4);
  });

  it.each(names)('is put right by the example of %s', (name) => {
    const { example } = variableFacts[name];
    const made = example.replace(/\$\(openssl rand -base64 32\)/, encryptionKey).replace(/\$\(openssl rand -hex 24\)/, 'ab'.repeat(24));
    const others =
      name === 'NODE_ENV' ? { POSTHORN_ENCRYPTION_KEY: encryptionKey, DATABASE_URL: 'postgres://db', REDIS_URL: 'redis://r' } : {};
    expect(problemsOf({ ...others, [name]: made })).toEqual([]);
  });
});

describe('right addresses', () => {
  it.each([
    ['DATABASE_URL', 'postgresql://db.example/posthorn?sslmode=require'],
    ['DATABASE_URL', 'postgres:///posthorn?host=/var/run/postgresql'],
    ['REDIS_URL', 'rediss://me:p%40ss@redis.example:6380/1'],
    ['REDIS_URL', 'redis://a:6379,b:6379, redis://c'],
    ['REDIS_URL', 'redis://[::1]:6379'],
    ['REDIS_URL', 'redis://a?cluster=true'],
    ['POSTHORN_EGRESS_ALLOW', '10.0.0.0/8:443, 127.0.0.1,fd00::/8,[::1]/128:9000,'],
  ])('%s=%s is taken', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([]);
  });
});

describe('a variable that is none of ours', () => {
  it('is told with the nearest name', () => {
    const environment = {
      POSTHORN_SHUTDOWN: '5',
      POSTHORN_EGRES_ALLOW: '',
      POSTHORN_TEST_DATABASE_URL: 'x',
      POSTHORN_ENTIRELY_OTHER_MATTER: 'x',
      PATH: 'x',
    };
    expect(findUnknownVariables(environment)).toEqual([
      { variable: 'POSTHORN_EGRES_ALLOW', nearest: 'POSTHORN_EGRESS_ALLOW' },
      { variable: 'POSTHORN_ENTIRELY_OTHER_MATTER', nearest: null },
      { variable: 'POSTHORN_SHUTDOWN', nearest: 'POSTHORN_SHUTDOWN_S' },
    ]);
    expect(findUnknownVariables(environment).map(unknownLine)).toEqual([
      'POSTHORN_EGRES_ALLOW is not a variable of Posthorn and changes nothing: do you mean POSTHORN_EGRESS_ALLOW?',
      'POSTHORN_ENTIRELY_OTHER_MATTER is not a variable of Posthorn and changes nothing',
      'POSTHORN_SHUTDOWN is not a variable of Posthorn and changes nothing: do you mean POSTHORN_SHUTDOWN_S?',
    ]);
    expect(explainConfig(environment)).toMatchObject({ problems: [], unknown: expect.any(Array) });
  });
});
