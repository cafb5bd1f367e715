import { describe, expect, it } from '@jest/globals';
import { deliveryOf, whatOf, whyNobody } from './words.js';

describe('a notification in words', () => {
  it.each([
    ['webhook_failing', 1, { circuit_failure_count: 5 }, 'Failing: 5 failures in a row'],
    ['webhook_failing', 2, { circuit_failure_count: 1 }, 'Failing: 1 failure in a row, 2 times'],
    ['webhook_recovered', 1, {}, 'Works again'],
    ['circuit_opened', 3, { circuit_failure_count: 1_000 }, 'Circuit opened: 1,000 failures in a row, 3 times'],
    ['webhook_disabled', 1, { disabled_reason: 'gone' }, 'Disabled: its endpoint answered 410'],
    ['delivery_failed', 1, {}, 'A delivery failed for good'],
    ['delivery_failed', 1_200, {}, '1,200 deliveries failed for good'],
    ['deliveries_expiring', 1, { count: 1_200 }, '1,200 deliveries are about to expire'],
    ['deliveries_expiring', 2, {}, 'Deliveries are about to expire'],
    ['deliveries_expired', 1, {}, 'A delivery expired'],
    ['deliveries_expired', 1_200, { count: 3 }, '1,200 deliveries expired'],
    ['deliveries_succeeded', 1, {}, 'What was delivered'],
  ] as const)('says what and how often: %s × %d', (kind, count, details, words) => {
    expect(whatOf({ kind, count, details })).toBe(words);
  });

  it('makes do with details that are not as they should be', () => {
    expect(whatOf({ kind: 'webhook_failing', count: 1, details: { circuit_failure_count: 'x' } })).toBe('Failing');
    expect(whatOf({ kind: 'webhook_disabled', count: 1, details: { disabled_reason: { x: 1 } } })).toBe('Disabled');
    expect(deliveryOf({ kind: 'delivery_failed', details: { delivery_id: 1 } })).toBeNull();
    expect(deliveryOf({ kind: 'delivery_failed', details: { delivery_id: 'e.w' } })).toBe('e.w');
  });

  it('says why nobody was told', () => {
    expect(whyNobody({ outcome: null })).toBeNull();
    expect(whyNobody({ outcome: 'mailed' })).toBeNull();
    expect(whyNobody({ outcome: 'no_mail_server' })).toContain('SMTP_URL');
  });
});
