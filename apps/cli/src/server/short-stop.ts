// Says when a stop may be shorter than a request: then it cuts requests, which are made again.
import { readLongestTimeoutMs } from '@posthorn/db';
import type { Resources } from './resources.js';
import { stopTimesOf } from './shutdown.js';

/** Warns once, in the log, if webhooks may take longer than a stop waits for them. */
export const warnOfShortStop = async ({ config, logger, pool }: Pick<Resources, 'config' | 'logger' | 'pool'>): Promise<void> => {
  const longestTimeoutMs = await readLongestTimeoutMs(pool);
  const waitsMs = stopTimesOf(config.shutdownS * 1_000).cutAfterMs;
  if (longestTimeoutMs > waitsMs)
    logger.warn({ shutdown_s: config.shutdownS, waits_ms: waitsMs, longest_timeout_ms: longestTimeoutMs }, 'shutdown.shorter_than_timeout');
};
