// All scenarios by name.
import { consoleLive } from './console-live.js';
import { drain } from './drain.js';
import { halfDead } from './half-dead.js';
import { heavyWebhook } from './heavy-webhook.js';
import { manyWebhooks } from './many-webhooks.js';
import type { Scenario, ScenarioName } from './scenario.js';
import { webhookApi } from './webhook-api.js';

export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  'half-dead': halfDead,
  'heavy-webhook': heavyWebhook,
  drain,
  'many-webhooks': manyWebhooks,
  'webhook-api': webhookApi,
  'console-live': consoleLive,
};
