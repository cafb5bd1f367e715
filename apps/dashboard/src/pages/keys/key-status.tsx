// Whether a key works.
import { Badge } from '@mantine/core';
import type { ApiKey } from '../../api/admin-queries.js';

const looks = {
  active: { color: 'green', symbol: '●' },
  expired: { color: 'gray', symbol: '◷' },
  revoked: { color: 'gray', symbol: '⊘' },
} as const;

export const stateOf = ({ revoked_at: revokedAt, expires_at: expiresAt }: ApiKey): keyof typeof looks => {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'active';
};

export const KeyStatus = ({ apiKey }: { readonly apiKey: ApiKey }) => {
  const state = stateOf(apiKey);
  const { color, symbol } = looks[state];
  return (
    <Badge color={color} variant="light" tt="none" className="no-wrap" leftSection={<span aria-hidden="true">{symbol}</span>}>
      {state}
    </Badge>
  );
};
