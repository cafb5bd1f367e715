import { describe, expect, it } from '@jest/globals';
import { eventLimits, parseEvent } from '@posthorn/core';
import { checkedJson } from './checked-json.js';

describe('checked JSON', () => {
  it('refuses text that would become fields of the event', () => {
    expect(() => checkedJson('1,"tenant":"other"', '--data')).toThrow(/^--data is not JSON: /);
    expect(() => checkedJson('', '--data')).toThrow(/^--data is not JSON/);
  });

  it('takes exactly as many levels as the API does with the event around them', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    const deepest = nested(eventLimits.depthMax - 1);
    const body = `{"event_type":"order.placed","data":${checkedJson(deepest, '--data')}}`;
    expect(parseEvent(body, eventLimits).ok).toBe(true);
    expect(() => checkedJson(nested(eventLimits.depthMax), '--data')).toThrow('--data is nested deeper than 63 levels');
  });
});
