import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isEventType, isEventTypePattern, isReservedEventType, matchesEventType } from './event-type.js';

describe('isEventType', () => {
  it.each(['order.placed', 'sync_job_run:created', 'create-edit-delete-task', 'A/b_1', 'x', 'x'.repeat(128)])('takes %p', (text) => {
    expect(isEventType(text)).toBe(true);
    expect(isEventTypePattern(text)).toBe(true);
  });

  it.each(['', '.a', 'a.', 'a..b', 'a b', 'é', 'a\n', 'x'.repeat(129), 'order.*', '*'])('refuses %p', (text) => {
    expect(isEventType(text)).toBe(false);
  });
});

describe('isEventTypePattern', () => {
  it.each(['*', 'order.*', '*.created', 'a*b*c', 'posthorn.*', '**'])('takes %p', (text) => {
    expect(isEventTypePattern(text)).toBe(true);
  });

  it.each(['', 'a..*', '.*', 'a b*', '*-', 'order.?', '*'.repeat(129)])('refuses %p, which nothing could match', (text) => {
    expect(isEventTypePattern(text)).toBe(false);
  });
});

describe('matchesEventType', () => {
  it.each([
    [[], 'order.placed', true],
    [[], 'posthorn.circuit_opened', false],
    [['*'], 'posthorn.circuit_opened', false],
    [['*.circuit_opened', 'posthorn*'], 'posthorn.circuit_opened', false],
    [['posthorn.*'], 'posthorn.circuit_opened', true],
    [['posthorn.circuit_opened'], 'posthorn.circuit_opened', true],
    [['posthorn.*'], 'order.placed', false],
    [['*'], 'posthorn', true],
    [['order.*'], 'order.placed', true],
    [['order.*'], 'order.placed.late', true],
    [['order.*'], 'order', false],
    [['order.*'], 'Order.placed', false],
    [['a', 'b'], 'b', true],
    [['ab*ba'], 'aba', false],
    [['*a*a*'], 'a', false],
  ])('%p for %p: %p', (patterns, eventType, expected) => {
    expect(matchesEventType(patterns, eventType)).toBe(expected);
  });

  it('agrees with a regular expression', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
    const eventType = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 10 });
    fc.assert(
      fc.property(pattern, eventType, (glob, type) => {
        const oracle = new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
        expect(matchesEventType([glob], type)).toBe(oracle.test(type));
      }),
      { numRuns: 5000 },
    );
  });

  it('knows our own events by their prefix', () => {
    expect(isReservedEventType('posthorn.x')).toBe(true);
    expect(isReservedEventType('posthornx')).toBe(false);
  });
});
