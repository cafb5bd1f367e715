// Everything that knows SQL: one module a subject. Nothing else in the project talks to Postgres, but the queue's own backend.
export { type DatabaseClock, startDatabaseClock } from './clock.js';
export { isDatabaseUnavailable } from './database-errors.js';
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
export { type Chunk, type LoadedDelivery, leaseChunks, loadChunks, mendDueHints, type RoundLimits } from './due-deliveries.js';
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
export {
  type ChunkReport,
  type DeliveryRecord,
  type FinishedDispatch,
  type Flush,
  type FlushedCircuit,
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
export { holdSchedulerLease, makePartitions, releaseSchedulerLease } from './scheduler-lease.js';
export { createSecretBox, encryptionKeyId, type SealedSecret, type SecretBox, type SecretPlace } from './secret-box.js';
export {
  latencyBoundsMs,
  readStatistics,
  readWebhookStatistics,
  type StatisticsBucket,
  type StatisticsQuery,
  type WebhookStatistics,
} from './stats.js';
export type { Role } from './tables.js';
export { type DeliverableWebhook, type DeliveryDefaults, loadTenantWebhooks, type TenantWebhooks } from './tenant-webhooks.js';
export { type GatePage, readChangedGates, readGates, type WebhookGate } from './webhook-gates.js';
export { findSigningSecrets, insertAuditEntry, type SigningSecret } from './webhook-secrets.js';
export {
  findWebhook,
  insertWebhook,
  listWebhooks,
  type NewWebhook,
  WebhookConflictError,
  type WebhookPage,
  type WebhookRow,
} from './webhooks.js';
