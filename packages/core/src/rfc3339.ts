// Times as text: RFC 3339 in, RFC 3339 in UTC with milliseconds out.

const pattern = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const timeMsMin = Date.parse('0001-01-01T00:00:00.000Z');
const timeMsMax = Date.parse('9999-12-31T23:59:59.999Z');
const minuteMs = 60_000;

/** Unix milliseconds of an RFC 3339 time (finer fractions are cut off), or null if it is none or lies outside the years 1 to 9999. */
export function parseRfc3339(text: string): number | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  const offsetHours = Number(match[9] ?? 0);
  const offsetMinutes = Number(match[10] ?? 0);
  // 60 is a leap second, which Unix time does not have: it reads as the second after.
  if (hour > 23 || minute > 59 || second > 60 || offsetHours > 23 || offsetMinutes > 59) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  date.setUTCHours(hour, minute, second, Number((match[7] ?? '0').slice(0, 3).padEnd(3, '0')));
  const offsetMs = (offsetHours * 60 + offsetMinutes) * minuteMs;
  const timeMs = date.getTime() - (match[8] === '-' ? -offsetMs : offsetMs);
  return timeMs >= timeMsMin && timeMs <= timeMsMax ? timeMs : null;
}

/** `2025-01-31T12:00:00.000Z` of Unix milliseconds. */
export function formatRfc3339(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
