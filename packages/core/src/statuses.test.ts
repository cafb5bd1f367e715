import { describe, expect, it } from '@jest/globals';
import {
  attemptKindCodes,
  attemptKindOfCode,
  attemptKinds,
  circuitStateCodes,
  circuitStateOfCode,
  circuitStates,
  errorKindCodes,
  errorKindOfCode,
  errorKinds,
  shownStatus,
  storedStatusCodes,
} from './statuses.js';

describe('statuses', () => {
  it('show a waiting delivery as held behind a gate, else as pending', () => {
    expect(shownStatus(storedStatusCodes.waiting, false)).toBe('pending');
    expect(shownStatus(storedStatusCodes.waiting, true)).toBe('held');
  });

  it.each(['succeeded', 'failed', 'skipped', 'cancelled'] as const)('show %s as it is, gate or not', (status) => {
    expect(shownStatus(storedStatusCodes[status], false)).toBe(status);
    expect(shownStatus(storedStatusCodes[status], true)).toBe(status);
  });

  it('refuse an unknown code', () => {
    expect(() => shownStatus(5, false)).toThrow(RangeError);
    expect(() => shownStatus(-1, false)).toThrow(RangeError);
  });

  it('keep the stored codes', () => {
    expect(storedStatusCodes).toEqual({ waiting: 0, succeeded: 1, failed: 2, skipped: 3, cancelled: 4 });
    expect(attemptKindCodes).toEqual({ first: 0, retry: 1, probe: 2, manual: 3, replay: 4, test: 5 });
    expect(circuitStateCodes).toEqual({ closed: 0, open: 1, half_open: 2 });
    expect(errorKindCodes).toEqual({ dns: 1, connect: 2, tls: 3, timeout: 4, reset: 5, protocol: 6, blocked: 7, cut_off: 8 });
  });

  it('are found again by their codes', () => {
    expect(attemptKinds.map((kind) => attemptKindOfCode(attemptKindCodes[kind]))).toEqual([...attemptKinds]);
    expect(circuitStates.map((state) => circuitStateOfCode(circuitStateCodes[state]))).toEqual([...circuitStates]);
    expect(errorKinds.map((kind) => errorKindOfCode(errorKindCodes[kind]))).toEqual([...errorKinds]);
    expect(() => errorKindOfCode(0)).toThrow(RangeError);
  });
});
