// Circuits, pauses and switches as messages: what changed between two looks at the states of webhooks, while somebody looks.
import { circuitStateOfCode } from '@posthorn/core';
import type { LiveMessage, WebhookSwitches } from '@posthorn/db';
import { limits } from '../limits.js';

type Look = { readonly switches: readonly WebhookSwitches[]; readonly readAtMs: number };

const factsOf = ({ circuit, paused, disabled }: WebhookSwitches): string => `${circuit} ${paused} ${disabled}`;

/** Looks again and again until it is stopped. @param read all states that changed since then (Unix milliseconds of the database; null: none) */
export const watchCircuits = (
  read: (sinceMs: number | null) => Promise<Look>,
  onMessages: (messages: readonly LiveMessage[]) => void,
  onError: (error: unknown) => void,
): { readonly stop: () => void } => {
  const known = new Map<string, string>();
  let sinceMs: number | null = null;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    const { switches, readAtMs } = await read(sinceMs);
    // A change may be committed after a later one: looks overlap, and what is known is told once.
    sinceMs = Math.max(sinceMs ?? readAtMs, readAtMs - limits.streamOverlapMs);
    const changed = switches.filter((each) => known.get(each.webhookId) !== factsOf(each));
    for (const each of changed) known.set(each.webhookId, factsOf(each));
    if (changed.length === 0) return;
    onMessages(
      changed.map(({ webhookId, environmentId, tenantId, circuit, paused, disabled }) => ({
        kind: 'circuit',
        environment_id: environmentId,
        tenant_id: tenantId,
        webhook_id: webhookId,
        circuit_state: circuitStateOfCode(circuit),
        is_paused: paused,
        is_active: !disabled,
      })),
    );
  };
  const again = (): void => {
    look()
      .catch(onError)
      .finally(() => {
        if (!stopped) timer = setTimeout(again, limits.streamPollMs);
      });
  };
  again();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
};
