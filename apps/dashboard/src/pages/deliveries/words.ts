// The words that deliveries can be filtered by.
import type { Delivery } from '../../api/queries.js';

export const statuses = ['pending', 'held', 'succeeded', 'failed', 'skipped', 'cancelled'] as const satisfies readonly Delivery['status'][];

/** Those that a delivery can have; the others stand in explanations only. */
export const reasons = [
  'webhook_disabled',
  'webhook_paused',
  'circuit_open',
  'exhausted',
  'rejected',
  'blocked_address',
  'webhook_deleted',
  'cancelled_by_hand',
  'expired',
  'erased',
] as const satisfies readonly Delivery['reason'][];

export const errorKinds = [
  'dns',
  'connect',
  'tls',
  'timeout',
  'reset',
  'protocol',
  'blocked',
  'cut_off',
] as const satisfies readonly Delivery['last_error_kind'][];

export const codeClasses = ['2xx', '3xx', '4xx', '5xx'] as const;
