// Every line that a log may have, declared once: its message, its level and what stands in it. The compiler holds the calls to it, and docs/logs.md is
// made of it. Beside these facts a line has `level`, `time`, `role`, `pid` and `msg`. No payload, no secret and no query of a URL is ever among them.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

export type LogLine = {
  /** Usually one. */
  readonly levels: readonly LogLevel[];
  readonly meaning: string;
  /** What always stands in it. */
  readonly facts: Readonly<Record<string, string>>;
  /** What may stand in it. */
  readonly maybe?: Readonly<Record<string, string>>;
};

const err = { err: 'the error: type, message, code, stack, causes; nothing else of what drivers hang on it' } as const;
/** Of errors that come again and again: one line in 10 s. */
const repeated = { repeated: 'how often it came since the line before without one' } as const;
const doing = {
  doing: 'what it was about: flush, take jobs, feed the queue, schedule, read gates, renew claims, deliver, mail, …',
} as const;
const traced = { trace_id: 'the OpenTelemetry trace that it is part of, if it is traced' } as const;
const mail = { mail_id: 'the mail', kind: 'trouble or digest', tries: 'how often it was tried' } as const;

export const logCatalogue = {
  'dispatch.ended': {
    levels: ['info'],
    meaning: 'A worker is done with a dispatch: the one line of a unit of work. Counts are of deliveries; what was parked ends later.',
    facts: {
      dispatch_id: 'the dispatch',
      claim: 'the number of the claim; above 1 another worker had it before',
      outcome: 'finished, lost, split, set_aside, not_ours or broken (see posthorn_dispatches_total)',
      events: 'events in it',
      first_event_id: 'its lowest event id',
      last_event_id: 'its highest event id',
      deliveries: 'pairs of an event and a webhook that match',
      succeeded: 'those that the endpoint took at once',
      retried: 'those that failed and are tried again',
      failed: 'those that failed for good',
      waiting: 'those that were left to the scheduler without an attempt',
      parked: 'those whose endpoint was still silent after 500 ms',
      skipped: 'those whose webhook is disabled',
      duration_ms: 'from the claim to the commit of the results',
    },
    maybe: { trace_id: 'the OpenTelemetry trace of its events, if they have one and the same' },
  },
  'chunks.ended': {
    levels: ['info'],
    meaning: 'A worker is done with chunks of waiting deliveries that the scheduler handed out, or goes on with slow ones beside.',
    facts: { lane: 'due or replay', chunks: 'one a webhook', deliveries: 'those that were still to be made', duration_ms: 'of the job' },
  },
  'request.answered': {
    levels: ['debug'],
    meaning: 'The API answered a request.',
    facts: {
      request_id: 'as in x-request-id',
      method: 'GET, POST, …',
      route: 'its pattern, without ids and without a query',
      status: 'status code',
      duration_ms: 'from its headers to the last byte of the answer',
    },
    maybe: traced,
  },
  'request.failed': {
    levels: ['error'],
    meaning: 'The API answered with an error of ours (500 or 503).',
    facts: { ...err, request_id: 'as in x-request-id and in the problem document' },
    maybe: { ...repeated, ...traced },
  },
  'queue.error': {
    levels: ['error'],
    meaning: 'The API lost its connection to the queue; events are accepted all the same.',
    facts: err,
    maybe: repeated,
  },
  'queue.not_reachable': {
    levels: ['error'],
    meaning: 'Redis did not answer when the process started. It runs all the same: events are accepted, and delivered once Redis is there.',
    facts: err,
  },
  'queue.doubtful': {
    levels: ['error'],
    meaning: 'A Redis of the queue takes no jobs now, may throw them away, or is old; told when a process starts.',
    facts: { reason: 'what is wrong, where, and what to change' },
  },
  'queue.add_failed': {
    levels: ['error'],
    meaning: 'A dispatch could not be given to the queue. If no other shard takes it, the scheduler feeds it.',
    facts: err,
    maybe: repeated,
  },
  'queue.give_back_failed': {
    levels: ['error'],
    meaning: 'Dispatches that the queue did not take could not be given back. The scheduler feeds them when their lease is over.',
    facts: err,
    maybe: repeated,
  },
  'stream.failed': {
    levels: ['error'],
    meaning: 'Live messages could not be told or heard; those who look see a gap.',
    facts: err,
    maybe: repeated,
  },
  'encryption_key.failed': {
    levels: ['error'],
    meaning: 'The API could not read which key seals; it goes on with the one it knows.',
    facts: err,
    maybe: repeated,
  },
  'key_use.failed': { levels: ['error'], meaning: 'The last use of an API key could not be noted.', facts: err, maybe: repeated },
  'rate_limits.counted_alone': {
    levels: ['error'],
    meaning: 'Redis does not answer, so this process counts requests and events of keys for itself.',
    facts: err,
    maybe: repeated,
  },
  'worker.error': {
    levels: ['error'],
    meaning: 'Something of a worker failed and is tried again.',
    facts: { ...err, ...doing },
    maybe: repeated,
  },
  'metrics.failed': {
    levels: ['error'],
    meaning: 'Figures of the installation could not be read; the metrics show the last ones.',
    facts: { ...err, doing: 'which figures: work, webhooks, storage or queue' },
    maybe: repeated,
  },
  'traces.failed': {
    levels: ['error'],
    meaning: 'Spans could not be sent to the collector of OTEL_EXPORTER_OTLP_ENDPOINT, and are lost. Nothing else is.',
    facts: err,
    maybe: repeated,
  },
  'dispatch.set_aside': {
    levels: ['error'],
    meaning: 'A dispatch of a single event that killed its workers was taken out of the way. Its event is not delivered.',
    facts: { dispatch_id: 'the dispatch', claim: 'how often it was claimed' },
  },
  'replay.failed': {
    levels: ['error'],
    meaning: 'A step of a replay failed; it is tried again.',
    facts: { ...err, replay_id: 'the replay' },
  },
  'webhook.disabled_without_success': {
    levels: ['warn'],
    meaning: 'A webhook had no success for 120 h and was disabled.',
    facts: { webhook_id: 'the webhook' },
  },
  'webhook.failing': { levels: ['warn'], meaning: 'A webhook has had no success for an hour.', facts: { webhook_id: 'the webhook' } },
  'scheduler.active': {
    levels: ['info'],
    meaning: "This process's scheduler became the active one, or ceased to be.",
    facts: { active: 'true or false' },
  },
  'scheduler.mended_due_hints': {
    levels: ['warn'],
    meaning: 'Webhooks had deliveries that were due earlier than was noted. It was mended; it must not happen.',
    facts: { count: 'webhooks' },
  },
  'queue.shards': {
    levels: ['info'],
    meaning: 'A worker learnt how many shards the queue has, at its start or while their number is changed.',
    facts: { fed: 'so many are fed', served: 'so many are to be served, by all workers', serves: 'those that this worker serves' },
  },
  'queue.serves_no_shard': {
    levels: ['warn'],
    meaning: 'A worker serves no shard: POSTHORN_WORKER_SHARDS names none that the queue has.',
    facts: { shards: 'so many there are' },
  },
  'queue.shards_unserved': {
    levels: ['warn'],
    meaning: 'Shards that are fed have had no worker at two looks, 10 s apart; what stands in them waits.',
    facts: { shards: 'their numbers' },
  },
  'queue.shards_served': { levels: ['info'], meaning: 'Every shard has a worker again.', facts: {} },
  'queue.shards_not_read': {
    levels: ['error'],
    meaning: 'The API could not read how many shards the queue has; it goes on with the number that it knows.',
    facts: err,
    maybe: repeated,
  },
  'retention.expired': {
    levels: ['warn'],
    meaning: 'What waited for longer than is kept was given up.',
    facts: { kind: 'delivery, or event: one that no worker had matched yet', count: 'how many' },
  },
  'retention.dropped': { levels: ['info'], meaning: 'The partition of a day was dropped.', facts: { partition: 'its table' } },
  'retention.waits': {
    levels: ['warn'],
    meaning: 'A partition that is too old stays for the time being; it is tried again each minute.',
    facts: { partition: 'its table', reason: 'what it waits for' },
  },
  'shutdown.shorter_than_timeout': {
    levels: ['warn'],
    meaning: 'A stop of this process may cut requests to endpoints that are still open; they are made again at once.',
    facts: {
      shutdown_s: 'POSTHORN_SHUTDOWN_S',
      waits_ms: 'after that long they are cut',
      longest_timeout_ms: 'the longest timeout of a webhook in use',
    },
  },
  'mail.sent': { levels: ['info'], meaning: 'A mail was handed to the mail server.', facts: mail },
  'mail.failed': {
    levels: ['warn'],
    meaning: 'A mail was given up.',
    facts: { ...mail, error: "the mail server's words, without addresses" },
  },
  'database.connection_lost': { levels: ['warn'], meaning: 'An idle connection to Postgres ended.', facts: err },
  'process.says': {
    levels: ['info', 'warn'],
    meaning: 'What a server process says about itself, in production.',
    facts: { text: 'the sentence' },
  },
  'process.failed': {
    levels: ['error', 'fatal'],
    meaning: 'fatal: a server process could not start or go on, and ended. error: the API could not note that it runs.',
    facts: err,
    maybe: repeated,
  },
  'process.crashed': {
    levels: ['fatal'],
    meaning: 'An exception that nobody caught; the process ended with code 1.',
    facts: { ...err, origin: 'uncaughtException or unhandledRejection' },
  },
  'process.warning': { levels: ['warn'], meaning: 'A warning of Node.js.', facts: err },
  'process.printed': {
    levels: ['debug', 'info', 'warn', 'error'],
    meaning: 'What a library wrote to the console.',
    facts: { text: 'what it wrote' },
  },
} as const satisfies Readonly<Record<string, LogLine>>;

type Catalogue = typeof logCatalogue;

/** The messages of a level. */
export type LogEvent<L extends LogLevel = LogLevel> = {
  [E in keyof Catalogue]: Extract<Catalogue[E]['levels'][number], L> extends never ? never : E;
}[keyof Catalogue];

/** What has to stand, and may stand, in the line of a message. */
export type LogFacts<E extends LogEvent> = { readonly [F in keyof Catalogue[E]['facts']]: unknown } & {
  readonly [F in Catalogue[E] extends { readonly maybe: infer M } ? keyof M : never]?: unknown;
};
