// Whether the webhooks that this worker knows may be called: switched off, paused, circuit, hold, backlog. It is read when a tenant is loaded, kept fresh by a poll of what changed
// and by the answers of this worker's own flushes. There is no notification that could be lost.
import type { BreakerRegistry, CircuitState } from '@posthorn/breaker';
import type { FlushedState, GatePage, WebhookGate } from '@posthorn/db';
import { limits } from './limits.js';

/** Why a webhook may not be called inline now; null: it may. */
export type Closed = 'webhook_disabled' | 'webhook_paused' | 'circuit_open' | 'rate_limited' | 'in_flight_limit' | null;

export type Gates = {
  /** Reads the gates of webhooks that are not known yet. */
  readonly learn: (webhookIds: readonly string[]) => Promise<void>;
  /** What a flush wrote. */
  readonly follow: (states: readonly FlushedState[]) => void;
  readonly closedFor: (webhookId: string, nowMs: number) => Closed;
  readonly epochOf: (webhookId: string) => number;
  /** False while the last look is too old for starting attempts. */
  readonly fresh: () => boolean;
  readonly start: () => Promise<void>;
  readonly stop: () => void;
};

export type GateDependencies = {
  readonly readChanged: (sinceMs: number) => Promise<GatePage>;
  readonly read: (webhookIds: readonly string[]) => Promise<readonly WebhookGate[]>;
  readonly breakers: BreakerRegistry;
  readonly onError: (error: unknown) => void;
};

type Gate = Omit<WebhookGate, 'webhookId'>;

/** Most webhooks' gate by far, so they share it. */
const openGate: Gate = {
  circuit: 0,
  epoch: 0,
  paused: false,
  disabled: false,
  dueAtMs: Number.POSITIVE_INFINITY,
  holdUntilMs: Number.NEGATIVE_INFINITY,
};
const gateFacts = Object.keys(openGate) as (keyof Gate)[];

const circuitStates: readonly CircuitState[] = ['closed', 'open', 'half_open'];

export const createGates = (dependencies: GateDependencies): Gates => {
  const gates = new Map<string, Gate>();
  let seenUntilMs = 0;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let changedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const apply = (webhookId: string, { webhookId: _, ...gate }: WebhookGate): void => {
    const known = gates.get(webhookId);
    // A page that was read before our own flush committed must not undo it.
    if (known !== undefined && gate.epoch < known.epoch) return;
    gates.set(webhookId, gateFacts.every((fact) => gate[fact] === openGate[fact]) ? openGate : gate);
    dependencies.breakers.follow(webhookId, circuitStates[gate.circuit] ?? 'open');
  };

  const look = async (): Promise<void> => {
    const began = performance.now();
    const page = await dependencies.readChanged(seenUntilMs - limits.gateOverlapMs);
    for (const gate of page.gates) if (gates.has(gate.webhookId)) apply(gate.webhookId, gate);
    // The overlap shows each change for as long, so it counts as one until then.
    if (page.gates.length > 0) changedAt = began;
    seenUntilMs = page.readAtMs;
    lookedAt = began;
  };

  const lookAgain = (): void => {
    const isIdle = performance.now() - changedAt > limits.gateIdleAfterMs;
    timer = setTimeout(
      () => {
        look()
          .catch(dependencies.onError)
          .finally(() => {
            if (!stopped) lookAgain();
          });
      },
      isIdle ? limits.gateIdlePollMs : limits.gatePollMs,
    );
  };

  return {
    learn: async (webhookIds) => {
      const unknown = webhookIds.filter((id) => !gates.has(id));
      if (unknown.length === 0) return;
      const read = new Map((await dependencies.read(unknown)).map((gate) => [gate.webhookId, gate]));
      // Under the caller's own strings: a copy of each id would double what is kept.
      for (const id of unknown) {
        const gate = read.get(id);
        if (gate !== undefined) apply(id, gate);
      }
    },
    follow: (states) => {
      for (const { webhookId, circuit, epoch, disabled, holdUntilMs } of states) {
        const known = gates.get(webhookId);
        if (known !== undefined) apply(webhookId, { ...known, webhookId, circuit, epoch, disabled, holdUntilMs });
      }
    },
    closedFor: (webhookId, nowMs) => {
      const gate = gates.get(webhookId);
      if (gate === undefined) return null;
      if (gate.disabled) return 'webhook_disabled';
      if (gate.paused) return 'webhook_paused';
      if (gate.circuit !== 0) return 'circuit_open';
      if (gate.holdUntilMs > nowMs) return 'rate_limited';
      return gate.dueAtMs < nowMs - limits.behindAfterMs ? 'in_flight_limit' : null;
    },
    epochOf: (webhookId) => gates.get(webhookId)?.epoch ?? 0,
    fresh: () => performance.now() - lookedAt < limits.gateStaleMs,
    start: async () => {
      await look();
      lookAgain();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
};
