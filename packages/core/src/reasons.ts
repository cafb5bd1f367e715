// The one closed list of reasons why a delivery is held, skipped, cancelled, failed or does not exist.
// Their codes are stored: the list only ever grows at its end.

/** Every reason, in the order of its code. */
export const reasons = [
  'tenant',
  'created_later',
  'webhook_disabled',
  'webhook_paused',
  'event_type',
  'project_flow',
  'context',
  'filter',
  'circuit_open',
  'rate_limited',
  'in_flight_limit',
  'retry_waiting',
  'exhausted',
  'rejected',
  'blocked_address',
  'webhook_deleted',
  'cancelled_by_hand',
  'expired',
  'erased',
] as const;

export type Reason = (typeof reasons)[number];

/** The stored smallint of each reason, from 1. */
export const reasonCodes: Readonly<Record<Reason, number>> = Object.fromEntries(
  reasons.map((reason, index) => [reason, index + 1]),
) as Record<Reason, number>;

/** The reason that a stored smallint stands for; a RangeError if none does. */
export function reasonOfCode(code: number): Reason {
  const reason = reasons[code - 1];
  if (reason === undefined) throw new RangeError(`no reason has the code ${code}`);
  return reason;
}
