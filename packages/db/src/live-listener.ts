// The other end of live.ts: one connection that listens, to the server itself and not through a pooler. A connection that is lost is made again; what
// was told meanwhile is lost, and the caller is told so.
import pg from 'pg';
import { type LiveMessage, liveChannel } from './live.js';

const againAfterMs = 1_000;

export type LiveListener = { readonly stop: () => Promise<void> };

export type LiveListenerOptions = {
  /** Of the server itself. */
  readonly url: string;
  readonly onMessages: (messages: readonly LiveMessage[]) => void;
  /** It listens again after a time in which it did not. */
  readonly onGap: () => void;
  readonly onError: (error: unknown) => void;
};

/** Listens until it is stopped. */
export const startLiveListener = ({ url, onMessages, onGap, onError }: LiveListenerOptions): LiveListener => {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let hadGap = false;

  const again = (): void => {
    if (stopped || timer !== undefined) return;
    hadGap = true;
    timer = setTimeout(() => {
      timer = undefined;
      void connect();
    }, againAfterMs);
  };
  const read = (payload: string | undefined): readonly LiveMessage[] => {
    try {
      return JSON.parse(payload ?? '[]') as readonly LiveMessage[];
    } catch (error) {
      onError(error);
      return [];
    }
  };
  const connect = async (): Promise<void> => {
    const next = new pg.Client({
      connectionString: url,
      application_name: 'posthorn live',
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    client = next;
    next.on('notification', ({ payload }) => onMessages(read(payload)));
    next.on('error', onError);
    next.on('end', again);
    try {
      await next.connect();
      await next.query(`listen ${liveChannel}`);
      if (hadGap) onGap();
      hadGap = false;
    } catch (error) {
      onError(error);
      await next.end().catch(() => undefined);
      again();
    }
  };
  void connect();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
};
