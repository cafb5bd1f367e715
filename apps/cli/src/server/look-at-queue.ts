// The look at Redis when a server starts. It starts without one, too: what is accepted meanwhile is delivered when Redis is back.
import { lookAtRedis, type QueueLocation } from '@posthorn/queue';
import type { Logger } from '@posthorn/telemetry';
import { CommandError } from '../exit-codes.js';
import { judgeRedis, redisRefusal } from './judge-redis.js';

/** Logs what is doubtful. @throws CommandError where starting again changes nothing: Redis is too old, or refuses whom REDIS_URL names */
export const lookAtQueue = async (location: QueueLocation, logger: Logger): Promise<void> => {
  if (location.kind === 'postgres') return;
  const servers = await lookAtRedis(location.url).catch((error: unknown) => {
    const refusal = redisRefusal(error);
    if (refusal !== null) throw new CommandError('configuration', refusal, { cause: error });
    logger.error({ err: error }, 'queue.not_reachable');
    return [];
  });
  for (const { refusal, doubts } of servers.map(judgeRedis)) {
    if (refusal !== null) throw new CommandError('configuration', refusal);
    for (const reason of doubts) logger.error({ reason }, 'queue.doubtful');
  }
};
