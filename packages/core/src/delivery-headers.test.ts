import { describe, expect, it } from '@jest/globals';
import { deliveryHeaderNames, deliveryHeaders } from './delivery-headers.js';

describe('deliveryHeaders', () => {
  it('are names and values in turn', () => {
    const headers = deliveryHeaders({
      eventId: 'e',
      timestampS: 1614265330,
      signature: 'v1,x',
      eventType: 'order.placed',
      deliveryId: 'e.w',
      attempt: 3,
      contentType: 'application/json',
      userAgent: 'Posthorn/0.1',
    });
    expect(headers).toEqual([
      ...['webhook-id', 'e', 'webhook-timestamp', '1614265330', 'webhook-signature', 'v1,x', 'content-type', 'application/json'],
      ...['user-agent', 'Posthorn/0.1', 'posthorn-event-type', 'order.placed', 'posthorn-delivery-id', 'e.w', 'posthorn-attempt', '3'],
    ]);
    expect(headers.filter((_, index) => index % 2 === 0)).toEqual([...deliveryHeaderNames]);
  });
});
