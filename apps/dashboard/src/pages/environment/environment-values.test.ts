import { describe, expect, it } from '@jest/globals';
import type { Environment } from '../../api/admin-queries.js';
import { bodyOf, scheduleFault, valuesOf } from './environment-values.js';

const environment: Environment = {
  id: '019aa000-0000-7000-8000-000000000000',
  name: 'default',
  mode: 'test',
  settings: {
    timeout_ms: 5_000,
    max_in_flight: null,
    circuit_threshold: null,
    circuit_recovery: null,
    retry_schedule_s: [5, 60],
    allow_http: false,
    event_schemas: 'off',
  },
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
};
const before = valuesOf(environment);

describe('the changes to an environment', () => {
  it('are none when nothing was typed', () => {
    expect(bodyOf(before, before)).toEqual({});
  });

  it('are what was typed alone, and null for what was emptied', () => {
    const values = { ...before, name: ' other ', timeout_ms: '', max_in_flight: 7, retry_schedule_s: '', event_schemas: 'warn' } as const;
    expect(bodyOf(values, before)).toEqual({
      name: 'other',
      settings: { timeout_ms: null, max_in_flight: 7, retry_schedule_s: null, event_schemas: 'warn' },
    });
  });

  it('have waits as numbers', () => {
    expect(bodyOf({ ...before, retry_schedule_s: '5,60 600' }, before)).toEqual({ settings: { retry_schedule_s: [5, 60, 600] } });
    expect(scheduleFault('5, 60')).toBeNull();
    expect(scheduleFault('5, soon')).not.toBeNull();
    expect(scheduleFault('0')).not.toBeNull();
  });
});
