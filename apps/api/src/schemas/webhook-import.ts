// Webhooks on their way in from another system, and out again.
import { Type } from 'typebox';
import { limits } from '../limits.js';
import { count, nullable, oneOf, uuid } from './fields.js';
import { listOf } from './lists.js';

export const dialectNames = ['000', '001', '003', '004'] as const;

export const importBody = Type.Object(
  {
    dialect: oneOf(dialectNames, { description: 'The words of the objects.' }),
    dry_run: Type.Optional(Type.Boolean({ description: 'Say what would happen, and do nothing.' })),
    tenant: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, description: 'Whose webhooks they are to be, of dialects whose objects do not say so.' }),
    ),
    webhooks: Type.Array(Type.Unknown({ description: 'An object of the dialect, as it was exported.' }), {
      minItems: 1,
      maxItems: limits.importWebhooksMax,
    }),
  },
  { $id: 'WebhookImport', additionalProperties: false, description: 'Webhooks to import: all of them, or none.' },
);

const rowSchema = Type.Object({
  index: Type.Integer({ minimum: 0, description: 'Which of the webhooks sent.' }),
  status: oneOf(['ready', 'imported', 'refused'], { description: '`ready`: a dry run found nothing against it.' }),
  id: nullable(uuid('Its id here.')),
  object_id: nullable(Type.String(), { description: 'The id of 24 hex digits that it keeps.' }),
  old_id: nullable(Type.String(), { description: 'Its id where it comes from.' }),
  tenant: nullable(Type.String()),
  name: nullable(Type.String()),
  code: nullable(Type.String()),
  secret: oneOf(['kept', 'new'], { description: 'Whether it brings its secret along.' }),
  renamed: Type.Array(
    Type.Object({
      field: oneOf(['name', 'code']),
      from: Type.String(),
      to: Type.String(),
    }),
    { description: 'Names and codes that were taken.' },
  ),
  errors: Type.Array(
    Type.Object({
      pointer: Type.String({ description: 'Where in the body that makes such a webhook.' }),
      code: Type.String(),
      message: Type.String(),
    }),
  ),
});

export const importedSchema = Type.Object(
  {
    dialect: oneOf(dialectNames),
    dry_run: Type.Boolean(),
    ready: count('Of a dry run: those that would be imported.'),
    imported: count(),
    refused: count('Of a dry run: those that keep all from being imported.'),
    data: Type.Array(rowSchema),
  },
  { $id: 'ImportedWebhooks', description: 'What an import did or, as a dry run, would do.' },
);

/** A page of objects of the dialect. */
export const exportedSchema = listOf(Type.Unknown({ description: 'An object of the dialect.' }));
