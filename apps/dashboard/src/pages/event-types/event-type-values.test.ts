import { expect, it } from '@jest/globals';
import { bodyOf, emptyEventType, valuesOf } from './event-type-values.js';

const schema = '{"maximum":1e400,"minimum":-12345678901234567890.10}';

it('sends what was typed, digit for digit', () => {
  expect(bodyOf({ name: 'a', description: ' ', schema, example: '{ "n" : 1.50 }' }, emptyEventType, 'a')).toBe(
    `{"name":"a","description":null,"schema":${schema},"example":{ "n" : 1.50 }}`,
  );
});

it('sends nothing of what was not touched, and null for what was taken out', () => {
  const before = valuesOf({ name: 'a', description: null, schema, example: '7', webhooks: 0, created_at: '', updated_at: '' });
  expect(before.schema).toBe('{\n  "maximum": 1e400,\n  "minimum": -12345678901234567890.10\n}');
  expect(bodyOf(before, before)).toBeNull();
  expect(bodyOf({ ...before, schema: '', description: 'b' }, before)).toBe('{"description":"b","schema":null}');
});
