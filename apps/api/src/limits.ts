// Every bound of the API, with its unit.
export const limits = {
  /** A micro-batch closes at so many events, so many bytes, or so long after its first, whichever is first. */
  batchEventsMax: 100,
  batchBytesMax: 1024 * 1024,
  lingerMs: { redis: 3, postgres: 5 },
  commitsMax: 3,
  /** Accepted but not committed: beyond, the answer is 503. */
  waitingEventsMax: 20_000,
  waitingBytesMax: 64 * 1024 * 1024,
  /** Waiting jobs of a shard up to which new dispatches are enqueued; beyond, the scheduler feeds them later. */
  waitingDispatchesMax: 2_000,
  /** How long an enqueued dispatch waits for its first claim before the scheduler feeds it again. */
  dispatchLeaseMs: 30_000,
  requestBytesMax: 64 * 1024,
  keyCacheMs: 5_000,
  keysMax: 10_000,
  tenantsMax: 100_000,
  retryAfterS: 1,
  /** How often a key that was taken by an event which then rolled back is tried again. */
  keyTriesMax: 5,
  listDefault: 50,
  listMax: 200,
  requestTimeoutMs: 30_000,
  /** How long it is counted what a replay covers; then its total is left open. */
  replayCountMs: 15_000,
  replayCountsMax: 4,
} as const;
