// Everything that knows SQL: one module a subject. Nothing else in the project talks to Postgres, but the queue's own backend.
export {
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
export { callbackLimits, findCallback, newestCallbacks, queryCallbacks } from './attempt-callbacks.js';
export { type AuditEntry, type AuditRow, insertAuditEntries, insertAuditEntry, listAudit } from './audit.js';
export { type Backlog, rateMinutes, readBacklog } from './backlog.js';
export { type Walked, walkLimits } from './bounded-walk.js';
export type { CallbackRow } from './callback-rows.js';
export { cancelDelivery, cancelReplay, sweepCancelledReplay } from './cancelling.js';
export { type DatabaseClock, startDatabaseClock } from './clock.js';
export { isDatabaseUnavailable } from './database-errors.js';
export { type DatabaseRights, readRights } from './database-rights.js';
export { type DeliveryFacts, findDelivery } from './delivery-facts.js';
export { agreeOnDeployment, DeploymentMismatchError, findDeploymentDifferences } from './deployment.js';
export type { DigestedWebhook } from './digest-facts.js';
export {
  claimDispatch,
  type DispatchRef,
  existingDeliveries,
  type FedDispatch,
  giveBackDispatches,
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
  hasTurnsLeft,
  type LoadedDelivery,
  leaseChunks,
  loadChunks,
  mendDueHints,
} from './due-deliveries.js';
export { type DueWork, findDueWork } from './due-work.js';
export { EmbeddedPostgresError, startEmbeddedPostgres } from './embedded-postgres.js';
export { createKeyFollower, EncryptionKeyError, type KeyFollower } from './encryption-key.js';
export { applyEnvironmentSettings } from './environment-settings.js';
export {
  bootstrapEnvironment,
  changeEnvironment,
  countEnvironments,
  EnvironmentNameTakenError,
  type EnvironmentRow,
  findEnvironment,
  insertEnvironment,
} from './environments.js';
export { eraseEvent } from './erasing.js';
export {
  changeEventType,
  deleteEventType,
  type EventSchemaVersion,
  type EventTypeFields,
  type EventTypePlace,
  type EventTypeRow,
  findEventType,
  insertEventType,
  listEventSchemaVersions,
  listEventTypes,
} from './event-types.js';
export { endOldDispatches, expireDeliveries, moveKeptFrom, tellExpired, warnOfExpiry } from './expiring.js';
export { type EventToExplain, type ExplainedWebhook, findEventToExplain, readExplainedWebhooks } from './explaining.js';
export {
  type ChunkReport,
  type DeliveryRecord,
  type FinishedDispatch,
  type Flush,
  type FlushedState,
  type SentAttempt,
  writeFlush,
} from './flush.js';
export { forgetHistory, historyDays } from './forgetting.js';
export { findKeptEvents, insertEvents, type KeptEvent, type NewEvent, type PreparedEvent, type StoredDispatch } from './ingest.js';
export {
  countedMax,
  readStorageFigures,
  readWebhookFigures,
  readWorkFigures,
  type StorageFigures,
  type WebhookFigures,
  type WorkFigures,
} from './installation-figures.js';
export { createKeyRing, type DerivedKeys, encryptionKeyId, type KeyRing } from './key-ring.js';
export { beginKeyRotation, countSecretsByKey, readSealingKeys, resealSecrets } from './key-rotation.js';
export { createLiveTeller, keepLive, type LiveMessage, type LiveTeller, liveLeaseS } from './live.js';
export { startLiveListener } from './live-listener.js';
export { readLongestTimeoutMs } from './longest-timeout.js';
export {
  type Composed,
  composeMails,
  type MailedTrouble,
  type MailedWebhook,
  type MailroomOptions,
  type News,
} from './mailroom.js';
export { composeDigests, enrolDigests, type MailedDigest } from './mailroom-digests.js';
export { expireMails } from './mailroom-keeping.js';
export { findMailWork, type MailResult, markMail, type TakenMail, takeMails } from './mailroom-sending.js';
export { makeDirectory } from './make-directory.js';
export { compareSchema, migrate } from './migrate.js';
export { listNotifications, type NotificationRow, notificationKinds } from './notifications.js';
export { type Dropping, dropOldPartitions } from './partition-dropping.js';
export { closePartitions, makePartitions, type PartitionDays, readPartitions } from './partitions.js';
export { findPoolerTraps, type PoolerTraps } from './pooler-traps.js';
export {
  createDatabase,
  createDatabases,
  createHotPool,
  type Database,
  type HotPool,
  type PoolUse,
  poolUse,
  walledHotPool,
} from './pools.js';
export { type Build, findProcessesWithout, listProcesses, readUpkeep, sayRunning } from './processes.js';
export {
  beginShardChange,
  countDispatchesFrom,
  createShardFollower,
  endShardChange,
  findUnservedShards,
  listShardProcesses,
  type QueueShards,
  readShardNumbers,
  type ShardNumbers,
  type ShardProcess,
  shardsOf,
} from './queue-shards.js';
export { type DatabaseReadiness, readReadiness } from './readiness.js';
export { type EventRecord, findEvent, findMatchedBy, type ListedEvent, listEvents, type Reach } from './reading.js';
export { type AttemptRow, listAttempts, listAttemptsOfEvent } from './reading-attempts.js';
export { readSentBody, type SentBody } from './reading-bodies.js';
export { countDeliveriesOfEvent, type DeliveryRow, listDeliveries } from './reading-deliveries.js';
export { judgeDeliveries, openDeliveries } from './reopening.js';
export { countReplay, createReplayReader } from './replay-pages.js';
export type { ReplayMode, ReplayReader } from './replay-scope.js';
export {
  countDeliveriesOfReplay,
  findOpenReplays,
  findReplay,
  insertReplay,
  listReplays,
  type OpenReplay,
  type ReplayFilter,
  type ReplayRow,
  scopeOf,
  stepReplay,
} from './replays.js';
export { holdSchedulerLease, releaseSchedulerLease } from './scheduler-lease.js';
export { createSecretBox, type SecretBox, type SecretPurpose } from './secret-box.js';
export { oldestPostgres, readServerSettings, type ServerSettings } from './server-settings.js';
export { expireStatistics, settleStatistics } from './settling.js';
export { readWebhookStatistics, type WebhookStatistics } from './stats.js';
export {
  latencyBoundsMs,
  readStatistics,
  readStatisticsGroups,
  type StatisticsCounts,
  type StatisticsQuery,
  sumOfCounts,
} from './stats-buckets.js';
export { statisticsSlots } from './stats-columns.js';
export type { Role } from './tables.js';
export { readTakenNames, readTakenObjectIds, type TakenNames } from './taken-names.js';
export { deleteErasedWebhooks, markTenantErasing, stepTenantErasure, tenantErasureLimits } from './tenant-erasing.js';
export { type DeliverableWebhook, loadTenantWebhooks, loadWebhook, type TenantWebhooks } from './tenant-webhooks.js';
export {
  changeTenant,
  ensureTenant,
  findTenant,
  findTenantRow,
  insertTenant,
  listTenants,
  type TenantFields,
  type TenantRow,
} from './tenants.js';
export { insertTestAttempt, type TestAttempt } from './test-attempts.js';
export { inReach } from './wall.js';
export { type ConfiguredWebhook, changeWebhook, removeWebhook, type WebhookChange } from './webhook-changes.js';
export {
  type Author,
  type DialectMemory,
  type SealedWebhookSecret,
  TenantErasedError,
  type WebhookConfiguration,
  WebhookConflictError,
} from './webhook-configuration.js';
export { countWebhooksByTypes, countWebhooksOfTenants } from './webhook-counts.js';
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
  tellUnsuccessful,
} from './webhook-lifecycle.js';
export { anyWebhook, listWebhooks, webhookSortColumns } from './webhook-list.js';
export { queryWebhooks } from './webhook-query.js';
export { rotateSigningSecret } from './webhook-secret-rotation.js';
export { findCurrentSecrets, findSigningSecrets, type SigningSecret } from './webhook-secrets.js';
export { listTimeline, type TimelineRow } from './webhook-timeline.js';
export { findWebhookVersion, listWebhookVersions, type VersionRow, type WebhookSnapshot } from './webhook-versions.js';
export {
  findAnyWebhook,
  findWebhook,
  findWebhookByObjectId,
  insertWebhooks,
  keepObjectIds,
  type NewWebhook,
  type WebhookRow,
} from './webhooks.js';
