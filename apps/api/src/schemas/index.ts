// The schemas that the OpenAPI document names: those with an `$id`, which others refer to by it.
import type { Type } from 'typebox';
import { recoverBody, replayBody } from '../replay-filter.js';
import { changedWebhookBody, newWebhookBody } from '../routes/webhook-schema.js';
import { apiKeySchema, createdApiKeySchema, newApiKeyBody } from './api-key.js';
import { auditEntrySchema } from './audit.js';
import { commerceSchemas } from './commerce.js';
import { attemptSchema, deliveryBodySchema, deliverySchema } from './delivery.js';
import { deploymentSchema } from './deployment.js';
import { dialectSchemas } from './dialects.js';
import {
  changedEnvironmentBody,
  createdEnvironmentSchema,
  environmentSchema,
  environmentSettingsSchema,
  newEnvironmentBody,
} from './environment.js';
import {
  acceptedBatchSchema,
  acceptedEventSchema,
  deliveryCountsSchema,
  eventBatchSchema,
  eventSchema,
  listedEventSchema,
  newEventSchema,
} from './event.js';
import { changedEventTypeBody, eventTypeSchema, newEventTypeBody } from './event-type.js';
import { dryRunSchema, explanationSchema } from './explanation.js';
import { healthSchema, readinessSchema } from './health.js';
import { notificationSchema } from './notification.js';
import { problemSchema } from './problem.js';
import { replayForecastSchema, replaySchema, replaySummarySchema } from './replay.js';
import {
  backlogSchema,
  statisticsBucketSchema,
  statisticsCountsSchema,
  statisticsGroupSchema,
  statisticsSchema,
  webhookStatisticsSchema,
} from './statistics.js';
import { changedTenantBody, erasedTenantSchema, newTenantBody, tenantSchema } from './tenant.js';
import {
  authenticationSchema,
  createdWebhookSchema,
  enabledWebhookSchema,
  lifetimeStatisticsSchema,
  rateLimitSchema,
  signatureHeaderSchema,
  timelineEntrySchema,
  webhookSchema,
  webhookSecretsSchema,
} from './webhook.js';
import { importBody, importedSchema } from './webhook-import.js';
import { testEventSchema } from './webhook-test.js';
import { restoreBody, rotateBody, versionSchema, versionSummarySchema } from './webhook-version.js';

export const sharedSchemas: readonly Type.TSchema[] = [
  apiKeySchema,
  auditEntrySchema,
  changedEnvironmentBody,
  changedTenantBody,
  createdApiKeySchema,
  createdEnvironmentSchema,
  environmentSchema,
  environmentSettingsSchema,
  erasedTenantSchema,
  newApiKeyBody,
  newEnvironmentBody,
  newTenantBody,
  tenantSchema,
  acceptedBatchSchema,
  acceptedEventSchema,
  attemptSchema,
  deliveryBodySchema,
  authenticationSchema,
  changedEventTypeBody,
  changedWebhookBody,
  createdWebhookSchema,
  deliveryCountsSchema,
  deliverySchema,
  deploymentSchema,
  dryRunSchema,
  enabledWebhookSchema,
  eventBatchSchema,
  eventSchema,
  eventTypeSchema,
  explanationSchema,
  healthSchema,
  importBody,
  importedSchema,
  lifetimeStatisticsSchema,
  listedEventSchema,
  newEventSchema,
  newEventTypeBody,
  newWebhookBody,
  notificationSchema,
  problemSchema,
  rateLimitSchema,
  readinessSchema,
  recoverBody,
  replayBody,
  replayForecastSchema,
  replaySchema,
  replaySummarySchema,
  signatureHeaderSchema,
  testEventSchema,
  timelineEntrySchema,
  webhookSchema,
  webhookSecretsSchema,
  webhookStatisticsSchema,
  backlogSchema,
  statisticsBucketSchema,
  statisticsCountsSchema,
  statisticsGroupSchema,
  statisticsSchema,
  restoreBody,
  rotateBody,
  versionSchema,
  versionSummarySchema,
  ...dialectSchemas,
  ...commerceSchemas,
];
