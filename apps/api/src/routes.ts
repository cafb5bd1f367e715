// Every route of the API.
import type { FastifyInstance } from 'fastify';
import { commerceCallbackRoutes } from './dialects/commerce-callbacks.js';
import { commerceRelationshipRoutes } from './dialects/commerce-relationships.js';
import { commerceVersionRoutes } from './dialects/commerce-versions.js';
import { commerceWebhookRoutes } from './dialects/commerce-webhooks.js';
import { flatTestRoute } from './dialects/flat-test-route.js';
import { plainPlaces } from './dialects/places.js';
import { plainDialectRoutes } from './dialects/plain-routes.js';
import { docsRoutes } from './docs.js';
import { apiKeyRoutes } from './routes/api-keys.js';
import { attemptListRoutes } from './routes/attempt-lists.js';
import { auditRoutes } from './routes/audit.js';
import { eventRoute } from './routes/deliveries.js';
import { deliveryActionRoutes } from './routes/delivery-actions.js';
import { deliveryBodyRoute } from './routes/delivery-body.js';
import { deliveryListRoutes } from './routes/delivery-lists.js';
import { type DeploymentDependencies, deploymentRoute } from './routes/deployment.js';
import { environmentRoutes } from './routes/environments.js';
import { eventTypeRoutes } from './routes/event-types.js';
import { eventListRoute } from './routes/events-list.js';
import { explainRoutes } from './routes/explain.js';
import { exportRoutes } from './routes/exports.js';
import { type HealthDependencies, healthRoutes } from './routes/health.js';
import { notificationRoutes } from './routes/notifications.js';
import type { WebhookDependencies } from './routes/own-webhook.js';
import { type PublishDependencies, publishRoutes } from './routes/publish.js';
import { replayRoutes } from './routes/replays.js';
import { statisticsRoutes } from './routes/statistics.js';
import { type StreamDependencies, streamRoute } from './routes/stream.js';
import { tenantRoutes } from './routes/tenants.js';
import { unsubscribeRoutes } from './routes/unsubscribe.js';
import { webhookActionRoutes } from './routes/webhook-actions.js';
import { webhookChangeRoutes } from './routes/webhook-changes.js';
import { webhookExportRoute } from './routes/webhook-export.js';
import { webhookImportRoute } from './routes/webhook-import.js';
import { webhookListRoute } from './routes/webhook-list.js';
import { webhookReadingRoutes } from './routes/webhook-reading.js';
import { webhookSecretRoute } from './routes/webhook-secret.js';
import { webhookTestRoute } from './routes/webhook-test.js';
import { webhookVersionRoutes } from './routes/webhook-versions.js';
import { webhookRoutes } from './routes/webhooks.js';

export type RouteDependencies = {
  readonly health: HealthDependencies;
  readonly publish: PublishDependencies;
  readonly stream: StreamDependencies;
  readonly deployment: DeploymentDependencies;
  readonly webhooks: WebhookDependencies;
};

/** Registers all of them. Dependencies are only looked at when a request comes. */
export const registerRoutes = async (
  app: FastifyInstance,
  { health, publish, stream, deployment, webhooks }: RouteDependencies,
): Promise<void> => {
  await app.register(docsRoutes);
  await app.register(healthRoutes(health));
  await app.register(publishRoutes(publish));
  await app.register(streamRoute(stream));
  await app.register(deploymentRoute(deployment));
  await app.register(eventTypeRoutes({ ...webhooks, eventSchemas: publish.eventSchemas }));
  for (const routes of [
    eventRoute,
    eventListRoute,
    exportRoutes,
    deliveryListRoutes,
    attemptListRoutes,
    deliveryBodyRoute,
    explainRoutes,
    webhookRoutes,
    webhookListRoute,
    webhookImportRoute,
    webhookExportRoute,
    webhookChangeRoutes,
    webhookActionRoutes,
    webhookReadingRoutes,
    statisticsRoutes,
    webhookTestRoute,
    webhookSecretRoute,
    webhookVersionRoutes,
    deliveryActionRoutes,
    replayRoutes,
    tenantRoutes,
    environmentRoutes,
    apiKeyRoutes,
    auditRoutes,
    notificationRoutes,
    unsubscribeRoutes,
    ...plainPlaces.map(plainDialectRoutes),
    flatTestRoute,
    commerceWebhookRoutes,
    commerceCallbackRoutes,
    commerceVersionRoutes,
    commerceRelationshipRoutes,
  ])
    await app.register(routes(webhooks));
};
