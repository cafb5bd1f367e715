// Names to addresses, within a budget, so that a silent DNS server costs nobody more than that. c-ares and not getaddrinfo:
// the latter sits in libuv's four threads, where slow names would starve file access and crypto.
import { lookup, Resolver } from 'node:dns/promises';

/** All addresses of a name; rejects with an error that has a `code` if there are none. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

export type ResolverOptions = {
  readonly budgetMs?: number;
  readonly ttlMs?: number;
  readonly entriesMax?: number;
  readonly servers?: readonly string[];
  readonly nowMs?: () => number;
};

/** A caching resolver; one question a name at a time, answers are kept for `ttlMs`, failures are not kept. */
export function createResolver(options: ResolverOptions = {}): Resolve {
  const { budgetMs = 2_000, ttlMs = 5_000, entriesMax = 10_000, nowMs = () => performance.now() } = options;
  // Two tries have to fit into the budget.
  const resolver = new Resolver({ timeout: Math.max(1, Math.floor(budgetMs * 0.4)), tries: 2 });
  if (options.servers !== undefined) resolver.setServers(options.servers);
  const ask = (name: string) => withinBudget(isLocalName(name) ? lookUp(name) : askServers(resolver, name), budgetMs);
  return cached(ask, { ttlMs, entriesMax, nowMs });
}

// Names of the machine's own table (/etc/hosts, a container's host entry), which DNS servers do not know.
function isLocalName(name: string): boolean {
  return !name.includes('.') || name.endsWith('.localhost') || name === 'host.docker.internal';
}

async function lookUp(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map((answer) => answer.address);
}

// Both families have to be known before anything is dialled, or a bad AAAA could hide behind a good A. A family that fails
// while the other answers counts as empty: nothing of it is dialled.
async function askServers(resolver: Resolver, name: string): Promise<readonly string[]> {
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const addresses = [...(v4.status === 'fulfilled' ? v4.value : []), ...(v6.status === 'fulfilled' ? v6.value : [])];
  if (addresses.length > 0) return addresses;
  throw v4.status === 'rejected' ? v4.reason : codedError('ENODATA');
}

function withinBudget(answer: Promise<readonly string[]>, budgetMs: number): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(codedError('ETIMEOUT')), budgetMs);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

type CacheOptions = { readonly ttlMs: number; readonly entriesMax: number; readonly nowMs: () => number };

function cached(ask: Resolve, { ttlMs, entriesMax, nowMs }: CacheOptions): Resolve {
  const entries = new Map<string, { readonly addresses: Promise<readonly string[]>; untilMs: number }>();
  return (name) => {
    const known = entries.get(name);
    if (known !== undefined && nowMs() < known.untilMs) return known.addresses;
    // While the question is open the entry does not expire: that is the single flight.
    const entry = { addresses: ask(name), untilMs: Number.POSITIVE_INFINITY };
    entries.delete(name);
    if (entries.size >= entriesMax) entries.delete(entries.keys().next().value!);
    entries.set(name, entry);
    entry.addresses.then(
      () => {
        entry.untilMs = nowMs() + ttlMs;
      },
      () => {
        if (entries.get(name) === entry) entries.delete(name);
      },
    );
    return entry.addresses;
  };
}

function codedError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
