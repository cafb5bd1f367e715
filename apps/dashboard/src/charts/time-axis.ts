// What charts over time have in common.
export const timeFormats = {
  minute: new Intl.DateTimeFormat(undefined, { timeStyle: 'short' }),
  hour: new Intl.DateTimeFormat(undefined, { weekday: 'short', hour: '2-digit', minute: '2-digit' }),
  day: new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' }),
} as const;
export type Interval = keyof typeof timeFormats;

export const chartHeightPx = 220;
