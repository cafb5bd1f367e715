// Where the plain dialects are spoken.
import { cot, flat, flow } from '@posthorn/dialects';
import type { PlainPlace } from './plain-place.js';

const ownList = { items: 'data', cursor: 'cursor', isActive: 'isActive', environment: null } as const;
const cotSchemas = {
  shown: 'CotWebhook',
  created: 'CotWebhook',
  new: 'NewCotWebhook',
  changes: 'CotWebhookChanges',
  error: 'DialectError',
};

const cotPlace: PlainPlace = {
  dialect: cot,
  path: '/compat/cot/webhooks',
  operation: 'CotWebhook',
  id: 'object_id',
  schemas: cotSchemas,
  showsNewSecret: false,
  list: { ...ownList, tenant: 'company' },
  deleted: 'nothing',
};

export const plainPlaces: readonly PlainPlace[] = [
  {
    dialect: flow,
    path: '/compat/flow/webhooks',
    operation: 'FlowWebhook',
    id: 'object_id',
    schemas: { shown: 'FlowWebhook', created: 'FlowWebhook', new: 'NewFlowWebhook', changes: 'FlowWebhookChanges', error: 'DialectError' },
    showsNewSecret: false,
    list: { ...ownList, tenant: 'client' },
    deleted: 'nothing',
  },
  cotPlace,
  { ...cotPlace, path: '/api/v3/webhook/subscription', operation: 'CotSubscription' },
  {
    dialect: flat,
    path: '/webhook',
    operation: 'FlatWebhook',
    id: 'id',
    schemas: {
      shown: 'FlatWebhook',
      created: 'CreatedFlatWebhook',
      new: 'NewFlatWebhook',
      changes: 'FlatWebhookChanges',
      error: 'FlatError',
    },
    showsNewSecret: true,
    list: { items: 'result', cursor: 'next_cursor', isActive: 'is_active', tenant: null, environment: 'environment_id' },
    deleted: 'id',
  },
];
