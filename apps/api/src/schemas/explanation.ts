// Why an event was or was not delivered to a webhook.
import { explainOutcomes, reasons, shownStatuses } from '@posthorn/core';
import { Type } from 'typebox';
import { anyJson, count, nullable, oneOf, time, timeOrNull, uuid } from './fields.js';

export const dryRunSchema = Type.Object(
  {
    event: Type.Ref('NewEvent'),
    webhook_id: Type.Optional(nullable(uuid(), { description: 'Without it: all webhooks of the tenant.' })),
  },
  { $id: 'DryRun', additionalProperties: false, description: 'An event that is not published.' },
);

const explainedDeliverySchema = Type.Object({
  id: Type.String(),
  status: oneOf(['waiting', ...shownStatuses.filter((status) => status !== 'pending' && status !== 'held')]),
  reason: nullable(oneOf(reasons)),
  attempts: count(),
  attempts_max: count(),
  next_attempt_at: timeOrNull(),
  last_status_code: nullable(Type.Integer()),
  last_error_kind: nullable(Type.String()),
  last_error: nullable(Type.String()),
  ended_at: timeOrNull(),
});

export const explanationSchema = Type.Object(
  {
    event_id: nullable(uuid(), { description: 'Null: the event is not published.' }),
    webhook_id: uuid(),
    outcome: oneOf(explainOutcomes),
    reason: nullable(oneOf(reasons)),
    clause: nullable(Type.String(), { description: "Where in the webhook's context or filter it stopped." }),
    expected: anyJson('What the webhook asks for there.'),
    value: anyJson('What the event has instead.'),
    sentence: Type.String({ description: 'The whole in one sentence.' }),
    what_helps: nullable(Type.String()),
    steps: Type.Array(
      Type.Object({
        step: oneOf(reasons),
        passed: nullable(Type.Boolean(), { description: 'Null: it did not come so far, or nobody knows any more.' }),
        detail: nullable(Type.String()),
      }),
    ),
    delivery: nullable(explainedDeliverySchema),
    as_of: Type.Object({
      webhook_version: Type.Integer(),
      at: time(),
      from_history: Type.Boolean({ description: 'True: judged by what was so then, not by what is so now.' }),
    }),
  },
  { $id: 'Explanation', description: 'What became of one event at one webhook, or would, and why.' },
);
