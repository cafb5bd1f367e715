import { describe, expect, it } from '@jest/globals';
import { reasonCodes, reasonOfCode, reasons } from './reasons.js';

describe('reasons', () => {
  it('keep their stored codes: a change here is a change of stored data', () => {
    expect(reasonCodes).toEqual({
      tenant: 1,
      created_later: 2,
      webhook_disabled: 3,
      webhook_paused: 4,
      event_type: 5,
      project_flow: 6,
      context: 7,
      filter: 8,
      circuit_open: 9,
      rate_limited: 10,
      in_flight_limit: 11,
      retry_waiting: 12,
      exhausted: 13,
      rejected: 14,
      blocked_address: 15,
      webhook_deleted: 16,
      cancelled_by_hand: 17,
      expired: 18,
      erased: 19,
    });
  });

  it('are found again by their codes', () => {
    expect(reasons.map((reason) => reasonOfCode(reasonCodes[reason]))).toEqual([...reasons]);
  });

  it.each([0, 20, -1, 1.5])('have none for the code %p', (code) => {
    expect(() => reasonOfCode(code)).toThrow(RangeError);
  });
});
