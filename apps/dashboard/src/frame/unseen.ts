// What of the newest notifications this browser was not shown yet.
import type { Notification } from '../api/notification-queries.js';

/**
 * @param newest in any order
 * @param seen what `latest` was when they were last looked at; anything else, such as empty text: never
 * @returns how many happened since, again or for the first time, and what to keep as seen; null: there are none
 */
export const newOnes = (
  newest: readonly Pick<Notification, 'last_at'>[],
  seen: string,
): { readonly count: number; readonly latest: string | null } => {
  const seenMs = Number.isNaN(Date.parse(seen)) ? 0 : Date.parse(seen);
  const fresh = newest.filter(({ last_at }) => Date.parse(last_at) > seenMs);
  const latest = fresh.reduce<string | null>((last, { last_at }) => (last === null || last_at > last ? last_at : last), null);
  return { count: fresh.length, latest };
};
