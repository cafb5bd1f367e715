// The headers that every delivery carries, in the flat form that undici takes without another pass.

/** Names of our headers, in the order in which they are sent. Nobody may set them on a webhook. */
export const deliveryHeaderNames = [
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'content-type',
  'user-agent',
  'posthorn-event-type',
  'posthorn-delivery-id',
  'posthorn-attempt',
] as const;

/** Name, value, name, value … The timestamp is the attempt's, in Unix seconds; attempts count from 1. */
export function deliveryHeaders(delivery: {
  readonly eventId: string;
  readonly timestampS: number;
  readonly signature: string;
  readonly eventType: string;
  readonly deliveryId: string;
  readonly attempt: number;
  readonly contentType: string;
  readonly userAgent: string;
}): string[] {
  return [
    'webhook-id',
    delivery.eventId,
    'webhook-timestamp',
    String(delivery.timestampS),
    'webhook-signature',
    delivery.signature,
    'content-type',
    delivery.contentType,
    'user-agent',
    delivery.userAgent,
    'posthorn-event-type',
    delivery.eventType,
    'posthorn-delivery-id',
    delivery.deliveryId,
    'posthorn-attempt',
    String(delivery.attempt),
  ];
}
