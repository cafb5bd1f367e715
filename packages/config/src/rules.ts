// What each variable must be beyond its shape, and what variables must be together. All of it looks at the texts as they were given, so that
// everything that is wrong is told at once.
import { readApiKey } from '@posthorn/core';
import type { VariableName } from './config.js';
import { isMailbox, isMailServerUrl, isOneAddress, isWebUrl } from './mail-settings.js';
import { isNetwork, isNetworkWithPort, listOf } from './network-lists.js';
import type { ConfigProblem } from './problem.js';
import { readWorkerShards } from './queue-settings.js';
import { shapeOf } from './shapes.js';
import { isHeaderList, isShare } from './trace-settings.js';
import { isPostgresUrl, isRedisUrl } from './urls.js';
import { newKeyCommand, variableFacts } from './variable-facts.js';

export type GivenVariables = Readonly<Partial<Record<VariableName, string>>>;

/** The 32 bytes of a key in base64; null: it is none. */
export const readEncryptionKey = (text: string | undefined): Buffer | null => {
  if (text === undefined) return null;
  const key = Buffer.from(text, 'base64');
  return key.length === 32 && key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '') ? key : null;
};

const isKey = (text: string): boolean => readEncryptionKey(text) !== null;
const key = '32 bytes in base64';

/** What a variable that is set must be. */
const rules: Readonly<Partial<Record<VariableName, { readonly holds: (text: string) => boolean; readonly mustBe: string }>>> = {
  POSTHORN_PUBLIC_URL: { holds: isWebUrl, mustBe: 'a URL with http:// or https://' },
  DATABASE_URL: { holds: isPostgresUrl, mustBe: 'a URL with postgres://, its user and password percent-encoded' },
  POSTHORN_DATABASE_DIRECT_URL: { holds: isPostgresUrl, mustBe: 'a URL with postgres://, its user and password percent-encoded' },
  REDIS_URL: {
    holds: isRedisUrl,
    mustBe: 'a URL with redis:// or rediss://, or the nodes of a cluster with commas between them',
  },
  POSTHORN_BOOTSTRAP_KEY: { holds: (text) => readApiKey(text) !== null, mustBe: 'ph_test_ or ph_live_ and 24–120 of [A-Za-z0-9_]' },
  POSTHORN_ENCRYPTION_KEY: { holds: isKey, mustBe: key },
  POSTHORN_ENCRYPTION_KEY_NEXT: { holds: isKey, mustBe: key },
  POSTHORN_EGRESS_ALLOW: {
    holds: (text) => listOf(text).every(isNetworkWithPort),
    mustBe: 'addresses or CIDRs, comma-separated, each with :port if wanted, IPv6 with a port in brackets',
  },
  POSTHORN_WORKER_SHARDS: {
    holds: (text) => readWorkerShards(text) !== null,
    mustBe: 'all, or numbers and ranges from 0 to 63, comma-separated, as 0-3,7',
  },
  SMTP_URL: {
    holds: isMailServerUrl,
    mustBe: 'smtp://host:port or smtps://host:port, with user:password@ before the host if needed (percent-encoded)',
  },
  POSTHORN_MAIL_FROM: { holds: isMailbox, mustBe: 'one sender: name <address>, or an address' },
  POSTHORN_OPERATOR_EMAIL: { holds: isOneAddress, mustBe: 'one address' },
  POSTHORN_TRUST_PROXY: { holds: (text) => listOf(text).every(isNetwork), mustBe: 'addresses or CIDRs, comma-separated' },
  OTEL_EXPORTER_OTLP_ENDPOINT: { holds: isWebUrl, mustBe: 'a URL with http:// or https://' },
  OTEL_EXPORTER_OTLP_HEADERS: { holds: isHeaderList, mustBe: 'name=value, comma-separated, values percent-encoded' },
  OTEL_TRACES_SAMPLER_ARG: { holds: isShare, mustBe: 'a number from 0 to 1' },
};

/** What a variable may be, in words. */
export const valuesOf = (variable: VariableName): string => rules[variable]?.mustBe ?? shapeOf(variable);

/** A problem whose fix is to set the variable as its example has it. */
export const problemOf = (variable: VariableName, problem: string, fix = `set ${exampleOf(variable)}`): ConfigProblem => ({
  variable,
  problem,
  fix,
});

/** `NAME=value`, as a shell takes it. */
export const exampleOf = (variable: VariableName): string => {
  const { example } = variableFacts[variable];
  return `${variable}=${/[ <>&;()]/.test(example) ? `"${example}"` : example}`;
};

const brokenRules = (given: GivenVariables): readonly ConfigProblem[] =>
  Object.entries(rules).flatMap(([name, { holds, mustBe }]) => {
    const variable = name as VariableName;
    const text = given[variable];
    return text === undefined || holds(text) ? [] : [problemOf(variable, `must be ${mustBe}`)];
  });

const isSameKey = (one: string | undefined, other: string | undefined): boolean => {
  const [first, second] = [readEncryptionKey(one), readEncryptionKey(other)];
  return first !== null && second !== null && first.equals(second);
};

/** Shards that a worker is to serve, and that there are not. */
const shardsBeyond = ({ POSTHORN_WORKER_SHARDS: text = 'all', POSTHORN_QUEUE_SHARDS: shards = '1' }: GivenVariables): readonly number[] => {
  const served = readWorkerShards(text);
  return served === null || served === 'all' ? [] : served.filter((shard) => shard >= Number(shards));
};

const together = (given: GivenVariables): readonly (ConfigProblem | false)[] => {
  const { NODE_ENV, POSTHORN_QUEUE, REDIS_URL } = given;
  const production = NODE_ENV === 'production';
  const beyond = shardsBeyond(given);
  return [
    isSameKey(given.POSTHORN_ENCRYPTION_KEY, given.POSTHORN_ENCRYPTION_KEY_NEXT) &&
      problemOf('POSTHORN_ENCRYPTION_KEY_NEXT', 'must be another key than POSTHORN_ENCRYPTION_KEY'),
    given.POSTHORN_ENCRYPTION_KEY_NEXT !== undefined &&
      given.POSTHORN_ENCRYPTION_KEY === undefined &&
      production &&
      problemOf('POSTHORN_ENCRYPTION_KEY_NEXT', 'stands without POSTHORN_ENCRYPTION_KEY', 'set both, or the first alone'),
    production &&
      given.POSTHORN_ENCRYPTION_KEY === undefined &&
      problemOf(
        'POSTHORN_ENCRYPTION_KEY',
        'is required in production',
        `make one and keep it safe: POSTHORN_ENCRYPTION_KEY=${newKeyCommand}`,
      ),
    production && given.DATABASE_URL === undefined && problemOf('DATABASE_URL', 'is required in production'),
    production &&
      REDIS_URL === undefined &&
      POSTHORN_QUEUE === undefined &&
      problemOf(
        'REDIS_URL',
        'is not set',
        `set ${exampleOf('REDIS_URL')}, or say POSTHORN_QUEUE=postgres if the queue is to live in Postgres`,
      ),
    POSTHORN_QUEUE === 'redis' &&
      REDIS_URL === undefined &&
      problemOf('POSTHORN_QUEUE', 'is redis, which needs REDIS_URL', `set ${exampleOf('REDIS_URL')}, or POSTHORN_QUEUE=postgres`),
    POSTHORN_QUEUE === 'postgres' &&
      REDIS_URL !== undefined &&
      problemOf('POSTHORN_QUEUE', 'is postgres, which contradicts REDIS_URL', 'remove REDIS_URL, or set POSTHORN_QUEUE=redis'),
    beyond.length > 0 &&
      problemOf(
        'POSTHORN_WORKER_SHARDS',
        `is for shard ${beyond.join(', ')}, where POSTHORN_QUEUE_SHARDS is ${given.POSTHORN_QUEUE_SHARDS ?? 1}: they are counted from 0`,
      ),
  ];
};

/** Everything that is wrong beyond the shapes. */
export const brokenRulesOf = (given: GivenVariables): readonly ConfigProblem[] => [
  ...brokenRules(given),
  ...together(given).filter((problem) => problem !== false),
];
