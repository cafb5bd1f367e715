// Which messages of the stream a page has to do with: what none of them is about is not read again.
import type { LiveMessage } from './live-stream.js';
import type { Filters } from './queries.js';

export type Concern = (message: LiveMessage) => boolean;

const isOpen = (text: string | undefined): text is undefined => text === undefined || text === '';

/** Whether a type is one of those that a pattern stands for: `order.*`. None: all. */
export const fitsType = (pattern: string | undefined, type: string): boolean => {
  if (isOpen(pattern)) return true;
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(type);
};

const is = (wanted: string | undefined, value: string): boolean => isOpen(wanted) || wanted === value;

export const anything: Concern = () => true;
/** A webhook was switched, paused, or its circuit changed. */
export const switches: Concern = ({ kind }) => kind === 'circuit';
/** What statistics count: attempts, and deliveries that were made or ended without one. */
export const outcomes: Concern = ({ kind }) => kind === 'attempt' || kind === 'delivery';
export const replayedAttempts: Concern = (message) => message.kind === 'attempt' && message.attempt_kind === 'replay';

/** What somebody may have to be told of: a webhook was switched, a delivery ended without an attempt, or an attempt failed. */
export const anyTrouble: Concern = (message) =>
  message.kind === 'circuit' || message.kind === 'delivery' || (message.kind === 'attempt' && !message.ok);

/** The same of a list of notifications. */
export const troublesOf =
  ({ webhook_id: webhook }: Filters): Concern =>
  (message) =>
    message.kind !== 'reset' && message.kind !== 'event' && anyTrouble(message) && is(webhook, message.webhook_id);

/** New events of a list. */
export const eventsOf =
  ({ event_type: type }: Filters): Concern =>
  (message) =>
    message.kind === 'event' && fitsType(type, message.event_type);

/** A list of deliveries: they come of events, change by attempts, and are held and let go with their webhook. */
export const deliveriesOf =
  ({ event_type: type, event_id: event, webhook_id: webhook }: Filters): Concern =>
  (message) => {
    if (message.kind === 'circuit') return is(webhook, message.webhook_id);
    if (message.kind === 'event') return fitsType(type, message.event_type) && is(event, message.event_id);
    return message.kind !== 'reset' && fitsType(type, message.event_type) && is(event, message.event_id) && is(webhook, message.webhook_id);
  };

/** One webhook: its attempts and switches, and events that it may want. @param eventTypes none: all */
export const webhookOf =
  (id: string, eventTypes: readonly string[]): Concern =>
  (message) => {
    if (message.kind === 'event') return eventTypes.length === 0 || eventTypes.some((pattern) => fitsType(pattern, message.event_type));
    return message.kind !== 'reset' && message.webhook_id === id;
  };

/** One event, whose deliveries may be held or let go. */
export const eventOf =
  (id: string): Concern =>
  (message) =>
    message.kind === 'circuit' || (message.kind !== 'reset' && message.event_id === id);

/** One delivery. @param id `<event>.<webhook>` */
export const deliveryOf = (id: string): Concern => {
  const [event, webhook] = id.split('.');
  return (message) =>
    ((message.kind === 'attempt' || message.kind === 'delivery') && message.event_id === event && message.webhook_id === webhook) ||
    (message.kind === 'circuit' && message.webhook_id === webhook);
};
