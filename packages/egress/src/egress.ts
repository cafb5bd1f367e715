// Puts the guard, the connector and undici together. Every request of one egress shares its connections, its caches and its
// limits; there are no redirects, no retries, no decompression, no HTTP/2, no proxies from the environment.
import { networkInterfaces } from 'node:os';
import type { AddressPolicy } from './address-verdict.js';
import type { AllowList } from './allow-list.js';
import { createConnector } from './connector.js';
import { type ErrorKind, noPhases, type Outcome } from './outcome.js';
import { createPools } from './pools.js';
import { refusedHeader } from './request-headers.js';
import { createResolver, type Resolve } from './resolver.js';
import { dispatchRequest, type OpenRequest, type SendContext, type Target } from './send.js';
import { checkUrl, type UrlVerdict } from './url-guard.js';

export type EgressRequest = {
  /** As `checkUrl` returned it; it is judged again here. */
  readonly url: string;
  /** Flat: name, value, name, value… */
  readonly headers: readonly string[];
  readonly body: string | Buffer;
  /** For everything together: waiting for a connection, DNS, connect, TLS, headers and the whole body. */
  readonly timeoutMs: number;
  /**
   * Asked at most once, when a connection is at hand and directly before the first byte is written; a no makes the outcome `unsent` and
   * leaves the connection to the next request. Must not throw.
   */
  readonly mayWrite?: () => boolean;
};

export type Egress = {
  /** Sends one POST. Never rejects: whatever the endpoint does is an outcome. */
  send(request: EgressRequest): Promise<Outcome>;
  /** Judges a URL before it is stored. */
  checkUrl(url: string, options: { readonly allowHttp: boolean }): UrlVerdict;
  /** Requests whose outcome is not known yet. */
  openRequests(): number;
  /**
   * Ends all requests: what was written becomes `cut_off`, or the response whose headers are complete; what was not, and all that come later,
   * are `unsent`.
   */
  cut(): void;
  /** Refuses new requests, waits for the open ones (each ends by its deadline), closes all connections. */
  close(): Promise<void>;
};

export type EgressOptions = {
  readonly allow: AllowList;
  /** TCP and TLS together; default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Bytes of a response body that are kept; default 16,384. */
  readonly responseBytesMax?: number;
  /** Default 128. */
  readonly connectionsPerOrigin?: number;
  readonly resolve?: Resolve;
  /** PEM roots to trust instead of the built-in ones. */
  readonly ca?: string;
  /** Addresses of this machine, which are refused like private ones; default: those of its interfaces. */
  readonly ownAddresses?: readonly string[];
};

const targetsMax = 10_000;

export function createEgress(options: EgressOptions): Egress {
  const policy: AddressPolicy = { allow: options.allow, ownAddresses: options.ownAddresses ?? interfaceAddresses() };
  const connector = createConnector({
    policy,
    resolve: options.resolve ?? createResolver(),
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });
  const pools = createPools({ connect: connector.connect, connectionsPerOrigin: options.connectionsPerOrigin ?? 128 });
  const targetOf = createTargets(policy);
  const open = new Set<OpenRequest>();
  let isClosed = false;
  let onIdle: (() => void) | null = null;

  const context: SendContext = {
    poolOf: pools.of,
    takePhases: connector.takePhases,
    responseBytesMax: options.responseBytesMax ?? 16_384,
    onBegun: (request) => open.add(request),
    onSettled: (request) => {
      open.delete(request);
      if (open.size === 0) onIdle?.();
    },
  };

  function send(request: EgressRequest): Promise<Outcome> {
    if (isClosed) return Promise.resolve({ kind: 'unsent', durationMs: 0 });
    const target = targetOf(request.url);
    if ('ok' in target) return refusal('blocked', target.message);
    const badHeader = refusedHeader(request.headers);
    if (badHeader !== null) return refusal('protocol', `The header ${badHeader} must not be sent.`);
    return dispatchRequest(context, target, request);
  }

  function cut(): void {
    isClosed = true;
    for (const request of open) request.cutOff();
  }

  async function close(): Promise<void> {
    isClosed = true;
    if (open.size > 0) {
      await new Promise<void>((resolve) => {
        onIdle = resolve;
      });
    }
    connector.close();
    await pools.destroy();
  }

  return { send, checkUrl: (url, { allowHttp }) => checkUrl(url, { ...policy, allowHttp }), openRequests: () => open.size, cut, close };
}

type RefusedTarget = UrlVerdict & { readonly ok: false };

// Judging and parsing a URL costs several microseconds, a webhook's URL seldom changes, and the policy never does.
function createTargets(policy: AddressPolicy): (url: string) => Target | RefusedTarget {
  const known = new Map<string, Target | RefusedTarget>();
  return (url) => {
    const found = known.get(url);
    if (found !== undefined) return found;
    const target = toTarget(url, policy);
    if (known.size >= targetsMax) known.delete(known.keys().next().value!);
    known.set(url, target);
    return target;
  };
}

// Whether http is allowed was the environment's decision when the URL was stored.
function toTarget(raw: string, policy: AddressPolicy): Target | RefusedTarget {
  const verdict = checkUrl(raw, { ...policy, allowHttp: true });
  if (!verdict.ok) return verdict;
  const url = new URL(verdict.url);
  return { origin: url.origin, path: `${url.pathname}${url.search}` };
}

function refusal(errorKind: ErrorKind, message: string): Promise<Outcome> {
  return Promise.resolve({ kind: 'error', errorKind, message, statusCode: null, durationMs: 0, phases: noPhases });
}

function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? []);
}
