// How long a request of this installation may take at most, for whoever has to wait for it.
import type { HotPool } from './pools.js';
import { chunkStartS } from './webhook-configuration.js';

/** The longest timeout of all webhooks, in ms, to the second above; 0: there are none. Reads one narrow row a webhook. */
export const readLongestTimeoutMs = async (pool: HotPool): Promise<number> => {
  const { rows } = await pool.query<{ timeout_s: number }>({
    text: 'select (coalesce(max(chunk_lease_s), $1) - $1)::int as timeout_s from webhook_state where deleted_at is null',
    values: [chunkStartS],
  });
  return (rows[0]?.timeout_s ?? 0) * 1_000;
};
