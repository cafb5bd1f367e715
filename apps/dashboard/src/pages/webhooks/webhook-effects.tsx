// What can be done to a webhook: each says before it is done what it will do, and to how many deliveries.
import { Text } from '@mantine/core';
import { api, take } from '../../api/client.js';
import type { Webhook } from '../../api/queries.js';
import type { Permission } from '../../api/session.js';
import type { Confirmation } from '../../shared/confirm.js';
import { deliveries } from '../../shared/numbers.js';

export type Effect = Omit<Confirmation, 'act'> & {
  readonly label: string;
  readonly needs: Permission;
  /** Whether it would do something now. */
  readonly isOffered: boolean;
  /** Said when it was done. */
  readonly done: string;
  readonly act: () => Promise<unknown>;
};

export const effectsOf = (webhook: Webhook): readonly Effect[] => {
  const { pending, held, skipped } = webhook.statistics;
  const params = { path: { id: webhook.id } };
  const isDisabled = webhook.status === 'disabled';
  const say = (text: string) => <Text>{text}</Text>;
  const waiting = pending + held;
  return [
    {
      label: 'Pause',
      title: 'Pause this webhook?',
      verb: `Pause and hold ${deliveries(waiting)}`,
      effect: say(`${deliveries(waiting)} that wait, and those of new events, are held until it is resumed. None is lost.`),
      needs: 'operate_webhooks',
      isOffered: webhook.status === 'active',
      done: 'Paused',
      act: () => take(api.POST('/v1/webhooks/{id}/pause', { params })),
    },
    {
      label: 'Resume',
      title: 'Resume this webhook?',
      verb: `Resume and send ${deliveries(waiting)}`,
      effect: say(
        `${deliveries(waiting)} that wait go out, as fast as its limits allow${webhook.circuit_state === 'closed' ? '' : ', once its circuit is closed'}.`,
      ),
      needs: 'operate_webhooks',
      isOffered: webhook.paused_at !== null,
      done: 'Resumed',
      act: () => take(api.POST('/v1/webhooks/{id}/resume', { params })),
    },
    {
      label: 'Reset circuit',
      title: 'Reset the circuit?',
      verb: `Close it and release ${deliveries(waiting)}`,
      effect: say(
        `The circuit closes and its failures are forgotten. ${deliveries(waiting)} that wait are held no longer: what is due goes out, as fast as its limits allow, a retry at its time.`,
      ),
      needs: 'reset_circuit',
      isOffered: webhook.circuit_state !== 'closed',
      done: 'The circuit was reset',
      act: () => take(api.POST('/v1/webhooks/{id}/reset-circuit', { params })),
    },
    {
      label: 'Enable',
      title: 'Enable this webhook?',
      verb: 'Enable',
      effect: say(`New events are sent to it again. ${deliveries(skipped)} that were skipped stay so; "Recover" makes them again.`),
      needs: 'operate_webhooks',
      isOffered: isDisabled,
      done: 'Enabled',
      act: () => take(api.POST('/v1/webhooks/{id}/enable', { params })),
    },
    {
      label: 'Recover',
      title: 'Recover skipped deliveries?',
      verb: `Make ${deliveries(skipped)} again`,
      effect: say(
        `${deliveries(skipped)} that were skipped are sent after all, beside the new ones. The receiver may get events that are old.`,
      ),
      needs: 'operate_webhooks',
      isOffered: !isDisabled && skipped > 0,
      done: 'The skipped deliveries are being made again',
      act: () => take(api.POST('/v1/webhooks/{id}/recover', { params })),
    },
    {
      label: 'Disable',
      title: 'Disable this webhook?',
      verb: `Disable and skip ${deliveries(waiting)}`,
      effect: say(
        `${deliveries(waiting)} that wait end as skipped, and new events are not sent to it. Enabling it brings none of them back; "Recover" does.`,
      ),
      isDangerous: true,
      needs: 'operate_webhooks',
      isOffered: !isDisabled,
      done: 'Disabled',
      act: () => take(api.POST('/v1/webhooks/{id}/disable', { params })),
    },
    {
      label: 'Delete',
      title: 'Delete this webhook?',
      verb: `Delete and cancel ${deliveries(waiting)}`,
      effect: say(
        `${deliveries(waiting)} that wait end as cancelled. What was delivered can still be read. A deleted webhook cannot be brought back.`,
      ),
      isDangerous: true,
      needs: 'edit_webhooks',
      isOffered: true,
      done: 'Deleted',
      act: () => take(api.DELETE('/v1/webhooks/{id}', { params })),
    },
  ];
};
