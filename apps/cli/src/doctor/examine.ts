// All checks in their order: what is here, what is asked over the network, and the round trip through the API that runs.
import { createClient } from '@posthorn/client';
import { type Config, ConfigError, explainConfig, readConfig } from '@posthorn/config';
import { answers } from '../api-address.js';
import { findKey } from '../api-options.js';
import { checkNames, checkPorts, localUrlOf } from './address-checks.js';
import { type Check, type ErrorWords, lookWithin, warning } from './check.js';
import { checkDatabase } from './database-checks.js';
import { secretsOf, wordsWithout } from './error-words.js';
import { checkMail } from './mail-check.js';
import { checkConfiguration, checkConsole, checkDataDirectory, checkEgress, checkEncryptionKey, checkKeyFiles } from './own-checks.js';
import { checkQueue } from './queue-checks.js';
import type { ReceiverPlace } from './receiver-place.js';
import { checkRoundTrip, roundTripName } from './round-trip.js';

export type ExamineOptions = {
  /** Of the API; undefined: that of the configuration. */
  readonly url?: string;
  readonly key?: string;
  /** Of the round trip. */
  readonly receiver: ReceiverPlace;
  /** How long the event of the round trip may take to arrive. */
  readonly arriveMs: number;
  readonly signal: AbortSignal;
  /** Told each finding as soon as it is there. */
  readonly found: (check: Check) => void;
};

const lookMs = 20_000;
const tryMs = 10_000;

/** Runs every check, one after the other. Never rejects for what it finds, but when `signal` is aborted. */
export const examine = async (options: ExamineOptions): Promise<readonly Check[]> => {
  const all: Check[] = [];
  const tell = (checks: readonly Check[]): void => {
    for (const check of checks) options.found(check);
    all.push(...checks);
  };
  tell(checkConfiguration(explainConfig()));
  const config = usableConfig();
  if (config === null) return all;
  const words = wordsWithout(secretsOf(config));
  const looks: readonly (readonly [name: string, fix: string, find: () => Promise<readonly Check[]>])[] = [
    ['data directory', 'look at the folder that POSTHORN_DATA_DIR names', () => checkDataDirectory(config, words)],
    ['key files', 'look at the folder that POSTHORN_DATA_DIR names', () => checkKeyFiles(config)],
    ['encryption key', 'look at the folder that POSTHORN_DATA_DIR names', () => checkEncryptionKey(config, words)],
    ['console', 'npm ci && npm run build', () => checkConsole(words)],
    ['address guard', 'put POSTHORN_EGRESS_ALLOW right', async () => checkEgress(config)],
    ['dns', 'look at the resolver of this machine', () => checkNames(config, words)],
    ['postgres', 'start it, or put its address in DATABASE_URL right', () => checkDatabase(config, words)],
    ['queue', 'start it, or put its address in REDIS_URL right', () => checkQueue(config, words)],
    ['mail server', 'put SMTP_URL right', () => checkMail(config, words)],
    ['ports', 'put HOST, PORT and POSTHORN_WORKER_PORT right', () => checkPorts(config)],
  ];
  for (const [name, fix, find] of looks) {
    options.signal.throwIfAborted();
    tell(await lookWithin({ name, fix, lookMs }, words, find));
  }
  tell(await travel(options, config, words));
  options.signal.throwIfAborted();
  return all;
};

const usableConfig = (): Config | null => {
  try {
    return readConfig();
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
};

/** The round trip, if an API answers and there is a key for it. */
const travel = async (options: ExamineOptions, config: Config, words: ErrorWords): Promise<readonly Check[]> => {
  const urls = options.url === undefined ? [localUrlOf(config.host, config.port), config.publicUrl] : [options.url];
  const url = await firstThatAnswers(urls);
  if (url === null) {
    const sentence = `not made: no API answers on ${[...new Set(urls)].join(' or ')}`;
    return [warning(roundTripName, sentence, 'start one (posthorn start, or posthorn api and posthorn worker), or name it with --url')];
  }
  try {
    const key = options.key ?? (await findKey());
    const secrets = wordsWithout([...secretsOf(config), key]);
    const api = createClient({ url, key, retries: 1, timeoutMs: tryMs });
    return await checkRoundTrip({
      api,
      place: options.receiver,
      arriveMs: options.arriveMs,
      signal: options.signal,
      words: secrets,
    });
  } catch (error) {
    return [warning(roundTripName, `not made: ${words(error)}`, 'name an admin key with --key')];
  }
};

const firstThatAnswers = async (urls: readonly string[]): Promise<string | null> => {
  for (const url of urls) if (await answers(url, '/healthz')) return url;
  return null;
};
