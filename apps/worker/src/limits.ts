// Every bound of a worker and its scheduler, with its unit.
import { noSuccessS } from '@posthorn/core';

export const limits = {
  /** How long a claim holds without renewal, and how often it is renewed. */
  claimLeaseMs: 8_000,
  claimRenewMs: 2_500,
  /** How long a request may be open, or a delivery wait for a place at its webhook, before it leaves its dispatch. */
  parkAfterMs: 500,
  /** How long a webhook counts as slow after its last slow request ended, if no answer in time is seen. */
  slowMs: 60_000,
  /** Inline deliveries under way to a webhook that has not answered in time lately. */
  untriedInFlightMax: 4,
  /** A dispatch that takes longer goes on without its job, whose slot is free for the next; so many dispatches run at once. */
  jobHeldMs: 25,
  dispatchesMax: 200,
  /** A worker that stops begins for so long what it has taken; the rest is given back. How long it waits for the queue to take its leave. */
  stopBeginMs: 500,
  stopQueueMs: 3_000,
  /** Inline deliveries under way in this worker; the others wait their turn, and no dispatch is claimed meanwhile. */
  inlineInFlightMax: 512,
  /** The lease of a parked request beyond its timeout. */
  parkedLeaseExtraMs: 10_000,
  /** Inline deliveries of one dispatch; what matches beyond that waits for the scheduler. */
  inlineDeliveriesMax: 1_000,
  /** Requests open in this worker, slow ones included; no dispatch is claimed above. */
  openRequestsMax: 1_024,
  /** A flush starts at so many rows, or so long after the first, whichever is first; it carries at most flushRowsMax. */
  flushRowsStart: 128,
  flushRowsMax: 512,
  flushAfterMs: 10,
  /** A flush that failed is sent again after this long (it is idempotent). */
  flushRetryMs: 200,
  /** When a delivery whose result Postgres refuses to store is due again. */
  unstorableRetryMs: 60_000,
  /** A chunk's deliveries that have not begun by then are given back. */
  chunkStartMs: 10_000,
  /** A delivery is given back unsent if its lease lasts less than its timeout and this. */
  leaseReserveMs: 2_000,
  /** A webhook whose earliest waiting delivery has been due for so long is behind: new deliveries queue up after it. */
  behindAfterMs: 5_000,
  /** How often circuits and pauses are read (and if none has changed for a while), how far back beyond the last look, and how old the last look may be. */
  gatePollMs: 500,
  gateIdleAfterMs: 10_000,
  gateIdlePollMs: 800,
  gateOverlapMs: 10_000,
  gateStaleMs: 3_000,
  /** Webhooks kept compiled, over all tenants; opossum breakers kept. */
  webhooksMax: 30_000,
  /** With more of them, the heap may grow by so much beyond what lives before it is collected (see heap-growth.ts). */
  manyWebhooks: 5_000,
  manyWebhooksHeapGrowthPercent: 50,
  breakersMax: 20_000,
  /** A dispatch whose worker died so often is split into single events; a single one is set aside. */
  claimsBeforeSplit: 4,
  claimsBeforeSetAside: 6,
  /** Shards that the queue may have. */
  shardsMax: 64,
  /** How often it is looked for shards that no worker serves. */
  unservedEveryMs: 10_000,
  /** Of each check of /readyz: how long it may take, and for how long its last answer stands in for one that takes longer. */
  readiness: { withinMs: 500, freshMs: 5_000 },
  /** For so long /readyz waits for a shard of the queue, twice: less in all than for a check. */
  shardPatienceMs: 200,
  /** Of its health server: how long a request may take to come, a connection be without one, its headers' size, and connections. */
  health: { headersTimeoutMs: 5_000, requestTimeoutMs: 10_000, keepAliveMs: 30_000, headersBytesMax: 8 * 1024, connectionsMax: 200 },
  circuit: { cooldownS: 30, cooldownMaxS: 3_600, chunkMax: 500 },
  scheduler: {
    roundMs: 250,
    /** After so long without anything due it looks less often. */
    idleAfterMs: 10_000,
    idleRoundMs: 500,
    leaseMs: 5_000,
    renewMs: 1_000,
    /** Waiting jobs up to which a shard is fed, and how long a fed dispatch waits for its claim. */
    waitingDispatchesMax: 2_000,
    dispatchLeaseMs: 30_000,
    dispatchesPerRoundMax: 500,
    /** A shard that would not take a job is fed again after so long, and so is what it was to get. */
    refusedMs: 2_000,
    waitingDueJobsMax: 20,
    webhooksPerRoundMax: 200,
    deliveriesPerRoundMax: 1_000,
    deliveriesPerJobMax: 500,
    /** What waits at webhooks that are switched off is ended in steps of so many. */
    endWebhooksMax: 20,
    endRowsMax: 2_000,
    /** After how long without one success an open circuit disables its webhook; how often that is looked for. */
    noSuccessS,
    /** A webhook without success for so long is said to be failing, however few attempts were made. */
    failingS: 3_600,
    noSuccessEveryMs: 10_000,
    noSuccessWebhooksMax: 100,
    /** How often raw statistics are added up; how many rows in one step, each of which becomes about seven; how often what is too old is deleted. */
    settleEveryMs: 10_000,
    settleRowsMax: 500,
    expireStatisticsEveryMs: 600_000,
    mendEveryMs: 60_000,
    partitionsEveryMs: 3_600_000,
    /** After maintenance that failed. */
    maintenanceRetryMs: 60_000,
  },
  retention: {
    /** How often days that are over are looked for; how often it is asked whether this worker's scheduler is active now. */
    roundMs: 60_000,
    idleMs: 1_000,
    /** How often what waits of events that are too old is ended, and told: what expires meanwhile is told together. */
    endEveryMs: 600_000,
    /** Deliveries, dispatches, webhooks told, partitions closed and rows of history forgotten in one step. */
    endRowsMax: 2_000,
    dispatchesMax: 200,
    webhooksMax: 500,
    partitionsMax: 50,
    forgetRowsMax: 2_000,
    /** How often owners are warned, days that are over are closed, and history is forgotten. */
    tidyEveryMs: 3_600_000,
  },
  mailing: {
    roundMs: 1_000,
    /** What fails together is told together; at most a quarter of the window. */
    gatherMs: 5_000,
    /** Mails that a worker sends at a time, and its lease on each: longer than a conversation with a mail server may take (45 s). */
    mailsAtOnce: 4,
    leaseMs: 60_000,
    enrolEveryMs: 5_000,
    enrolMax: 500,
    expireEveryMs: 60_000,
    expireRowsMax: 500,
  },
} as const;

/** What a webhook's null means where its environment says nothing either. */
export const deliveryDefaults = { timeoutMs: 15_000, maxInFlight: 20, circuitThreshold: 10 } as const;
