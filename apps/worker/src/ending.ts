// The beginning of a worker's end: no dispatch is claimed any more, and what was taken begins soon or is given back as due.
import type { DispatchJob } from '@posthorn/queue';
import { limits } from './limits.js';

export type Ending = {
  /** No dispatch is claimed from now on; deliveries that were taken begin within `stopBeginMs`, or not here. */
  readonly begin: () => void;
  readonly isBegun: () => boolean;
  /** Whether a delivery that was taken may still begin. */
  readonly mayBegin: () => boolean;
  /** The job was taken, and its dispatch not claimed. */
  readonly leave: (job: DispatchJob) => void;
  /** Gives up the dispatches that were left, once their jobs have ended. Never rejects: at worst their leases run out. */
  readonly giveBack: () => Promise<void>;
};

export type EndingDependencies = {
  readonly giveBack: (dispatches: readonly DispatchJob[]) => Promise<void>;
  /** Called when nothing may begin any more. */
  readonly onOver: () => void;
  readonly onError: (error: unknown) => void;
};

export const createEnding = (dependencies: EndingDependencies): Ending => {
  const left: DispatchJob[] = [];
  let beginsUntil = Number.POSITIVE_INFINITY;
  return {
    begin: () => {
      beginsUntil = performance.now() + limits.stopBeginMs;
      setTimeout(dependencies.onOver, limits.stopBeginMs);
    },
    isBegun: () => beginsUntil !== Number.POSITIVE_INFINITY,
    mayBegin: () => performance.now() < beginsUntil,
    leave: (job) => void left.push(job),
    giveBack: async () => {
      if (left.length > 0) await dependencies.giveBack(left).catch(dependencies.onError);
    },
  };
};
