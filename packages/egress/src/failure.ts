// One classification of everything that can go wrong on the way to a response. Texts are ours: those of Node and undici
// carry resolved addresses, which the owner of a webhook is not to learn.
import { errors } from 'undici';
import { type ErrorKind, noPhases, type Phases } from './outcome.js';

export type Failure = { readonly errorKind: ErrorKind; readonly message: string };

/** What the connector rejects with: undici hands it on unchanged. It has no `code`, since undici acts on some of those. */
export class ConnectFailure extends Error {
  constructor(
    readonly errorKind: ErrorKind,
    message: string,
    readonly phases: Phases = noPhases,
  ) {
    super(message);
  }
}

/** Classifies an error before the response headers were complete. */
export function classify(error: unknown): Failure {
  if (error instanceof ConnectFailure) return { errorKind: error.errorKind, message: error.message };
  if (error instanceof errors.HTTPParserError)
    return { errorKind: 'protocol', message: `${error.message || 'The answer is not HTTP/1.1'}.` };
  const code = codeOf(error);
  if (code === 'UND_ERR_SOCKET') return classifySocketError(error);
  const known = knownCodes[code];
  if (known !== undefined) return known;
  if (isTlsCode(code)) return { errorKind: 'tls', message: `The TLS connection failed (${code}).` };
  return { errorKind: 'protocol', message: `The answer could not be understood (${code}).` };
}

export type DialStage = 'connecting' | 'handshake';

/** Classifies an error between dialling and the finished handshake. */
export function classifyConnectError(error: unknown, stage: DialStage): Failure {
  const code = codeOf(error);
  if (stage === 'handshake') return { errorKind: 'tls', message: `The TLS handshake failed (${code}).` };
  if (code === 'ECONNREFUSED') return { errorKind: 'connect', message: 'The connection was refused (ECONNREFUSED).' };
  return connectCodes[code] ?? { errorKind: 'connect', message: `No connection could be made (${code}).` };
}

/** Classifies what a resolver rejected with. */
export function classifyDnsError(error: unknown): Failure {
  const code = codeOf(error);
  return { errorKind: 'dns', message: `${dnsTexts[code] ?? 'The host name could not be resolved'} (${code}).` };
}

const dnsTexts: Readonly<Record<string, string>> = {
  ENOTFOUND: 'The host name does not exist',
  ENODATA: 'The host name has no address',
  ESERVFAIL: 'The DNS servers of the host name failed',
  EREFUSED: 'The DNS servers refused to resolve the host name',
  ETIMEOUT: 'The DNS servers did not answer in time',
};

const reset = (code: string): Failure => ({
  errorKind: 'reset',
  message: `The connection was closed before the answer was complete (${code}).`,
});

const connectCodes: Readonly<Record<string, Failure>> = {
  ECONNRESET: reset('ECONNRESET'),
  ECONNABORTED: reset('ECONNABORTED'),
  EPIPE: reset('EPIPE'),
  ETIMEDOUT: { errorKind: 'timeout', message: 'The connection timed out (ETIMEDOUT).' },
};

const knownCodes: Readonly<Record<string, Failure>> = {
  ...connectCodes,
  UND_ERR_HEADERS_OVERFLOW: { errorKind: 'protocol', message: 'The response headers are larger than 16 KiB.' },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: { errorKind: 'protocol', message: 'The body does not have the announced length.' },
  UND_ERR_INVALID_ARG: { errorKind: 'protocol', message: 'The request could not be built (UND_ERR_INVALID_ARG).' },
  UND_ERR_CLOSED: { errorKind: 'cut_off', message: 'Posthorn was stopping.' },
  UND_ERR_DESTROYED: { errorKind: 'cut_off', message: 'Posthorn was stopping.' },
};

// undici has one code for a peer that went away and for one that answered what it must not; the text tells them apart.
function classifySocketError(error: unknown): Failure {
  const text = error instanceof Error ? error.message : '';
  if (text === 'bad response') return { errorKind: 'protocol', message: 'The endpoint sent a response nobody asked for, or 100 Continue.' };
  if (text === 'bad upgrade') return { errorKind: 'protocol', message: 'The endpoint switched protocols unasked.' };
  return reset('closed');
}

function isTlsCode(code: string): boolean {
  return code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO';
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  // Happy Eyeballs rejects with an AggregateError of what each address said.
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error ? error.name : 'unknown';
}
