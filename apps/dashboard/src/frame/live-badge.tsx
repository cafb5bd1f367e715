// Whether what one sees follows what happens.
import { Badge, Tooltip } from '@mantine/core';
import { streaming } from '../api/signals.js';

const looks = {
  live: { color: 'green', symbol: '●', label: 'live', hint: 'What happens shows at once, or waits behind a button.' },
  down: {
    color: 'yellow',
    symbol: '○',
    label: 'not live',
    hint: 'The stream broke and is tried again. Until then the page is read every 10 seconds.',
  },
} as const;

export const LiveBadge = () => {
  const state = streaming.use();
  if (state === 'off') return null;
  const { color, symbol, label, hint } = looks[state];
  return (
    <Tooltip label={hint} multiline w={260}>
      <Badge color={color} variant="light" tt="none" visibleFrom="sm" leftSection={<span aria-hidden="true">{symbol}</span>}>
        {label}
      </Badge>
    </Tooltip>
  );
};
