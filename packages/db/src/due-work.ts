// Whether there is anything for the scheduler to do: one cheap look a round instead of a statement for each kind of work.
import type { HotPool } from './pools.js';

/** Which kinds of work wait to be handed out or ended now. */
export type DueWork = {
  readonly dispatches: boolean;
  /** Webhooks that have a turn. */
  readonly chunks: boolean;
  /** Waiting deliveries of webhooks that are switched off. */
  readonly ending: boolean;
  readonly replays: boolean;
  /** A tenant of which there is something left to erase. */
  readonly erasing: boolean;
};

/** Looks at the heads of five indexes. */
export const findDueWork = async (pool: HotPool): Promise<DueWork> => {
  const result = await pool.query<DueWork>({
    name: 'due-work',
    text: `select exists (select from dispatches where lease_until <= now() and set_aside_at is null) as dispatches,
                  exists (select from webhook_state where wake_at <= now() and wake_at < 'infinity' and disabled_at is null and deleted_at is null) as chunks,
                  exists (select from webhook_state where wake_at <= now() and wake_at < 'infinity' and (disabled_at is not null or deleted_at is not null)) as ending,
                  exists (select from replays where ended_at is null) as replays,
                  exists (select from tenant_erasures where due_at <= now()) as erasing`,
  });
  const [row] = result.rows;
  if (row === undefined) throw new Error('a select without from gives one row');
  return row;
};
