// How long ago, or how long until: one whole unit, the largest that fits.
const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];
const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** `3 minutes ago`, `in 2 hours`, `now` */
export const relativeTime = (atMs: number, nowMs: number): string => {
  const seconds = Math.round((atMs - nowMs) / 1000);
  const [unit, size] = units.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
  return format.format(Math.trunc(seconds / size), unit);
};

/** `1 h 20 min`, of seconds, in at most two units. */
export const duration = (seconds: number): string => {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const inMinutes = Math.round(seconds / 60);
  const [hours, minutes] = [Math.floor(inMinutes / 60), inMinutes % 60];
  if (hours === 0) return `${minutes} min`;
  if (hours < 24) return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
};

const ofToday = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const ofThisYear = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const ofOthers = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** Local, to the second, without the day or the year that it shares with now. */
export const shortTime = (atMs: number, nowMs: number): string => {
  const [at, now] = [new Date(atMs), new Date(nowMs)];
  if (at.toDateString() === now.toDateString()) return ofToday.format(at);
  return (at.getFullYear() === now.getFullYear() ? ofThisYear : ofOthers).format(at);
};
