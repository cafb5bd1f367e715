// Versions of a webhook's configuration.
import { Type } from 'typebox';
import { newFields } from '../webhook-fields.js';
import { nullable, objectOf, shownAs, time, uuid } from './fields.js';
import { webhookFields } from './webhook.js';

const configurationFields = Object.fromEntries(Object.entries(webhookFields).filter(([name]) => Object.hasOwn(newFields, name)));

export const versionPath = Type.Object({
  id: uuid('The id of the webhook.'),
  version: Type.Integer({ minimum: 1, description: 'The number of the version.' }),
});

const summaryFields = {
  version: Type.Integer({ minimum: 1 }),
  changed_at: time(),
  changed_by: Type.Object({ key_id: nullable(uuid()), role: Type.String() }),
  changes: objectOf(Type.Object({ from: Type.Unknown(), to: Type.Unknown() }), {
    description: 'What is different from the version before, by field; secret values are hidden. Empty for the first version.',
  }),
};

export const versionSummarySchema = Type.Object(summaryFields, {
  $id: 'WebhookVersionSummary',
  description: "Who changed a webhook's configuration, when, and what.",
});

export const versionSchema = Type.Object(
  { ...summaryFields, webhook: Type.Object(configurationFields, { description: 'The configuration, secret values hidden.' }) },
  { $id: 'WebhookVersion', description: "A version of a webhook's configuration." },
);

/** No body is as good as an empty one. */
export const restoreBody = Type.Unsafe<object | null>({
  type: ['object', 'null'],
  properties: {
    authentication: shownAs({ type: 'object' }, Type.Ref('Authentication')),
    headers: objectOf(Type.String()),
  },
  additionalProperties: false,
  $id: 'RestoreWebhookVersion',
  description: 'Secret values that the version had and that are kept no more.',
});

export const rotateBody = Type.Unsafe<{ readonly secret?: string; readonly overlap_s?: number } | null>({
  type: ['object', 'null'],
  properties: {
    secret: Type.String({ maxLength: 128, description: 'Default: a new one of the form of the present one.' }),
    overlap_s: Type.Integer({
      minimum: 0,
      maximum: 604_800,
      default: 86_400,
      description: 'How long the present one signs as well; 0: all that were there end at once.',
    }),
  },
  additionalProperties: false,
  $id: 'RotateWebhookSecret',
  description: 'The new secret, and how long the present one signs beside it.',
});
