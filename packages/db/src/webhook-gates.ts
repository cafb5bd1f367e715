// What of a webhook changes at run time and decides whether it may be called now: switched off, paused, circuit, hold, backlog.
import { uuidArray } from './array-literal.js';
import type { HotPool } from './pools.js';

export type WebhookGate = {
  readonly webhookId: string;
  /** 0 closed, 1 open, 2 half_open */
  readonly circuit: number;
  readonly epoch: number;
  readonly paused: boolean;
  readonly disabled: boolean;
  /** The earliest due time of its waiting deliveries, those of replays apart, on the database's clock; Infinity: none. */
  readonly dueAtMs: number;
  /** The endpoint asked that nothing be sent before; -Infinity: it did not. */
  readonly holdUntilMs: number;
};

export type GatePage = { readonly gates: readonly WebhookGate[]; readonly readAtMs: number };

type GateRow = {
  webhook_id: string;
  circuit: number;
  circuit_epoch: number;
  paused: boolean;
  disabled: boolean;
  due_at_ms: number;
  hold_until_ms: number;
  read_at_ms: number;
};

const columns = `webhook_id, circuit, circuit_epoch, paused_at is not null as paused,
  disabled_at is not null or deleted_at is not null as disabled, (extract(epoch from due_at) * 1000)::float8 as due_at_ms,
  (extract(epoch from hold_until) * 1000)::float8 as hold_until_ms, (extract(epoch from clock_timestamp()) * 1000)::float8 as read_at_ms`;

const gateOf = (row: GateRow): WebhookGate => ({
  webhookId: row.webhook_id,
  circuit: row.circuit,
  epoch: row.circuit_epoch,
  paused: row.paused,
  disabled: row.disabled,
  dueAtMs: row.due_at_ms,
  holdUntilMs: row.hold_until_ms,
});

/** All gates that changed since `sinceMs` (database clock). Writers time out after 5 s, so a caller that looks 10 s back misses none. */
export const readChangedGates = async (pool: HotPool, sinceMs: number): Promise<GatePage> => {
  const result = await pool.query<GateRow>({
    name: 'changed-gates',
    text: `select ${columns} from webhook_state where changed_at > to_timestamp($1::float8 / 1000)
           union all select null, 0, 0, false, false, 0, 0, (extract(epoch from clock_timestamp()) * 1000)::float8`,
    values: [sinceMs],
  });
  const gates = result.rows.filter((row) => row.webhook_id !== null).map(gateOf);
  return { gates, readAtMs: result.rows.at(-1)?.read_at_ms ?? sinceMs };
};

/** The gates of the given webhooks. */
export const readGates = async (pool: HotPool, webhookIds: readonly string[]): Promise<readonly WebhookGate[]> => {
  const result = await pool.query<GateRow>({
    name: 'gates',
    text: `select ${columns} from webhook_state where webhook_id = any ($1::uuid[])`,
    values: [uuidArray(webhookIds)],
  });
  return result.rows.map(gateOf);
};

/** What of a webhook people switch and what its circuit says. */
export type WebhookSwitches = {
  readonly webhookId: string;
  readonly environmentId: string;
  readonly tenantId: string;
  /** circuitStateCodes */
  readonly circuit: number;
  readonly paused: boolean;
  readonly disabled: boolean;
};

type SwitchesRow = {
  webhook_id: string;
  environment_id: string;
  tenant_id: string;
  circuit: number;
  paused: boolean;
  disabled: boolean;
};

/** Those of all webhooks whose state changed since `sinceMs` (database clock; null: none), as readChangedGates reads gates. */
export const readChangedSwitches = async (
  pool: HotPool,
  sinceMs: number | null,
): Promise<{ readonly switches: readonly WebhookSwitches[]; readonly readAtMs: number }> => {
  const { rows: times } = await pool.query<{ now_ms: number }>({
    name: 'database-time',
    text: 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms',
  });
  const readAtMs = times[0]?.now_ms ?? 0;
  if (sinceMs === null) return { switches: [], readAtMs };
  const { rows } = await pool.query<SwitchesRow>({
    name: 'changed-switches',
    text: `select webhook_id, environment_id, tenant_id, circuit, paused_at is not null as paused,
                  disabled_at is not null or deleted_at is not null as disabled
             from webhook_state where changed_at > to_timestamp($1::float8 / 1000)`,
    values: [sinceMs],
  });
  const switches = rows.map(({ webhook_id, environment_id, tenant_id, ...facts }) => ({
    webhookId: webhook_id,
    environmentId: environment_id,
    tenantId: tenant_id,
    ...facts,
  }));
  return { switches, readAtMs };
};
