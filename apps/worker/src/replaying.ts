// The scheduler's part of replays: each round it lets every replay open its next page, as far as its waiting deliveries leave room, and cancels
// what still comes back of the cancelled ones. It knows nothing that is not in Postgres but where its round was: another goes on where it ended.
import { createReplayReader, findOpenReplays, type HotPool, type OpenReplay, stepReplay, sweepCancelledReplay } from '@posthorn/db';

export type Replaying = {
  /** One step of every replay whose turn it is; true: there is more to open now. */
  readonly step: () => Promise<boolean>;
};

export type ReplayingDependencies = {
  /** Replays that are not over, oldest first, after an id. */
  readonly findOpen: (afterId: string | null, replaysMax: number) => Promise<readonly OpenReplay[]>;
  /** Opens the next page of a running one; true: there is more that could be opened now. */
  readonly open: (replay: OpenReplay) => Promise<boolean>;
  /** Cancels up to `rowsMax` deliveries of a cancelled one; returns how many. */
  readonly sweep: (replay: OpenReplay, rowsMax: number) => Promise<number>;
  /** A replay that could not be stepped is tried again; the others go on. */
  readonly onError: (error: unknown, replayId: string) => void;
};

/** Replays that a round looks at; the next round goes on with those after them. */
export const replaysPerRoundMax = 20;
const sweepRowsMax = 1_000;

export const createReplaying = ({ findOpen, open, sweep, onError }: ReplayingDependencies): Replaying => {
  let afterId: string | null = null;

  const stepOne = async (replay: OpenReplay): Promise<boolean> => {
    try {
      if (replay.status === 'running') return await open(replay);
      return (await sweep(replay, sweepRowsMax)) >= sweepRowsMax;
    } catch (error) {
      onError(error, replay.id);
      return false;
    }
  };

  return {
    step: async () => {
      const replays = await findOpen(afterId, replaysPerRoundMax);
      afterId = replays.length < replaysPerRoundMax ? null : (replays.at(-1)?.id ?? null);
      let more = false;
      for (const replay of replays) more = (await stepOne(replay)) || more;
      return more;
    },
  };
};

/** Replaying on a worker's Postgres. `slot`: which of the statistics slots (0–15) it counts in. */
export const createReplayingOn = (pool: HotPool, slot: number, onError: ReplayingDependencies['onError']): Replaying => {
  const read = createReplayReader(pool);
  return createReplaying({
    findOpen: (afterId, replaysMax) => findOpenReplays(pool, afterId, replaysMax),
    open: (replay) => stepReplay(pool, read, replay, slot),
    sweep: (replay, rowsMax) => sweepCancelledReplay(pool, replay.id, rowsMax, slot),
    onError,
  });
};
