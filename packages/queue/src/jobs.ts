// Every queue and every job, in one place. A job carries ids only: the events stand in Postgres, and a lost job costs latency, never an event.

/** What travels in its own queue, with its own slots, so that one cannot delay the other. */
export const lanes = ['first', 'due', 'replay'] as const;
/** `first`: new dispatches. `due`: chunks of waiting deliveries that the scheduler handed out. `replay`: the same of replays. */
export type Lane = (typeof lanes)[number];

/** A dispatch to claim under the number it had when it was fed. */
export type DispatchJob = { readonly id: string; readonly claim: number; readonly firstEventId: string; readonly lastEventId: string };

/** Chunks of any number of webhooks, leased together. */
export type DueJob = {
  readonly chunks: readonly {
    readonly webhookId: string;
    readonly turn: number;
    readonly probe: boolean;
    readonly epoch: number;
    readonly replay: boolean;
    readonly deliveries: readonly { readonly eventId: string; readonly attempt: number }[];
  }[];
};

export type JobOf<L extends Lane> = L extends 'first' ? DispatchJob : DueJob;

/** 0 up to a number of shards, without it. */
export const shardsBelow = (shards: number): readonly number[] => Array.from({ length: shards }, (_, shard) => shard);

export const queueName = (lane: Lane, shard: number): string => `posthorn-${lane}-${shard}`;
/** All keys of a shard stand under one hash tag, so that a Redis Cluster keeps them in one slot. */
export const queuePrefix = (shard: number): string => `{q${shard}}`;
/** A Redis key that is gone after the queue's data were lost. */
export const generationKey = (shard: number): string => `${queuePrefix(shard)}:posthorn:generation`;

/** Feeding a dispatch again while its job still waits is a no-op; after its worker died (the claim rose) it is a new job. */
export const dispatchJobId = (job: DispatchJob): string => `${job.id}-${job.claim}`;

/** Postgres decides about retries and failures, so a job is tried once and leaves no trace. */
export const jobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true, stackTraceLimit: 0 } as const;
