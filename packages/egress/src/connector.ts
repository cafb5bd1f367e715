// Opens every connection Posthorn makes to an endpoint. One resolution a connection, all of its answers are judged, any bad one
// refuses the connection, and exactly the judged addresses are dialled: no second lookup, no rebinding. undici asks no resolver
// for IP literals, so those are judged here too. Certificates are always verified, whatever the process environment says.
import { isIP, type LookupFunction, connect as netConnect, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, connect as tlsConnect } from 'node:tls';
import type { buildConnector } from 'undici';
import { type AddressPolicy, addressVerdict } from './address-verdict.js';
import { ConnectFailure, classifyConnectError, classifyDnsError } from './failure.js';
import { noPhases, type Phases } from './outcome.js';
import type { Resolve } from './resolver.js';
import { egressAllowVariable } from './url-guard.js';

export type ConnectorOptions = {
  readonly policy: AddressPolicy;
  readonly resolve: Resolve;
  /** TCP and TLS together, without DNS. */
  readonly connectTimeoutMs: number;
  readonly ca?: string;
};

export type Connector = {
  readonly connect: buildConnector.connector;
  /** Phases of the connection that is being handed to undici right now, once; null for whoever runs on an older one. */
  takePhases(): Phases | null;
  /** Ends the connections that are being opened; those in use are undici's. */
  close(): void;
};

const addressesDialledMax = 8;
const familyAttemptTimeoutMs = 1_500;
const tlsSessionsMax = 5_000;

export function createConnector(options: ConnectorOptions): Connector {
  const tls = createTlsState(options.ca);
  const dialling = new Set<Socket>();
  // undici writes the first request inside the callback that delivers the socket, so this is set exactly while that runs.
  let fresh: Phases | null = null;

  function connect(target: buildConnector.Options, callback: buildConnector.Callback): void {
    const startedAt = performance.now();
    const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80);
    vettedAddresses(target.hostname, port, options)
      .then((addresses) => {
        const dnsMs = isIP(target.hostname) === 0 ? Math.round(performance.now() - startedAt) : null;
        return dial({ target, port, addresses, dnsMs }, { ...options, tls, dialling });
      })
      .then(deliver, (error) => callback(error, null))
      // A callback that throws would otherwise end the process; its request then ends at its deadline.
      .catch(() => {});

    function deliver({ socket, phases }: Dialled): void {
      fresh = phases;
      try {
        callback(null, socket);
      } finally {
        fresh = null;
      }
    }
  }

  return {
    connect,
    takePhases: () => {
      const phases = fresh;
      fresh = null;
      return phases;
    },
    close: () => {
      for (const socket of dialling) socket.destroy(new Error('closing'));
    },
  };
}

/** Every address of the host, all judged and good; rejects with a ConnectFailure `dns` or `blocked`. */
async function vettedAddresses(host: string, port: number, { policy, resolve }: ConnectorOptions): Promise<readonly string[]> {
  const addresses = isIP(host) === 0 ? await resolved(host, resolve) : [host];
  for (const address of addresses) {
    const verdict = addressVerdict(address, port, policy);
    // Without the address: what a name of somebody's inner network resolves to is not for the owner of the webhook.
    if (!verdict.ok) throw blocked(verdict.rule);
  }
  return addresses.slice(0, addressesDialledMax);
}

async function resolved(host: string, resolve: Resolve): Promise<readonly string[]> {
  let addresses: readonly string[];
  try {
    addresses = await resolve(host);
  } catch (error) {
    const { errorKind, message } = classifyDnsError(error);
    throw new ConnectFailure(errorKind, message);
  }
  if (addresses.length === 0) throw new ConnectFailure('dns', 'The host name has no address.');
  return addresses;
}

function blocked(rule: string): ConnectFailure {
  return new ConnectFailure('blocked', `The address guard refuses an address of this host: rule ${rule} (${egressAllowVariable}).`);
}

type DialTarget = {
  readonly target: buildConnector.Options;
  readonly port: number;
  readonly addresses: readonly string[];
  readonly dnsMs: number | null;
};
type Dialled = { readonly socket: Socket; readonly phases: Phases };

type DialContext = ConnectorOptions & { readonly tls: TlsState; readonly dialling: Set<Socket> };

function dial({ target, port, addresses, dnsMs }: DialTarget, options: DialContext): Promise<Dialled> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const isTls = target.protocol === 'https:';
    let connectMs: number | null = null;
    const shared = {
      host: target.hostname,
      port,
      lookup: fixedLookup(addresses),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: familyAttemptTimeoutMs,
    };
    const socket = isTls ? options.tls.open(shared, isIP(target.hostname) === 0 ? target.hostname : null) : netConnect(shared);
    options.dialling.add(socket);
    const finish = () => {
      clearTimeout(timer);
      options.dialling.delete(socket);
    };
    const fail = (failure: ConnectFailure) => {
      finish();
      reject(failure);
      socket.destroy();
    };
    const timer = setTimeout(() => {
      const phases = { ...noPhases, dnsMs, connectMs };
      fail(new ConnectFailure('timeout', `No connection within ${options.connectTimeoutMs} ms.`, phases));
    }, options.connectTimeoutMs);
    socket.setNoDelay(true).setKeepAlive(true, 60_000);
    socket.once('connect', () => {
      connectMs = Math.round(performance.now() - startedAt);
    });
    // Stays for the life of the socket: an error between this handover and undici's own listener must not be uncaught.
    socket.on('error', (error) => {
      const { errorKind, message } = classifyConnectError(error, isTls && connectMs !== null ? 'handshake' : 'connecting');
      fail(new ConnectFailure(errorKind, message, { ...noPhases, dnsMs, connectMs }));
    });
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      finish();
      // Belt and braces: what was judged is what we are connected to.
      const verdict = addressVerdict(socket.remoteAddress ?? '', port, options.policy);
      if (!verdict.ok) return fail(blocked(verdict.rule));
      const tlsMs = isTls ? Math.round(performance.now() - startedAt) - (connectMs ?? 0) : null;
      resolve({ socket, phases: { dnsMs, connectMs, tlsMs, firstByteMs: null } });
    });
  });
}

/** Answers the judged addresses and nothing else, in the form that Happy Eyeballs asks for or as one address. */
function fixedLookup(addresses: readonly string[]): LookupFunction {
  const answers = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_hostname, { all }, callback) => {
    if (all) callback(null, answers);
    else callback(null, answers[0]!.address, answers[0]!.family);
  };
}

type SharedOptions = { readonly host: string; readonly port: number; readonly lookup: LookupFunction };
/** `servername` goes out as SNI, without which a host of many names cannot know which certificate to show; there is none for a literal. */
type TlsState = { open(options: SharedOptions, servername: string | null): Socket };

// One secure context (building one costs 0.2 ms) and one session cache for all endpoints: a resumed handshake is a third cheaper.
function createTlsState(ca: string | undefined): TlsState {
  let secureContext: SecureContext | undefined;
  const sessions = new Map<string, Buffer>();
  return {
    open(options, servername) {
      secureContext ??= createSecureContext({ minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) });
      const key = `${servername ?? options.host}:${options.port}`;
      const session = sessions.get(key);
      const socket = tlsConnect({
        ...options,
        secureContext,
        rejectUnauthorized: true,
        ALPNProtocols: ['http/1.1'],
        ...(servername === null ? {} : { servername }),
        ...(session === undefined ? {} : { session }),
      });
      return socket.on('session', (fresh) => {
        sessions.delete(key);
        if (sessions.size >= tlsSessionsMax) sessions.delete(sessions.keys().next().value!);
        sessions.set(key, fresh);
      });
    },
  };
}
