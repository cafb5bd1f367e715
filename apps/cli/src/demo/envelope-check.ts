// Checks a body of format `envelope`: its four keys, in their order and no other, and that `data` is what was published, byte for byte.
import { eventLimits, parseRfc3339, scanObject } from '@posthorn/core';
import type { ExampleEvent } from './examples.js';

export const envelopeKeys = ['event_time', 'event_type', 'current_context', 'data'] as const;

/** What is wrong with the body, or null. The event was published without a context. */
export function envelopeFault(body: Buffer, published: ExampleEvent): string | null {
  const text = body.toString('utf8');
  const scan = scanObject(text, 0, text.length, eventLimits.depthMax + 1);
  if (!scan.ok) return `the body is no JSON object (${scan.error} at ${scan.offset})`;
  const keys = scan.members.map(({ key }) => key);
  if (keys.join() !== envelopeKeys.join()) return `the keys are ${keys.join(', ')} and not ${envelopeKeys.join(', ')}`;
  const [eventTime, eventType, context, data] = scan.members.map(({ start, end }) => text.slice(start, end));
  if (!/^".*"$/.test(eventTime!) || parseRfc3339(eventTime!.slice(1, -1)) === null) return `event_time is ${eventTime}`;
  if (eventType !== JSON.stringify(published.eventType)) return `event_type is ${eventType} and not ${published.eventType}`;
  if (context !== 'null') return `current_context is ${context!.slice(0, 100)} and not null`;
  // Compared as bytes: two texts may be equal where invalid UTF-8 was replaced.
  if (!Buffer.from(data!).equals(Buffer.from(published.data)) || Buffer.byteLength(text) !== body.length) {
    return `data is not what was published (${Buffer.byteLength(data!)} and ${Buffer.byteLength(published.data)} bytes)`;
  }
  return null;
}
