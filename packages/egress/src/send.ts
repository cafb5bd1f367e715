// One request over undici's dispatch and what came back of it. It settles exactly once: at its caller's no, at the end of the body, at
// the byte cap, at the deadline, or at an error, whichever is first. A class, since its methods are undici's handler and this is the
// hot path: closures would be made anew for each request. The handler is of undici's older form because that one gets the raw header
// bytes and is called without a wrapper object a request.
import type { Dispatcher, Pool } from 'undici';
import type { Connector } from './connector.js';
import { ConnectFailure, classify, type Failure } from './failure.js';
import { noPhases, type Outcome, type Phases } from './outcome.js';
import type { Carried, Carrier } from './pools.js';

/** What all requests of one egress have in common. */
export type SendContext = {
  readonly poolOf: (origin: string) => Pool;
  readonly takePhases: Connector['takePhases'];
  readonly responseBytesMax: number;
  onBegun(request: OpenRequest): void;
  onSettled(request: OpenRequest): void;
};

/** A request whose outcome is not known yet. */
export type OpenRequest = {
  /** Ends it now: our own stop cannot wait. */
  cutOff(): void;
};

export type Target = { readonly origin: string; readonly path: string };
export type Payload = {
  readonly headers: readonly string[];
  readonly body: string | Buffer;
  readonly timeoutMs: number;
  readonly mayWrite?: () => boolean;
};

/** Characters of header text that are kept. */
export const headerCharactersMax = 16_384;

/** Sends one POST. Never rejects. */
export function dispatchRequest(context: SendContext, { origin, path }: Target, payload: Payload): Promise<Outcome> {
  const { headers, body, timeoutMs, mayWrite } = payload;
  return new Promise((resolve) => {
    const exchange = new Exchange(context, timeoutMs, mayWrite, resolve);
    try {
      context.poolOf(origin).dispatch({ path, method: 'POST', headers: headers as string[], body }, exchange);
    } catch (error) {
      exchange.onError(error);
    }
  });
}

const emptyBody = Buffer.alloc(0);

class Exchange implements Dispatcher.DispatchHandler, Carried, OpenRequest {
  private readonly startedAt = performance.now();
  private readonly timer: NodeJS.Timeout;
  private isSettled = false;
  private isWritten = false;
  carrier: Carrier | null = null;
  private writtenAt = 0;
  private connection: Phases | null = null;
  private firstByteMs: number | null = null;
  /** 0 until the headers of a final response are complete. */
  private statusCode = 0;
  private headers = '';
  private retryAfter: string | null = null;
  private readonly chunks: Buffer[] = [];
  private bodyBytes = 0;

  constructor(
    private readonly context: SendContext,
    private readonly timeoutMs: number,
    private readonly mayWrite: (() => boolean) | undefined,
    private readonly resolve: (outcome: Outcome) => void,
  ) {
    this.timer = setTimeout(onDeadline, timeoutMs, this);
    context.onBegun(this);
  }

  /** Read by the pool's clients before they open a connection for this request. */
  get isAbandoned(): boolean {
    return this.isSettled;
  }

  onConnect(): void {
    // The deadline passed while this waited for a connection. Throwing skips the request and keeps the connection.
    if (this.isSettled) throw new Error('deadline passed');
    if (this.mayWrite?.() === false) {
      this.settle({ kind: 'unsent', durationMs: this.durationMs() });
      throw new Error('not to be written');
    }
    this.isWritten = true;
    this.connection = this.context.takePhases();
    this.writtenAt = performance.now();
  }

  onResponseStarted(): void {
    this.firstByteMs ??= Math.round(performance.now() - this.writtenAt);
  }

  onHeaders(statusCode: number, rawHeaders: Buffer[]): boolean {
    // Informational responses, and the impossible 0xx, which undici refuses right after this.
    if (statusCode < 200) return true;
    this.statusCode = statusCode;
    this.readHeaders(rawHeaders);
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.isSettled) return false;
    const room = this.context.responseBytesMax - this.bodyBytes;
    if (chunk.length > room) {
      if (room > 0) this.keep(chunk.subarray(0, room));
      this.settleResponse(true);
      this.carrier?.cut();
      return false;
    }
    this.keep(chunk);
    return true;
  }

  onComplete(): void {
    this.settleResponse(false);
  }

  onError(error: unknown): void {
    if (this.isSettled) return;
    const phases = error instanceof ConnectFailure ? error.phases : this.phases();
    this.settleBroken(classify(error), phases);
  }

  /** For the timer alone. */
  expire(): void {
    this.settleBroken({ errorKind: 'timeout', message: `No complete answer within ${this.timeoutMs} ms.` }, this.phases());
    if (this.isWritten) this.carrier?.cut();
  }

  cutOff(): void {
    if (!this.isWritten) {
      this.settle({ kind: 'unsent', durationMs: this.durationMs() });
      return;
    }
    this.settleBroken({ errorKind: 'cut_off', message: 'Posthorn stopped before the answer was complete.' }, this.phases());
    this.carrier?.cut();
  }

  private readHeaders(raw: Buffer[]): void {
    let text = '';
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = raw[i]!.toString('latin1');
      const value = raw[i + 1]!.toString('latin1');
      if (name.length === 11 && name.toLowerCase() === 'retry-after') this.retryAfter ??= clean(value);
      text += `${name}: ${clean(value)}\n`;
    }
    this.headers = text.length > headerCharactersMax ? text.slice(0, headerCharactersMax) : text;
  }

  // Copies: the chunk is a window on the socket's read buffer, which would live as long as the outcome.
  private keep(chunk: Buffer): void {
    const copy = Buffer.from(chunk);
    this.bodyBytes += copy.length;
    this.chunks.push(copy);
  }

  /** Complete headers are a response however the body went on: the endpoint has taken the event and said so. */
  private settleBroken(failure: Failure, phases: Phases): void {
    if (this.statusCode !== 0) this.settleResponse(true, failure.message);
    else this.settle({ kind: 'error', ...failure, statusCode: null, durationMs: this.durationMs(), phases });
  }

  private settleResponse(bodyTruncated: boolean, bodyError?: string): void {
    this.settle({
      kind: 'response',
      statusCode: this.statusCode,
      headers: this.headers,
      retryAfter: this.retryAfter,
      body: this.chunks.length > 1 ? Buffer.concat(this.chunks) : (this.chunks[0] ?? emptyBody),
      bodyTruncated,
      ...(bodyError === undefined ? undefined : { bodyError }),
      durationMs: this.durationMs(),
      phases: this.phases(),
    });
  }

  private settle(outcome: Outcome): void {
    if (this.isSettled) return;
    this.isSettled = true;
    clearTimeout(this.timer);
    this.context.onSettled(this);
    // undici frees the connection in an immediate that it queues right after this call. Whoever sends the next request as soon as
    // it has this outcome would still find it busy and open another one; so the outcome comes just behind that.
    queueMicrotask(() => setImmediate(this.resolve, outcome));
  }

  private phases(): Phases {
    const { dnsMs, connectMs, tlsMs } = this.connection ?? noPhases;
    return { dnsMs, connectMs, tlsMs, firstByteMs: this.firstByteMs };
  }

  private durationMs(): number {
    return Math.round(performance.now() - this.startedAt);
  }
}

function onDeadline(exchange: Exchange): void {
  exchange.expire();
}

const controlPattern = /[^\t -\u00ff]/;
const controlsPattern = /[^\t -\u00ff]/g;

// A value is one line and storable as text; almost all are so already.
function clean(value: string): string {
  return controlPattern.test(value) ? value.replace(controlsPattern, '') : value;
}
