import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { envelope } from './payload-format.js';

describe('envelope', () => {
  it('has exactly four members in this order, and the bytes of data', () => {
    const body = envelope({
      eventTimeMs: 1738324800000,
      eventType: 'order.placed',
      currentContext: '{"survey" : 1.0}',
      data: '{"a":1.0, "a":2}',
    });
    expect(body).toBe(
      '{"event_time":"2025-01-31T12:00:00.000Z","event_type":"order.placed","current_context":{"survey" : 1.0},"data":{"a":1.0, "a":2}}',
    );
  });

  it('says null where there is no context, and is always JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), fc.nat(), (data, eventType, eventTimeMs) => {
        const body = envelope({ eventTimeMs, eventType, currentContext: null, data: JSON.stringify(data) });
        expect(JSON.stringify(JSON.parse(body))).toBe(
          JSON.stringify({
            event_time: new Date(eventTimeMs).toISOString(),
            event_type: eventType,
            current_context: null,
            data: JSON.parse(JSON.stringify(data)),
          }),
        );
      }),
    );
  });
});
