// Days of the past for tests of what is kept: partitions, events with old ids, and how far what is given up has come.
import { addEvent, type GivenEvent } from './events.js';
import type { World } from './world.js';

export const dayMs = 86_400_000;
/** Of the whole file, also of one that runs over midnight. */
const today = Math.floor(Date.now() / dayMs) * dayMs;

/** Noon of the day (UTC) so many days ago: neither a test that runs at midnight nor a clock change moves it to another. */
export const noonBefore = (days: number): number => today - days * dayMs + dayMs / 2;

/** `YYYYMMDD` of a time. */
export const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10).replaceAll('-', '');

/** Makes the partitions from so many days ago to today's. */
export const makeDaysSince = (world: World, days: number) =>
  world.rows('select make_partitions(current_date - $1::int, current_date)', [days]);

/** An event of so many days ago. */
export const oldEvent = (world: World, days: number, given: GivenEvent = {}) => addEvent(world, { ...given, atMs: noonBefore(days) });

/** As if everybody had seen what was given up. */
export const letSettle = (world: World) => world.rows(`update retention set moved_at = now() - interval '2 minutes'`);

/** Partitions of events, deliveries and attempts, attached or not, of days up to so many days ago. */
export const partitionsUpTo = async (world: World, days: number): Promise<readonly string[]> =>
  (
    await world.rows<{ name: string }>(
      `select relname as name from pg_class where relkind = 'r' and relname ~ '^(events|deliveries|attempts)_\\d{8}$' and right(relname, 8) <= $1 order by 1`,
      [dayOf(noonBefore(days))],
    )
  ).map(({ name }) => name);

/** Lifetimes of all webhooks in sum, settled or not. */
export const lifetimes = (world: World) =>
  world.row(
    `select sum(created)::int as created, sum(succeeded)::int as succeeded, sum(failed)::int as failed, sum(attempts)::int as attempts
       from (select created, succeeded, failed, attempts from webhook_totals
             union all select created, succeeded, failed, attempts from webhook_stats where slot < 16) s`,
  );
