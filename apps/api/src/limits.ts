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
  /** A dispatch that no shard took is the scheduler's after so long; how long such ones are gathered. */
  refusedMs: 2_000,
  refusedLingerMs: 100,
  /** A commit that takes longer stands for a database that does not keep up: until it ends nothing more is taken. */
  commitMsMax: 2_000,
  requestBytesMax: 64 * 1024,
  /** Of a body that is parsed: levels, and members and elements of all levels together; of an import the second, and the members of one object. */
  bodyDepthMax: 128,
  bodyValuesMax: 20_000,
  importValuesMax: 2_000_000,
  importMembersMax: 256,
  /** What is said of all that is wrong with a body. */
  fieldErrorsMax: 100,
  /** Of one request: all of its headers together, with the request line, and their number. */
  headersBytesMax: 16 * 1024,
  headersMax: 100,
  /** Requests on one connection that wait for their answers, as a client has that does not. */
  pipelinedMax: 100,
  /** Of one parameter of a path, as it is encoded: the longest are names of tenants and event types. */
  pathParameterCharsMax: 3 * 128,
  /** How long a key is believed, and how often a live stream asks: together less than the 5 s after which a revoked key is over everywhere. */
  keyCacheMs: 4_000,
  streamKeyMs: 500,
  keysMax: 10_000,
  /** How long one stays signed in to the console. */
  sessionS: 12 * 3_600,
  /** How often it is written down that a key was used. */
  keyUseMs: 60_000,
  tenantsMax: 100_000,
  /** How long events may go to a tenant that was erased. */
  tenantCacheMs: 5_000,
  retryAfterS: 1,
  /** How often a key that was taken by an event which then rolled back is tried again. */
  keyTriesMax: 5,
  listDefault: 50,
  listMax: 200,
  /** Of one CSV file, and how many of them are read at a time. */
  exportRowsMax: 100_000,
  exportPageRows: 1_000,
  /** How long a request's headers may take to come, and all of it; how long a connection may be without a request, and without a byte at all. */
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  idleTimeoutMs: 120_000,
  /** How often connections are looked through for those that are late. */
  connectionsCheckMs: 1_000,
  connectionsMax: 10_000,
  /** Parts in which a process borrows of what a key may have in a second. */
  quotaShares: 20,
  /** Keys that are not valid, of one address: so many in a window, then none for a while. Addresses that are remembered. */
  failedSignInsMax: 10,
  failedSignInsWindowS: 60,
  failedSignInsBlockS: 60,
  addressesMax: 10_000,
  /** Keys that are looked up all the same for addresses that are blocked, of all of them together. */
  blockedLookUpsPerS: 50,
  /** Keys that are known not to be valid. */
  unknownKeysMax: 1_000,
  /** How late our own work may make the event loop, on a moving average of looks, before requests are refused, and until they are taken again. */
  loopLookMs: 250,
  loopLagMsMax: 300,
  loopLagMsCalm: 150,
  /** How long it is counted what a replay covers; then its total is left open. */
  replayCountMs: 15_000,
  replayCountsMax: 4,
  /** Of one import, which is one transaction. */
  importWebhooksMax: 10_000,
  importErrorsMax: 100,
  importBytesMax: 16 * 1024 * 1024,
  /** How many of its webhooks are judged before other requests have their turn. */
  importTurnWebhooks: 100,
  /** Intervals of one answer, groups of one answer, and how long each interval is kept (the database deletes later). */
  statisticsBucketsMax: 2_000,
  statisticsGroupsMax: 100,
  statisticsKeptMs: { minute: 25 * 3_600_000, hour: 34 * 86_400_000, day: 400 * 86_400_000 },
  /** Live streams of one process; messages kept for those who come back; how long it listens on when nobody is there. */
  streamsMax: 500,
  streamKeptMessages: 5_000,
  streamLingerMs: 60_000,
  streamKeepAliveMs: 15_000,
  /** What a slow reader may have waiting before it is cut off: it comes back and is told to read anew. */
  streamWaitingBytesMax: 1024 * 1024,
  /** How often states of webhooks are looked at for a stream, and how far back beyond the last look. */
  streamPollMs: 1_000,
  streamOverlapMs: 10_000,
  /** The catalogue of event types: of an environment, of a request (schema and example may be indented), and of what is kept of it. */
  eventTypesMax: 10_000,
  /** Different lists of event types that webhooks have, up to which it is counted how many want a type. */
  wantedListsMax: 5_000,
  eventTypeRequestBytesMax: 512 * 1024,
  schemaBytesMax: 64 * 1024,
  exampleBytesMax: 64 * 1024,
  eventTypeDepthMax: 64,
  /** How long compiling a schema, calling it first, judging one event, listing what is wrong with it, and judging a request's events may take. */
  schemaCompileMs: 2_000,
  schemaFirstCallMs: 500,
  schemaCheckMs: 100,
  schemaListMs: 100,
  schemaTriesMax: 3,
  schemaRequestMs: 2_000,
  /** How long events are judged before other requests have their turn. */
  schemaTurnMs: 10,
  /** Characters of schema × characters of data up to which judging is short enough without a timer; only for keywords of bounded cost. */
  schemaSizeProductMax: 4_000_000,
  /** A schema that was too slow so many times within the pause is left alone for as long. */
  schemaSlowTimesMax: 3,
  schemaSlowPauseMs: 30_000,
  /** What an answer says of an event that does not fit. */
  schemaErrorsMax: 20,
  schemaMessageCharsMax: 256,
  schemaPointerCharsMax: 512,
  /** How old the known schemas of an environment may be. */
  schemasCacheMs: 3_000,
  schemaEnvironmentsMax: 1_000,
  /** Bytes of schemas that are kept compiled, of all environments together. */
  schemaCacheBytesMax: 16 * 1024 * 1024,
  /** Of each check of /readyz: how long it may take, and for how long its last answer stands in for one that takes longer. */
  readiness: { withinMs: 500, freshMs: 5_000 },
  /** For so long /readyz waits for a shard of the queue, twice: less in all than for a check. */
  shardPatienceMs: 200,
} as const;
