// What happens, told as it happens to those who look: NOTIFY to the APIs that have open streams, and to nobody if there are none. It is a view, never a
// source: what is told may be lost or cut, and everything can be read from the tables.
import type { HotPool } from './pools.js';

export const liveChannel = 'posthorn_live';

/** How often a process asks whether somebody looks, and for how long one look counts. */
export const livePollMs = 2_000;
export const liveLeaseS = 10;

/** A NOTIFY carries less than 8,000 bytes. */
const payloadBytesMax = 7_900;
/** What is told at a time, how often at most, and how much may wait for it; the rest is counted. */
const payloadsMax = 4;
const tellEveryMs = 100;
const waitingMax = 1_000;

/** Where it belongs, and what happened; small: ids, codes, times. */
export type LiveMessage = {
  readonly kind: 'event' | 'attempt' | 'delivery' | 'circuit' | 'dropped';
  readonly environment_id: string;
  /** Null: of the whole environment. */
  readonly tenant_id: string | null;
  readonly [fact: string]: unknown;
};

/** Says that somebody looks, for `liveLeaseS` from now. */
export const keepLive = async (pool: HotPool): Promise<void> => {
  await pool.query({
    name: 'keep-live',
    text: `update leases set held_until = now() + make_interval(secs => $1)
            where name = 'live' and held_until < now() + make_interval(secs => $1 / 2.0)`,
    values: [liveLeaseS],
  });
};

const isLookedAt = async (pool: HotPool): Promise<boolean> => {
  const text = `select held_until > now() as is_live from leases where name = 'live'`;
  const { rows } = await pool.query<{ is_live: boolean }>({ name: 'is-live', text });
  return rows[0]?.is_live === true;
};

const notify = async (pool: HotPool, payloads: readonly string[]): Promise<void> => {
  await pool.query({ name: 'tell-live', text: 'select pg_notify($1, x) from unnest($2::text[]) x', values: [liveChannel, payloads] });
};

export type LiveTeller = {
  /** False: nobody looks, and messages need not be made. */
  readonly isLive: () => boolean;
  readonly tell: (message: LiveMessage) => void;
  readonly start: () => void;
  readonly stop: () => void;
};

/** Lists of messages as payloads, as many as are told at a time, and the messages that are left. */
export const packMessages = (
  messages: readonly LiveMessage[],
): { readonly payloads: readonly string[]; readonly left: readonly LiveMessage[] } => {
  const payloads: string[] = [];
  let texts: string[] = [];
  let bytes = 2;
  const close = (): void => {
    if (texts.length > 0) payloads.push(`[${texts.join(',')}]`);
    texts = [];
    bytes = 2;
  };
  for (const [index, message] of messages.entries()) {
    const text = JSON.stringify(message);
    const size = Buffer.byteLength(text) + 1;
    if (bytes + size > payloadBytesMax) close();
    if (payloads.length === payloadsMax) return { payloads, left: messages.slice(index) };
    if (size + 2 > payloadBytesMax) continue;
    texts.push(text);
    bytes += size;
  }
  close();
  return { payloads, left: [] };
};

/** Tells what a process does. It asks by itself whether somebody looks; errors are told and change nothing. */
export const createLiveTeller = (pool: HotPool, onError: (error: unknown) => void): LiveTeller => {
  let live = false;
  let waiting: LiveMessage[] = [];
  /** How many were not told, by environment. */
  const lost = new Map<string, number>();
  let telling: NodeJS.Timeout | undefined;
  let polling: NodeJS.Timeout | undefined;
  let stopped = false;

  const lose = ({ environment_id }: LiveMessage): void => {
    lost.set(environment_id, (lost.get(environment_id) ?? 0) + 1);
  };
  const poll = (): void => {
    isLookedAt(pool)
      .then((is) => {
        live = is;
      }, onError)
      .finally(() => {
        if (!stopped) polling = setTimeout(poll, livePollMs);
      });
  };
  const tellAll = (): void => {
    telling = undefined;
    const dropped = [...lost].map(([environment_id, count]): LiveMessage => ({ kind: 'dropped', environment_id, tenant_id: null, count }));
    lost.clear();
    const { payloads, left } = packMessages([...dropped, ...waiting]);
    waiting = [...left];
    notify(pool, payloads).catch(onError);
    if (waiting.length > 0 || lost.size > 0) telling = setTimeout(tellAll, tellEveryMs);
  };
  return {
    isLive: () => live,
    tell: (message) => {
      if (!live) return;
      if (waiting.length >= waitingMax) lose(message);
      else waiting.push(message);
      telling ??= setTimeout(tellAll, tellEveryMs);
    },
    start: poll,
    stop: () => {
      stopped = true;
      clearTimeout(polling);
      clearTimeout(telling);
    },
  };
};
