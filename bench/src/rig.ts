// What a measurement stands on: a fresh database, a fresh Redis if the queue lives there, a sink and a load generator; all of it
// is gone when the measurement ends, however it ends.
import { fileURLToPath } from 'node:url';
import { startTalkingChild, type TalkingChild } from './children.js';
import type { PostgresServer, RoundDatabase } from './postgres-server.js';
import type { QueueBackend } from './system.js';

/** The servers of the whole bench; Redis is started anew for each measurement whose queue lives there. */
export interface Servers {
  readonly postgres: PostgresServer;
  startRedis(): Promise<RoundRedis>;
}

/** A Redis that serves one measurement. */
export interface RoundRedis {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** One measurement's own. */
export interface Rig {
  readonly postgresPid: number | null;
  readonly database: RoundDatabase;
  readonly redis: RoundRedis | undefined;
  readonly sink: TalkingChild;
  readonly load: TalkingChild;
  /** Waits for something that has to be closed before what was opened earlier. */
  opened<T>(opening: Promise<T>, close: (it: T) => Promise<unknown>): Promise<T>;
}

/** Opens a rig, measures on it and closes everything in reverse. */
export async function withRig<T>(servers: Servers, queue: QueueBackend, measure: (rig: Rig) => Promise<T>): Promise<T> {
  const closers: (() => Promise<unknown>)[] = [];
  const opened: Rig['opened'] = async (opening, close) => {
    const it = await opening;
    closers.unshift(() => close(it));
    return it;
  };
  try {
    const database = await opened(servers.postgres.createDatabase(), (it) => it.drop());
    const redis = queue === 'redis' ? await opened(servers.startRedis(), (it) => it.stop()) : undefined;
    const sink = await opened(startOwn('sink'), (it) => it.stop());
    const load = await opened(startOwn('load'), (it) => it.stop());
    return await measure({ postgresPid: servers.postgres.pid, database, redis, sink, load, opened });
  } finally {
    for (const close of closers) await close();
  }
}

const startOwn = (name: 'sink' | 'load'): Promise<TalkingChild> =>
  startTalkingChild({ name, script: fileURLToPath(new URL(`./${name}.js`, import.meta.url)) });
