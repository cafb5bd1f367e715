// Numbers for people.
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const tenth = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

/** `12,345` */
export const count = (value: number): string => whole.format(value);

/** `12.3K`; exact below 10,000 */
export const shortCount = (value: number): string => (value < 10_000 ? whole.format(value) : short.format(value));

/** `3.4`, of a rate. */
export const rate = (value: number): string => tenth.format(value);

/** `120 ms`, `1.2 s`; `–` for none. */
export const milliseconds = (value: number | null): string =>
  value === null ? '–' : value < 1_000 ? `${whole.format(value)} ms` : `${tenth.format(value / 1_000)} s`;

/** `1 delivery`, `12 deliveries` */
export const deliveries = (value: number): string => `${count(value)} ${value === 1 ? 'delivery' : 'deliveries'}`;
