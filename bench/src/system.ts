// What is measured, as the measuring code sees it: something that is started on a database and takes events at a port.
import type pg from 'pg';

/** The names under which the systems stand in options and tables. */
export type SystemName = 'bare' | 'product';

/** Where the queue lives. */
export type QueueBackend = 'redis' | 'postgres';

/** What a system is started on; without `redisUrl` its queue is in the database. */
export interface Setup {
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  readonly sinkOrigin: string;
  readonly fanOut: number;
}

/** A system that is ready to take events. */
export interface RunningSystem {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly pids: { readonly api: number; readonly worker: number };
  /** Deliveries that the system itself calls succeeded. */
  countSucceeded(pool: pg.Pool): Promise<number>;
  /** The end of what its processes printed. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts a system in an empty database. */
export type StartSystem = (setup: Setup) => Promise<RunningSystem>;

/** The address of webhook number `index` at the sink. */
export const webhookUrl = (sinkOrigin: string, index: number): string => `${sinkOrigin}/h${index}`;
