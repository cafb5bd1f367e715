import { describe, expect, it } from '@jest/globals';
import { eventLimits, parseEvent } from '@posthorn/core';
import fc from 'fast-check';
import { checkedJson, publicationBody } from './publication.js';

const bare = { eventType: 'order.placed', data: '{}', context: null, tenant: null, id: null };

describe('the body of a publication', () => {
  it('holds the data as it was given, not written again', () => {
    const data = '{ "price": 1.0, "n": 12345678901234567890, "price": 2 }\n';
    expect(publicationBody({ ...bare, data })).toBe(`{"event_type":"order.placed","data":${data}}`);
  });

  it('names tenant, id and context only if they are given', () => {
    const body = publicationBody({ ...bare, tenant: 'acme', id: 'a-1', context: '{"x":[1]}' });
    expect(JSON.parse(body)).toEqual({ event_type: 'order.placed', tenant: 'acme', id: 'a-1', current_context: { x: [1] }, data: {} });
  });

  it('is read back by the rules of the API with every byte of any JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), fc.json({ maxDepth: 8 }), (data, context) => {
        const result = parseEvent(publicationBody({ ...bare, data, context }), eventLimits);
        expect(result.ok && result.event.data).toBe(data);
        expect(result.ok && (result.event.currentContext ?? 'null')).toBe(context);
      }),
    );
  });
});

describe('checked JSON', () => {
  it('refuses text that would become fields of the event', () => {
    expect(() => checkedJson('1,"tenant":"other"', '--data')).toThrow(/^--data is not JSON: /);
    expect(() => checkedJson('', '--data')).toThrow(/^--data is not JSON/);
  });

  it('takes exactly as many levels as the API does with the event around them', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    const deepest = nested(eventLimits.depthMax - 1);
    expect(parseEvent(publicationBody({ ...bare, data: checkedJson(deepest, '--data') }), eventLimits).ok).toBe(true);
    expect(() => checkedJson(nested(eventLimits.depthMax), '--data')).toThrow('--data is nested deeper than 63 levels');
  });
});
