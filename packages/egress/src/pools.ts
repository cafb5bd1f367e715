// One undici pool an origin, kept while it has connections or requests. Not undici's Agent: that one drops a pool whenever its
// last connection ends, even if others are being opened, so an endpoint that closes after each answer, or never lets a
// connection succeed, would get a fresh pool, and with it a fresh connection limit, again and again.
import type { Socket } from 'node:net';
import { type buildConnector, Client, type Dispatcher, Pool } from 'undici';

export type PoolsOptions = {
  readonly connect: buildConnector.connector;
  readonly connectionsPerOrigin: number;
};

export type Pools = {
  of(origin: string): Pool;
  /** Drops the origins that have neither connections nor requests; runs every 15 s by itself. */
  sweep(): void;
  destroy(): Promise<void>;
};

const sweepEveryMs = 15_000;

export function createPools({ connect, connectionsPerOrigin }: PoolsOptions): Pools {
  const pools = new Map<string, Pool>();

  function open(origin: string): Pool {
    const pool = new Pool(origin, {
      connect,
      connections: connectionsPerOrigin,
      factory: (url, options) => new PatientClient(url, { ...options, connect }),
      pipelining: 1,
      maxHeaderSize: 16_384,
      // Servers that announce nothing often close after 5 s; those that announce more are believed up to 15 s.
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 15_000,
      // The one deadline of a request covers both, and these could not stop a dripping body or endless 103s anyway.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    pools.set(origin, pool);
    return pool;
  }

  function sweep(): void {
    for (const [origin, pool] of pools) {
      const { connected, size } = pool.stats;
      if (connected > 0 || size > 0) continue;
      pools.delete(origin);
      void pool.destroy();
    }
  }

  const timer = setInterval(sweep, sweepEveryMs);
  timer.unref();

  return {
    of: (origin) => pools.get(origin) ?? open(origin),
    sweep,
    destroy: async () => {
      clearInterval(timer);
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
      pools.clear();
    },
  };
}

/** Asked of our handlers by the clients, and told to them. */
export type Carried = {
  /** Nobody waits for this request any more. */
  readonly isAbandoned: boolean;
  /** Whose connection the request goes out on. */
  carrier: Carrier | null;
};
export type Carrier = {
  /** Ends the connection under the request that is on it. */
  cut(): void;
};

type Held = { socket: Socket | null };

// Passes over abandoned requests. Otherwise each of those, queued behind an endpoint that cannot be connected to, would take a connection
// attempt of its own before the living ones had their turn.
// And cuts connections itself: undici's own abort leaves the aborted request in its queue, and opens a new connection for it before it
// finds out. With an endpoint that never answers that would be a connection for nobody at each deadline.
class PatientClient extends Client implements Carrier {
  private readonly held: Held;

  constructor(url: string | URL, { connect, ...options }: Client.Options & { readonly connect: buildConnector.connector }) {
    const held: Held = { socket: null };
    super(url, {
      ...options,
      connect: (target, callback) => {
        connect(target, (...result) => {
          held.socket = result[1];
          callback(...result);
        });
      },
    });
    this.held = held;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler & Partial<Carried>): boolean {
    if (handler.isAbandoned === true) return true;
    handler.carrier = this;
    return super.dispatch(options, handler);
  }

  cut(): void {
    this.held.socket?.destroy(new Error('cut'));
  }
}
