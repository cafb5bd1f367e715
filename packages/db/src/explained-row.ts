// What one row tells explain of a webhook and an event: versions, state now or then, delivery.
import {
  circuitStateOfCode,
  type ExplainedDelivery,
  type ExplainedState,
  type ExplainedVersion,
  type ExplainFacts,
  errorKindOfCode,
  type MatchableWebhook,
  reasonOfCode,
  type StoredStatus,
  storedStatusCodes,
} from '@posthorn/core';

type Matchable = { event_types: string[]; project_flows: string[]; context: Record<string, unknown>; filter: unknown };
type Snapshot = { version: number; changed_at: string; snapshot: Matchable };

/** Of one webhook about one event. */
export type ExplainedRow = Matchable & {
  id: string;
  version: number;
  created_at: Date;
  updated_at: Date;
  tenant_key: string;
  now: Date;
  is_created_later: boolean;
  attempts_max: number;
  max_in_flight: number;
  deleted_at: Date | null;
  disabled_at: Date | null;
  disabled_reason: string | null;
  paused_at: Date | null;
  circuit: number;
  circuit_failure_count: number;
  circuit_opened_at: Date | null;
  circuit_retry_at: Date | null;
  hold_until: Date | null;
  rate_full_until: Date | null;
  rate_max: number | null;
  rate_per_s: number | null;
  is_chunk_out: boolean;
  ahead: number;
  status: number | null;
  reason: number | null;
  is_out: boolean;
  due_at: Date | null;
  failures: number;
  attempts: number;
  shape: number;
  last_status_code: number | null;
  last_error_kind: number | null;
  last_error: string | null;
  ended_at: Date | null;
  snapshots: Snapshot[] | null;
  pause_then: Then | null;
  switch_then: Then | null;
  circuit_then: Then | null;
};
type Then = { kind: string; at: string; count: number | null; reason: string | null };

const matchableOf = (id: string, { event_types, project_flows, context, filter }: Matchable): MatchableWebhook => ({
  id,
  eventTypes: event_types,
  projectFlows: project_flows,
  context,
  filter,
});

/** Those that may have judged the event; a delivery names its own. Before the fan-out only today's counts. */
export const versionsOf = (row: ExplainedRow, isFannedOut: boolean): ExplainFacts['versions'] => {
  const now = { webhook: matchableOf(row.id, row), version: row.version, atMs: row.updated_at.getTime(), fromHistory: false };
  // A delivery says itself which version it was made for.
  if (row.status !== null) return [{ ...now, version: row.shape }];
  if (!isFannedOut) return [now];
  const [first, ...later] = (row.snapshots ?? []).map(
    ({ version, changed_at, snapshot }): ExplainedVersion => ({
      webhook: matchableOf(row.id, snapshot),
      version,
      atMs: Date.parse(changed_at),
      fromHistory: true,
    }),
  );
  return first === undefined ? [now] : [first, ...later];
};

const timeOf = (at: Date | null): number | null => at?.getTime() ?? null;
const limitOf = ({ rate_max: max, rate_per_s: perSeconds }: ExplainedRow): ExplainedState['rateLimit'] =>
  max === null || perSeconds === null ? null : { max, perSeconds };

/** As things stand. */
export const stateNow = (row: ExplainedRow): ExplainedState => ({
  deletedAtMs: timeOf(row.deleted_at),
  disabled: row.disabled_at === null ? null : { atMs: row.disabled_at.getTime(), reason: row.disabled_reason },
  pausedAtMs: timeOf(row.paused_at),
  circuit: {
    state: circuitStateOfCode(row.circuit),
    failureCount: row.circuit_failure_count,
    openedAtMs: timeOf(row.circuit_opened_at),
    retryAtMs: timeOf(row.circuit_retry_at),
  },
  holdUntilMs: timeOf(row.hold_until),
  rateFullUntilMs: timeOf(row.rate_full_until),
  rateLimit: limitOf(row),
  maxInFlight: row.max_in_flight,
  ahead: row.ahead,
  isChunkOut: row.is_chunk_out,
});

/** When the event was accepted. What the timeline does not tell, such as limits and queues, did not keep a delivery from being made. */
export const stateThen = (row: ExplainedRow): ExplainedState => {
  const { pause_then: pause, switch_then: switched, circuit_then: circuit } = row;
  const isOpen = circuit !== null && (circuit.kind === 'circuit_opened' || circuit.kind === 'circuit_reopened');
  return {
    deletedAtMs: timeOf(row.deleted_at),
    disabled: switched?.kind === 'disabled' ? { atMs: Date.parse(switched.at), reason: switched.reason } : null,
    pausedAtMs: pause?.kind === 'paused' ? Date.parse(pause.at) : null,
    circuit: {
      state: isOpen ? 'open' : 'closed',
      failureCount: circuit?.count ?? 0,
      openedAtMs: isOpen ? Date.parse(circuit.at) : null,
      retryAtMs: null,
    },
    holdUntilMs: null,
    rateFullUntilMs: null,
    rateLimit: limitOf(row),
    maxInFlight: row.max_in_flight,
    ahead: 0,
    isChunkOut: false,
  };
};

const statusOf = (code: number): StoredStatus => (Object.keys(storedStatusCodes) as StoredStatus[])[code] ?? 'waiting';

/** Null: there is none. */
export const deliveryOf = (row: ExplainedRow): ExplainedDelivery | null => {
  if (row.status === null) return null;
  return {
    status: statusOf(row.status),
    reason: row.reason === null ? null : reasonOfCode(row.reason),
    isOut: row.is_out,
    dueAtMs: timeOf(row.due_at),
    attempts: row.attempts,
    failures: row.failures,
    attemptsMax: row.attempts_max,
    lastStatusCode: row.last_status_code,
    lastErrorKind: row.last_error_kind === null ? null : errorKindOfCode(row.last_error_kind),
    lastError: row.last_error,
    endedAtMs: timeOf(row.ended_at),
  };
};
