// Events as they are published: their JSON parts as values, or as text that goes out byte for byte.
import type { components } from './generated/api.js';

type NewEvent = components['schemas']['NewEvent'];

const textOf: unique symbol = Symbol('JSON text');

/** JSON that is not written again: `1.0`, big integers, spaces and the order of members stay. */
export type JsonText = { readonly [textOf]: string };

/** An event to publish; see `POST /v1/events`. */
export type EventToPublish = Omit<NewEvent, 'data' | 'current_context' | 'resources'> & {
  /** Any JSON value, or `jsonText(…)`. */
  readonly data: unknown;
  readonly current_context?: unknown;
  readonly resources?: unknown;
};

/** Marks a text as JSON. Throws a SyntaxError if it is not one JSON value: it is put into the request without another look. */
export function jsonText(text: string): JsonText {
  JSON.parse(text);
  return { [textOf]: text };
}

/** The body of `POST /v1/events`. What is undefined is left out; `data` that JSON cannot say throws a TypeError. */
export function publicationText(event: EventToPublish): string {
  const members = Object.entries(event).flatMap(([name, value]) => {
    const text = isJsonText(value) ? value[textOf] : JSON.stringify(value);
    if (text === undefined && name === 'data') throw new TypeError('data is no JSON value');
    return text === undefined ? [] : [`${JSON.stringify(name)}:${text}`];
  });
  return `{${members.join(',')}}`;
}

/** The body of `POST /v1/events/batch`. */
export function batchText(events: readonly EventToPublish[]): string {
  return `{"events":[${events.map(publicationText).join(',')}]}`;
}

function isJsonText(value: unknown): value is JsonText {
  return typeof value === 'object' && value !== null && textOf in value;
}
