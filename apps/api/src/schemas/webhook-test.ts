// What a test of a webhook sends.
import { Type } from 'typebox';
import { anyJson } from './fields.js';

/** No body is as good as an empty one. */
export const testEventSchema = Type.Unsafe<{ readonly event_type?: string; readonly data?: unknown } | null>({
  $id: 'TestEvent',
  description: 'What to send.',
  type: ['object', 'null'],
  properties: {
    event_type: Type.String({ description: 'By default `posthorn.test`.' }),
    data: anyJson('The payload: any JSON. It is sent byte for byte as it came.'),
  },
  additionalProperties: false,
});
