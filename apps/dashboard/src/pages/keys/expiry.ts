// When a new key ends: after some time, at a time, or never.
const dayMs = 86_400_000;
const days: Readonly<Record<string, number>> = { '1d': 1, '7d': 7, '30d': 30, '90d': 90, '365d': 365 };

export const expiries = [
  { value: 'never', label: 'Never' },
  { value: '1d', label: 'In a day' },
  { value: '7d', label: 'In 7 days' },
  { value: '30d', label: 'In 30 days' },
  { value: '90d', label: 'In 90 days' },
  { value: '365d', label: 'In a year' },
  { value: 'at', label: 'At a time' },
] as const;

/** RFC 3339; null: never. @param at the time that was chosen, of `at` */
export const expiryAt = (expiry: string, at: string | null, nowMs: number): string | null => {
  const after = days[expiry];
  if (after !== undefined) return new Date(nowMs + after * dayMs).toISOString();
  return expiry === 'at' ? at : null;
};
