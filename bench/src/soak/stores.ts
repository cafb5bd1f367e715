// What Postgres and Redis hold when the product has nothing to do.
import { Redis } from 'ioredis';
import type pg from 'pg';
import { ownName } from '../postgres-server.js';

/** A table with its partitions; `bytes` counts indexes and what is stored out of line. */
export interface TableSize {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
}

/** Redis: `used_memory` in MB (10⁶ bytes), and its keys. */
export interface RedisSize {
  readonly memoryMb: number;
  readonly keys: number;
}

/** Vacuums, then measures every table of the product. */
export async function readTables(pool: pg.Pool): Promise<readonly TableSize[]> {
  await pool.query('vacuum (analyze)');
  const { rows: tables } = await pool.query<{ name: string; bytes: number }>(
    `select c.relname as name,
            (select sum(pg_total_relation_size(part.relid))::float8 from pg_partition_tree(c.oid) part) as bytes
       from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      order by c.relname`,
  );
  const sizes: TableSize[] = [];
  for (const { name, bytes } of tables) {
    const { rows } = await pool.query<{ count: number }>(`select count(*)::float8 as count from "${name}"`);
    sizes.push({ name, bytes, rows: rows[0]!.count });
  }
  return sizes;
}

/** How many connections to the database are open, without those of the bench. */
export async function countConnections(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
      where datname = current_database() and backend_type = 'client backend' and application_name <> $1`,
    [ownName],
  );
  return rows[0]!.count;
}

/** Asks a Redis server. */
export async function readRedis(url: string): Promise<RedisSize> {
  const client = new Redis(url);
  try {
    const bytes = /^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1];
    if (bytes === undefined) throw new Error('Redis does not tell its used_memory');
    return { memoryMb: Number(bytes) / 1e6, keys: await client.dbsize() };
  } finally {
    client.disconnect();
  }
}
