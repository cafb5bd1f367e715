// States, told by a symbol and a word beside the colour.
import { Badge, Group } from '@mantine/core';

type Look = { readonly color: string; readonly symbol: string; readonly label: string };

const looks: Readonly<Record<string, Look>> = {
  active: { color: 'green', symbol: '●', label: 'active' },
  paused: { color: 'yellow', symbol: '❚❚', label: 'paused' },
  disabled: { color: 'gray', symbol: '■', label: 'disabled' },
  closed: { color: 'green', symbol: '○', label: 'circuit closed' },
  open: { color: 'red', symbol: '✕', label: 'circuit open' },
  half_open: { color: 'orange', symbol: '◐', label: 'circuit half-open' },
  pending: { color: 'blue', symbol: '…', label: 'pending' },
  held: { color: 'yellow', symbol: '❚❚', label: 'held' },
  succeeded: { color: 'green', symbol: '✓', label: 'succeeded' },
  failed: { color: 'red', symbol: '✕', label: 'failed' },
  skipped: { color: 'gray', symbol: '⤼', label: 'skipped' },
  waiting: { color: 'blue', symbol: '…', label: 'waiting' },
  sent: { color: 'green', symbol: '✓', label: 'sent' },
  cancelled: { color: 'gray', symbol: '⊘', label: 'cancelled' },
};

/** Of a webhook, a circuit, a delivery or a mail; one that is not known shows as its own word. */
export const StatusBadge = ({ status }: { readonly status: string }) => {
  const { color, symbol, label } = looks[status] ?? { color: 'gray', symbol: '?', label: status.replaceAll('_', ' ') };
  return (
    <Badge color={color} variant="light" tt="none" miw="max-content" leftSection={<span aria-hidden="true">{symbol}</span>}>
      {label}
    </Badge>
  );
};

/** A webhook's own state, and its circuit's where that is not closed. */
export const WebhookStatus = ({ status, circuit }: { readonly status: string; readonly circuit: string }) => (
  <Group gap={4}>
    <StatusBadge status={status} />
    {circuit !== 'closed' && <StatusBadge status={circuit} />}
  </Group>
);
