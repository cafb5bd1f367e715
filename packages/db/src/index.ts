// Everything that knows SQL: one module a subject. Nothing else in the project talks to Postgres, but the queue's own backend.
export {
  type ApiKeyPage,
  type ApiKeyRow,
  findApiKey,
  findKeyOwner,
  insertApiKey,
  type KeyOwner,
  listApiKeys,
  type NewApiKey,
  revokeApiKey,
  touchApiKey,
} from './api-keys.js';
export {
  type CallbackQuery,
  type CallbackQueryField,
  callbackLimits,
  findCallback,
  newestCallbacks,
  queryCallbacks,
} from './attempt-callbacks.js';
export { type AuditEntry, type AuditPage, type AuditRow, insertAuditEntries, insertAuditEntry, listAudit } from './audit.js';
export { type Backlog, rateMinutes, readBacklog } from './backlog.js';
export type { CallbackRow } from './callback-rows.js';
export { cancelDelivery, cancelReplay, sweepCancelledReplay } from './cancelling.js';
export { type DatabaseClock, startDatabaseClock } from './clock.js';
export type { ColumnTest, Condition } from './condition-sql.js';
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
export { applyEnvironmentSettings } from './environment-settings.js';
export {
  bootstrapEnvironment,
  changeEnvironment,
  countEnvironments,
  EnvironmentNameTakenError,
  type EnvironmentRow,
  type FirstKey,
  findEnvironment,
  insertEnvironment,
  type NewEnvironment,
} from './environments.js';
export { eraseEvent, expireDeliveries } from './erasing.js';
export {
  changeEventType,
  deleteEventType,
  type EventSchemaVersion,
  type EventTypeFields,
  type EventTypePage,
  type EventTypePlace,
  type EventTypeRow,
  findEventType,
  insertEventType,
  listEventSchemaVersions,
  listEventTypes,
} from './event-types.js';
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
export { createLiveTeller, keepLive, type LiveMessage, type LiveTeller, liveLeaseS } from './live.js';
export { type LiveListener, startLiveListener } from './live-listener.js';
export { compareSchema, migrate, migrationsFolder } from './migrate.js';
export { createDatabase, createHotPool, type Database, type HotPool, type PoolOptions } from './pools.js';
export { listProcesses, type ProcessRole, type RunningProcess, readUpkeep, sayRunning, type Upkeep } from './processes.js';
export { type EventPage, type EventRecord, findEvent, type ListedEvent, listEvents, type Reach } from './reading.js';
export { type AttemptPage, type AttemptRow, type EventAttemptPage, listAttempts, listAttemptsOfEvent } from './reading-attempts.js';
export { readSentBody, type SentBody } from './reading-bodies.js';
export {
  countDeliveriesOfEvent,
  type DeliveryFilters,
  type DeliveryPage,
  type DeliveryRow,
  listDeliveries,
} from './reading-deliveries.js';
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
export { expireStatistics, settleStatistics } from './settling.js';
export { readWebhookStatistics, type WebhookStatistics } from './stats.js';
export {
  latencyBoundsMs,
  readStatistics,
  readStatisticsGroups,
  type StatisticsBucket,
  type StatisticsCounts,
  type StatisticsGroup,
  type StatisticsGrouping,
  type StatisticsQuery,
  sumOfCounts,
} from './stats-buckets.js';
export { statisticsSlots } from './stats-columns.js';
export type { Role } from './tables.js';
export { readTakenNames, readTakenObjectIds, type TakenNames } from './taken-names.js';
export {
  deleteErasedWebhooks,
  markTenantErasing,
  stepTenantErasure,
  type TenantErasureLimits,
  tenantErasureLimits,
} from './tenant-erasing.js';
export {
  type DeliverableWebhook,
  type DeliveryDefaults,
  loadTenantWebhooks,
  loadWebhook,
  type TenantWebhooks,
} from './tenant-webhooks.js';
export {
  changeTenant,
  ensureTenant,
  findTenant,
  findTenantRow,
  insertTenant,
  listTenants,
  type NewTenant,
  type TenantFields,
  type TenantPage,
  type TenantRow,
} from './tenants.js';
export { insertTestAttempt, type TestAttempt } from './test-attempts.js';
export { type ConfiguredWebhook, changeWebhook, removeWebhook, type WebhookChange, type WebhookReach } from './webhook-changes.js';
export {
  type Author,
  type DialectMemory,
  type SealedWebhookSecret,
  TenantErasedError,
  type WebhookConfiguration,
  WebhookConflictError,
} from './webhook-configuration.js';
export {
  type GatePage,
  readChangedGates,
  readChangedSwitches,
  readGates,
  type WebhookGate,
  type WebhookSwitches,
} from './webhook-gates.js';
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
export {
  anyWebhook,
  type ListedWebhook,
  listWebhooks,
  type WebhookFilters,
  type WebhookPage,
  type WebhookSortColumn,
  webhookSortColumns,
} from './webhook-list.js';
export { queryWebhooks, type WebhookQuery, type WebhookQueryField } from './webhook-query.js';
export { type NextSecret, rotateSigningSecret } from './webhook-secret-rotation.js';
export { findCurrentSecrets, findSigningSecrets, type SigningSecret } from './webhook-secrets.js';
export { listTimeline, type TimelinePage, type TimelineRow } from './webhook-timeline.js';
export { findWebhookVersion, listWebhookVersions, type VersionPage, type VersionRow, type WebhookSnapshot } from './webhook-versions.js';
export { findWebhook, findWebhookByObjectId, insertWebhooks, keepObjectIds, type NewWebhook, type WebhookRow } from './webhooks.js';
