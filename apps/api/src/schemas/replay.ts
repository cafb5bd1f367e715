// Replays: many deliveries again.
import { Type } from 'typebox';
import { anyObject, count, nullable, oneOf, time, timeOrNull, uuid } from './fields.js';

const replayFields = {
  id: uuid(),
  status: oneOf(['running', 'done', 'cancelled']),
  mode: oneOf(['original', 'current']),
  filter: anyObject({ description: 'What it covers, as it was asked for.' }),
  recovers_webhook_id: nullable(uuid(), { description: 'The webhook that it recovers; null: it is no recovery.' }),
  total: nullable(count(), { description: 'How many deliveries it covers; null: too many to count in time.' }),
  opened: count('Deliveries that it has opened so far.'),
  already_waiting: count('Deliveries that waited anyway.'),
  refused: count('Deliveries that cannot be made again.'),
  created_at: time(),
  ended_at: timeOrNull(),
};

export const replaySummarySchema = Type.Object(replayFields, { $id: 'ReplaySummary', description: 'A replay, as lists have it.' });

export const replaySchema = Type.Object(
  { ...replayFields, deliveries: Type.Ref('DeliveryCounts') },
  { $id: 'Replay', description: 'A replay and the state of what it opened.' },
);

export const replayForecastSchema = Type.Object(
  {
    dry_run: Type.Boolean(),
    mode: oneOf(['original', 'current']),
    filter: anyObject(),
    total: count(),
    would_open: count(),
    already_waiting: count(),
    refused: count(),
    is_complete: Type.Boolean({ description: 'False: counting took too long, and the numbers are what was seen until then.' }),
  },
  { $id: 'ReplayForecast', description: 'What a replay would do. Nothing was done.' },
);
