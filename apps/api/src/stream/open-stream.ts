// The live messages on this process's Postgres: listening, keeping the others telling, and looking at what is not told.
import { type HotPool, keepLive, liveLeaseS, readChangedSwitches, startLiveListener } from '@posthorn/db';
import { watchCircuits } from './circuits.js';
import { createStreamHub, type StreamHub } from './hub.js';

export type StreamOptions = {
  readonly pool: HotPool;
  /** Of the server itself, not of a pooler. */
  readonly listenUrl: string;
  readonly processId: string;
  readonly onError: (error: unknown) => void;
};

export const openStreamHub = ({ pool, listenUrl, processId, onError }: StreamOptions): StreamHub =>
  createStreamHub({
    processId,
    listen: (onMessages, onGap) => {
      const listener = startLiveListener({ url: listenUrl, onMessages, onGap, onError });
      const circuits = watchCircuits((sinceMs) => readChangedSwitches(pool, sinceMs), onMessages, onError);
      const keep = (): void => {
        keepLive(pool).catch(onError);
      };
      keep();
      const keeping = setInterval(keep, (liveLeaseS * 1_000) / 3);
      return {
        stop: async () => {
          clearInterval(keeping);
          circuits.stop();
          await listener.stop();
        },
      };
    },
  });
