// The producer, a process of its own: publishes events over a fixed number of keep-alive connections, either as fast as answers
// come (closed loop) or at a constant rate, and notes how long each 202 took and when it came. At a constant rate the
// time counts from when the request was due, so that a stall is not hidden by the requests that it kept from being sent.
import { build, type Histogram } from 'hdr-histogram-js';
import { nowMs } from './clock.js';
import { type Answer, type Connection, openConnection } from './connection.js';
import { createSightings, type Sighting, type Sightings } from './sightings.js';

/** One run: without `ratePerS` it is closed loop. Events are the same but for their types and tenants, which take turns (at most 256 of each). */
export interface LoadCommand {
  readonly port: number;
  /** Of several APIs, among which the connections are divided; absent: `port` alone. */
  readonly ports?: readonly number[];
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
  readonly ratePerS?: number;
  readonly eventTypes?: readonly string[];
  /** Absent: the tenant of events that name none. */
  readonly tenants?: readonly string[];
}

/** What came of a run; the milliseconds are those of the 202. `acceptedOf` counts by event type, in the order of the command. */
export interface LoadReport {
  readonly accepted: number;
  readonly acceptedOf: readonly number[];
  readonly refused: number;
  readonly firstRefusal: string | null;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly sample: readonly Sighting[];
}

interface Tally {
  readonly acceptedOf: number[];
  readonly histogram: Histogram;
  readonly sightings: Sightings;
  refused: number;
  firstRefusal: string | null;
}

const defaultEventTypes = ['order.placed'];
const padChars = 400;
const idLabel = '"id":"';
const tickEveryMs = 1;
const refusalKeptBytes = 300;

async function run(command: LoadCommand): Promise<LoadReport> {
  const { ratePerS, eventTypes = defaultEventTypes, tenants = [], ports = [command.port] } = command;
  const requests = Array.from({ length: Math.max(eventTypes.length, tenants.length) }, (_, index) =>
    renderRequest(command.headers, eventTypes[index % eventTypes.length]!, tenants[index % tenants.length]),
  );
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: 3 });
  const tally: Tally = { acceptedOf: requests.map(() => 0), histogram, sightings: createSightings(), refused: 0, firstRefusal: null };
  const idle: Connection[] = [];
  const due: number[] = [];
  let endsAt = 0;
  let turn = 0;

  const send = (connection: Connection, dueAt: number): void => {
    connection.send(requests[turn]!, turn, dueAt);
    turn = (turn + 1) % requests.length;
  };
  const next = (connection: Connection): void => {
    const now = nowMs();
    const dueAt = ratePerS === undefined && now < endsAt ? now : due.shift();
    if (dueAt !== undefined) {
      send(connection, dueAt);
      return;
    }
    idle.push(connection);
  };
  const connections: Connection[] = [];
  while (connections.length < command.connections) {
    const connection = await openConnection(ports[connections.length % ports.length]!, (from, answer) => {
      take(tally, from, answer);
      next(from);
    });
    connections.push(connection);
  }
  const startedAt = nowMs();
  endsAt = startedAt + command.seconds * 1000;
  for (const connection of connections) next(connection);
  if (ratePerS !== undefined) await keepRate({ startedAt, endsAt, ratePerS }, due, idle, send);
  // At a constant rate the last request may leave after the end, so it is not enough that all were idle once.
  while (nowMs() < endsAt || idle.length < connections.length) await new Promise((resolve) => setTimeout(resolve, tickEveryMs));
  for (const connection of connections) connection.close();
  return summarize(tally);
}

function take(tally: Tally, { sentAt, kind }: Connection, { bytes, status, bodyAt, bodyEnd }: Answer): void {
  const at = nowMs();
  const idAt = bytes.indexOf(idLabel, bodyAt, 'latin1');
  if (status === 202 && idAt >= 0 && idAt < bodyEnd) {
    tally.histogram.recordValue(Math.max(1, Math.round((at - sentAt) * 1000)));
    tally.sightings.add(bytes, idAt + idLabel.length, kind, at);
    tally.acceptedOf[kind]! += 1;
    return;
  }
  tally.refused += 1;
  tally.firstRefusal ??= `${status} ${bytes.toString('utf8', bodyAt, Math.min(bodyEnd, bodyAt + refusalKeptBytes))}`;
}

function summarize({ acceptedOf, histogram, sightings, refused, firstRefusal }: Tally): LoadReport {
  return {
    accepted: sightings.length,
    acceptedOf,
    refused,
    firstRefusal,
    p50Ms: histogram.getValueAtPercentile(50) / 1000,
    p99Ms: histogram.getValueAtPercentile(99) / 1000,
    sample: sightings.sample(),
  };
}

interface Pace {
  readonly startedAt: number;
  readonly endsAt: number;
  readonly ratePerS: number;
}

type Send = (connection: Connection, dueAt: number) => void;

/** Sends what is due to idle connections, every millisecond; what finds none waits in `due`. Resolves when all of it is sent. */
function keepRate({ startedAt, endsAt, ratePerS }: Pace, due: number[], idle: Connection[], send: Send): Promise<void> {
  let made = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const until = Math.min(nowMs(), endsAt);
      for (; startedAt + (made * 1000) / ratePerS < until; made += 1) {
        const dueAt = startedAt + (made * 1000) / ratePerS;
        const connection = idle.shift();
        if (connection === undefined) due.push(dueAt);
        else send(connection, dueAt);
      }
      if (until < endsAt || due.length > 0) return;
      clearInterval(timer);
      resolve();
    }, tickEveryMs);
  });
}

function renderRequest(headers: Readonly<Record<string, string>>, eventType: string, tenant: string | undefined): Buffer {
  const body = JSON.stringify({
    event_type: eventType,
    ...(tenant !== undefined && { tenant }),
    data: { id: 1, pad: 'x'.repeat(padChars) },
    current_context: { a: 1 },
  });
  const own = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(
    `POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n${own.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

process.on('message', async (command: LoadCommand) => {
  process.send!(await run(command));
});
process.on('disconnect', () => process.exit());
process.send!({ ready: 0 });
