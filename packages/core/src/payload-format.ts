// Bodies that go out, put together as text: what the producer sent is never parsed and written again.
import { scanArray, scanObject } from './json-scanner.js';
import { formatRfc3339 } from './rfc3339.js';

/** What `payload_format` of a webhook may be; the first is the default. */
export const payloadFormats = ['envelope', 'standard', 'jsonapi', 'event_payload', 'cloudevents', 'data'] as const;
export type PayloadFormat = (typeof payloadFormats)[number];

/** What bodies are made of. `currentContext`, `data` and `resources` (an object) are JSON text; times are Unix milliseconds. */
export type BodyEvent = {
  readonly id: string;
  readonly eventType: string;
  readonly eventTimeMs: number;
  readonly acceptedAtMs: number;
  readonly environmentId: string;
  readonly currentContext: string | null;
  readonly data: string;
  readonly resources: string | null;
};

export type BodyOptions = { readonly includeResources: readonly string[]; readonly webhookId: string };

/** Whether the format has a place for `include_resources`. On a webhook with another format they are refused, and here left out. */
export function canCarryResources(format: PayloadFormat): boolean {
  return format === 'envelope' || format === 'jsonapi';
}

/**
 * Whether the webhook's id stands in the body. If not, all webhooks of this format, and of the same `includeResources` where it carries
 * them, get the same body for an event.
 */
export function isBodyPerWebhook(format: PayloadFormat): boolean {
  return format === 'event_payload';
}

/** The value of `content-type`. */
export function contentTypeOf(format: PayloadFormat): string {
  switch (format) {
    case 'jsonapi':
      return 'application/vnd.api+json';
    case 'cloudevents':
      return 'application/cloudevents+json';
    default:
      return 'application/json';
  }
}

/**
 * The body of an event in a format: JSON text without white space of ours, the members always in the same order.
 * A RangeError if `resources` is needed and is not the text of an object, which `parseEvent` sees to.
 */
export function buildBody(format: PayloadFormat, event: BodyEvent, options: BodyOptions): string {
  switch (format) {
    case 'envelope':
      return envelope(event, options.includeResources.length === 0 ? null : included(event.resources, options.includeResources));
    case 'standard':
      return `{"type":${JSON.stringify(event.eventType)},"timestamp":"${formatRfc3339(event.eventTimeMs)}","data":${event.data}}`;
    case 'jsonapi':
      return `{"data":${event.data},"included":${included(event.resources, options.includeResources)}}`;
    case 'event_payload':
      return `{"id":"${event.id}","event":${JSON.stringify(event.eventType)},"payload":${event.data},"environment_id":"${event.environmentId}","webhook_id":"${options.webhookId}","created_at":"${formatRfc3339(event.acceptedAtMs)}"}`;
    case 'cloudevents':
      return cloudEvent(event);
    case 'data':
      return event.data;
  }
}

/**
 * The body of format `envelope`: exactly these four members in this order, and `included` (the text of a list) after them if it is given.
 * `data` and `currentContext` are JSON text, placed as they are; `eventTimeMs` is Unix milliseconds.
 */
export function envelope(
  event: Pick<BodyEvent, 'eventTimeMs' | 'eventType' | 'currentContext' | 'data'>,
  included: string | null = null,
): string {
  const last = included === null ? '' : `,"included":${included}`;
  return `{"event_time":"${formatRfc3339(event.eventTimeMs)}","event_type":${JSON.stringify(event.eventType)},"current_context":${event.currentContext ?? 'null'},"data":${event.data}${last}}`;
}

/**
 * CloudEvents 1.0, structured mode, JSON event format. `source` is `/environments/<id>`, a URI reference that stays the same whatever our
 * address is; with `id` it is unique, as the standard asks, and the same on every attempt.
 */
function cloudEvent(event: BodyEvent): string {
  return `{"specversion":"1.0","id":"${event.id}","source":"/environments/${event.environmentId}","type":${JSON.stringify(event.eventType)},"time":"${formatRfc3339(event.eventTimeMs)}","datacontenttype":"application/json","data":${event.data}}`;
}

/**
 * The resources of these names as the text of one list, in the order of `names`: the elements of a list, anything else (`null` too) as one
 * element. What the event lacks is left out. Of several resources of one name the last counts, as for `JSON.parse`; a name that is
 * given again adds nothing.
 */
function included(resources: string | null, names: readonly string[]): string {
  if (resources === null || names.length === 0) return '[]';
  // The depth was checked when the event was accepted, and scanning costs the same at any.
  const scan = scanObject(resources, 0, resources.length, Number.POSITIVE_INFINITY);
  if (!scan.ok) throw new RangeError(`resources is not an object: ${scan.error} at ${scan.offset}`);
  const byName = new Map(scan.members.map((member) => [member.key, member]));
  const elements = [...new Set(names)].flatMap((name): string[] => {
    const member = byName.get(name);
    return member === undefined ? [] : elementsOf(resources, member.start, member.end);
  });
  return `[${elements.join(',')}]`;
}

/** The texts of a list's elements, or the one value that is no list. */
function elementsOf(text: string, start: number, end: number): string[] {
  if (text[start] !== '[') return [text.slice(start, end)];
  const list = scanArray(text, start, end, Number.POSITIVE_INFINITY);
  if (!list.ok) throw new RangeError(`a resource is not a list: ${list.error} at ${list.offset}`);
  return list.elements.map((element) => text.slice(element.start, element.end));
}
