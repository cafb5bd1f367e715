// Which shards of the queue this worker serves and feeds: those that it is to serve, as far as the installation has them. It follows a change of
// their number while it runs, and tells of shards that nobody serves.
import { createShardFollower, findUnservedShards, type HotPool, listShardProcesses, type QueueShards } from '@posthorn/db';
import { type QueueConsumer, type QueueProducer, shardsBelow } from '@posthorn/queue';
import type { Logger } from '@posthorn/telemetry';
import { limits } from './limits.js';

/** The shards that a worker is to serve. */
export type ChosenShards = 'all' | readonly number[];

/** Those of them that there are. */
export const servedOf = (chosen: ChosenShards, shards: number): readonly number[] =>
  chosen === 'all' ? shardsBelow(shards) : chosen.filter((shard) => shard < shards);

export type ServingOptions = {
  readonly pool: HotPool;
  readonly chosen: ChosenShards;
  /** What it goes by before it has read how many there are. */
  readonly queueShards: number;
  readonly consumer: Pick<QueueConsumer, 'serve'>;
  readonly producer: Pick<QueueProducer, 'feed'>;
  /** One process of all looks for shards that nobody serves. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
  readonly onChange: () => void;
  readonly report: (doing: string) => (error: unknown) => void;
};

export type Serving = {
  readonly now: () => { readonly fed: number; readonly served: readonly number[] };
  /** Shards that are fed and that no worker serves, asked now. */
  readonly unserved: () => Promise<readonly number[]>;
  /** Reads how many shards there are, and follows that from then on. */
  readonly start: () => Promise<void>;
  readonly stop: () => void;
};

export const createServing = (options: ServingOptions): Serving => {
  const { pool, chosen, consumer, producer, logger } = options;
  let shards: QueueShards = { fed: options.queueShards, served: options.queueShards };
  const served = (): readonly number[] => servedOf(chosen, shards.served);
  const follower = createShardFollower(
    pool,
    (changed) => {
      shards = changed;
      producer.feed(changed.fed);
      consumer.serve(served()).catch(options.report('serve shards'));
      logger.info({ ...changed, serves: served() }, 'queue.shards');
      if (served().length === 0) logger.warn({ shards: changed.served }, 'queue.serves_no_shard');
      options.onChange();
    },
    options.report('follow the shards'),
  );

  const findUnserved = async (): Promise<readonly number[]> => findUnservedShards(await listShardProcesses(pool), shards.fed);
  let unserved: readonly number[] = [];
  let told = '';
  /** What nobody serves at two looks, so that a restart is not told of. */
  const lookForUnserved = async (): Promise<void> => {
    const before = unserved;
    unserved = options.isActive() ? await findUnserved() : [];
    const tell = unserved.filter((shard) => before.includes(shard));
    if (tell.join() === told) return;
    told = tell.join();
    if (tell.length === 0) logger.info({}, 'queue.shards_served');
    else logger.warn({ shards: tell }, 'queue.shards_unserved');
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    now: () => ({ fed: shards.fed, served: served() }),
    unserved: findUnserved,
    start: async () => {
      await follower.look().catch(options.report('follow the shards'));
      follower.start();
      timer = setInterval(() => void lookForUnserved().catch(options.report('look for unserved shards')), limits.unservedEveryMs).unref();
    },
    stop: () => {
      clearInterval(timer);
      follower.stop();
    },
  };
};
