// Everything that knows SQL: one module a subject. Nothing else in the project talks to Postgres, but the queue's own backend.
export { cancelDelivery, cancelReplay, sweepCancelledReplay } from './cancelling.js';
export { type DatabaseClock, startDatabaseClock } from './clock.js';
export { isDatabaseUnavailable } from './database-errors.js';
export { type DeliveryFacts, findDelivery } from './delivery-facts.js';
export { agreeOnDeployment, type Deployment, DeploymentMismatchError } from './deployment.js';
export {
  claimDispatch,
  type DispatchRef,
  existingDeliveries,
  type FedDispatch,
  type LoadedEvent,
  leaseDispatches,
  makeUnclaimedDispatchesDue,
  renewClaims,
  setAsideDispatch,
  splitDispatch,
} from './dispatches.js';
export {
  type Chunk,
  endWaitingDeliveries,
  type LoadedDelivery,
  leaseChunks,
  loadChunks,
  mendDueHints,
  type RoundLimits,
} from './due-deliveries.js';
export { type DueWork, findDueWork } from './due-work.js';
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded-postgres.js';
export {
  bootstrapEnvironment,
  countEnvironments,
  ensureTenant,
  type FirstKey,
  findKeyOwner,
  findTenant,
  type KeyOwner,
} from './environments.js';
export { eraseEvent, expireDeliveries } from './erasing.js';
export {
  type EventToExplain,
  type ExplainedWebhook,
  findEventToExplain,
  readExplainedWebhooks,
  type WebhooksToExplain,
} from './explaining.js';
export {
  type ChunkReport,
  type DeliveryRecord,
  type FinishedDispatch,
  type Flush,
  type FlushedState,
  type FlushLimits,
  type SentAttempt,
  writeFlush,
} from './flush.js';
export { findKeptEvents, insertEvents, type KeptEvent, type NewEvent, type PreparedEvent, type StoredDispatch } from './ingest.js';
export { compareSchema, migrate, migrationsFolder } from './migrate.js';
export { createDatabase, createHotPool, type Database, type HotPool, type PoolOptions } from './pools.js';
export {
  type AttemptPage,
  type AttemptRow,
  countDeliveriesOfEvent,
  type DeliveryPage,
  type DeliveryRow,
  type EventRecord,
  findEvent,
  listAttempts,
  listDeliveries,
  type Reach,
} from './reading.js';
export { judgeDeliveries, openDeliveries, type WantedDelivery } from './reopening.js';
export { countReplay, createReplayReader, type ReplayCount } from './replay-pages.js';
export type { ReplayMode, ReplayReader, ReplayScope } from './replay-scope.js';
export {
  countDeliveriesOfReplay,
  findOpenReplays,
  findReplay,
  insertReplay,
  listReplays,
  type NewReplay,
  type OpenReplay,
  type ReplayFilter,
  type ReplayRow,
  replayWaitingMax,
  scopeOf,
  stepReplay,
} from './replays.js';
export { holdSchedulerLease, makePartitions, releaseSchedulerLease } from './scheduler-lease.js';
export { createSecretBox, encryptionKeyId, type SealedSecret, type SecretBox, type SecretPlace, type SecretPurpose } from './secret-box.js';
export {
  latencyBoundsMs,
  readStatistics,
  readWebhookStatistics,
  type StatisticsBucket,
  type StatisticsQuery,
  type WebhookStatistics,
} from './stats.js';
export { statisticsSlots } from './stats-columns.js';
export type { Role } from './tables.js';
export {
  type DeliverableWebhook,
  type DeliveryDefaults,
  loadTenantWebhooks,
  loadWebhook,
  type TenantWebhooks,
} from './tenant-webhooks.js';
export { insertTestAttempt, type TestAttempt } from './test-attempts.js';
export { type ConfiguredWebhook, changeWebhook, removeWebhook, type WebhookChange, type WebhookReach } from './webhook-changes.js';
export { type Author, type SealedWebhookSecret, type WebhookConfiguration, WebhookConflictError } from './webhook-configuration.js';
export { type GatePage, readChangedGates, readGates, type WebhookGate } from './webhook-gates.js';
export {
  type Actor,
  disableUnsuccessful,
  disableWebhook,
  enableWebhook,
  pauseWebhook,
  probeWebhookNow,
  resetCircuit,
  resumeWebhook,
} from './webhook-lifecycle.js';
export { type AuditEntry, findSigningSecrets, insertAuditEntry, type SigningSecret } from './webhook-secrets.js';
export { listTimeline, type TimelinePage, type TimelineRow } from './webhook-timeline.js';
export {
  findWebhook,
  insertWebhook,
  listWebhooks,
  type NewWebhook,
  type WebhookPage,
  type WebhookRow,
} from './webhooks.js';
