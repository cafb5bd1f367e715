// The endpoint of every webhook in the bench, a process of its own: answers 200 `ok` to whatever comes, at once unless it was told
// otherwise, and notes when the first byte of which event came for which webhook (`/h<number>`, at most 256). Parses just enough
// HTTP/1.1 to be no bottleneck: requests with a content-length. Anything else closes the connection and counts as malformed. Who has to
// wait for an answer must not pipeline. Commands come over IPC.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { nowMs } from './clock.js';
import { type ChannelRange, createSightings, type Sighting, type SightingCount } from './sightings.js';

/**
 * What the sink may be asked, of all webhooks unless it says of which; it answers each with a `SinkAnswer`.
 * reset: forget what came. progress: how much came. report: what came. listen: open so many ports more, so that webhooks are not all of
 * one origin. answer: from now on, answer after so many milliseconds, or never (null); what is open is not touched.
 */
export type SinkCommand =
  | { readonly name: 'reset' }
  | { readonly name: 'progress' | 'report'; readonly of?: ChannelRange }
  | { readonly name: 'listen'; readonly ports: number }
  | { readonly name: 'answer'; readonly of: ChannelRange; readonly afterMs: number | null };

/** Answers in this shape; `counted` and `sample` only to `report`, `ports` only to `listen`. */
export interface SinkAnswer {
  readonly requests: number;
  readonly malformed: number;
  /** The most requests of one webhook that were open at once, among those that were not answered at once. */
  readonly mostOpen: number;
  readonly counted?: SightingCount;
  readonly sample?: readonly Sighting[];
  readonly ports?: readonly number[];
}

const headerBytesMax = 16 * 1024;
const idLabel = '\r\nwebhook-id: ';
const lengthLabel = '\r\ncontent-length: ';
const answer = Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok');
const answersAtOnceMax = 64;
const answers = Array.from({ length: answersAtOnceMax + 1 }, (_, count) => Buffer.concat(Array(count).fill(answer)));

const channelsMax = 256;
const never = -1;
const sightings = createSightings();
const requestsOf = new Uint32Array(channelsMax);
const answerAfterMs = new Int32Array(channelsMax);
const openOf = new Uint32Array(channelsMax);
const mostOpenOf = new Uint32Array(channelsMax);
let malformed = 0;

function serve(socket: Socket): void {
  let rest: Buffer | undefined;
  let restSince = 0;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const arrivedAt = nowMs();
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    let served = 0;
    while (at < bytes.length) {
      const taken = takeRequest(bytes, at, at === 0 && rest !== undefined ? restSince : arrivedAt);
      if (taken === 'malformed') {
        malformed += 1;
        socket.destroy();
        return;
      }
      if (taken === 'incomplete') break;
      at = taken.end;
      if (answerAfterMs[taken.channel] === 0) served += 1;
      else answerLater(socket, taken.channel);
    }
    if (at < bytes.length) {
      restSince = at === 0 && rest !== undefined ? restSince : arrivedAt;
      rest = at === 0 ? bytes : bytes.subarray(at);
    } else rest = undefined;
    for (; served > 0; served -= answersAtOnceMax) socket.write(answers[Math.min(served, answersAtOnceMax)]!);
  });
}

/** Answers when it is time, if ever; the request is open until then, or until its connection ends. */
function answerLater(socket: Socket, channel: number): void {
  openOf[channel]! += 1;
  mostOpenOf[channel] = Math.max(mostOpenOf[channel]!, openOf[channel]!);
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    clearTimeout(timer);
    socket.off('close', end);
    openOf[channel]! -= 1;
  };
  socket.on('close', end);
  const afterMs = answerAfterMs[channel]!;
  if (afterMs === never) return;
  timer = setTimeout(() => {
    end();
    socket.write(answer);
  }, afterMs);
}

interface Taken {
  /** Where the next request begins. */
  readonly end: number;
  readonly channel: number;
}

/** Reads the request that begins at `from` and notes it. */
function takeRequest(bytes: Buffer, from: number, firstByteAt: number): Taken | 'incomplete' | 'malformed' {
  const headEnd = bytes.indexOf('\r\n\r\n', from, 'latin1');
  if (headEnd < 0) return bytes.length - from > headerBytesMax ? 'malformed' : 'incomplete';
  const head = bytes.toString('latin1', from, headEnd);
  const lengthAt = findLabel(head, lengthLabel);
  if (lengthAt < 0) return 'malformed';
  const end = headEnd + 4 + Number.parseInt(head.slice(lengthAt, lengthAt + 12), 10);
  if (Number.isNaN(end)) return 'malformed';
  if (end > bytes.length) return 'incomplete';
  const idAt = findLabel(head, idLabel);
  if (idAt < 0) return 'malformed';
  const webhookAt = head.indexOf('/h') + 2;
  const channel = Number.parseInt(head.slice(webhookAt, webhookAt + 3), 10);
  sightings.add(bytes, from + idAt, channel, firstByteAt);
  requestsOf[channel]! += 1;
  return { end, channel };
}

/** Where the value behind a lower-case label begins, or -1. */
function findLabel(head: string, label: string): number {
  const exact = head.indexOf(label);
  const at = exact >= 0 ? exact : head.toLowerCase().indexOf(label);
  return at < 0 ? -1 : at + label.length;
}

function reset(): void {
  sightings.clear();
  requestsOf.fill(0);
  mostOpenOf.set(openOf);
  malformed = 0;
}

function look({ from, to }: ChannelRange = { from: 0, to: channelsMax }): SinkAnswer {
  const requests = requestsOf.subarray(from, to).reduce((sum, count) => sum + count, 0);
  return { requests, malformed, mostOpen: Math.max(...mostOpenOf.subarray(from, to)) };
}

async function listen(): Promise<number> {
  const server: Server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function obey(command: SinkCommand): Promise<SinkAnswer> {
  switch (command.name) {
    case 'reset':
      reset();
      return look();
    case 'progress':
      return look(command.of);
    case 'report':
      return { ...look(command.of), counted: sightings.count(command.of), sample: sightings.sample(command.of) };
    case 'listen':
      return { ...look(), ports: await Promise.all(Array.from({ length: command.ports }, listen)) };
    case 'answer':
      answerAfterMs.fill(command.afterMs ?? never, command.of.from, command.of.to);
      return look();
  }
}

process.on('message', async (command: SinkCommand) => {
  process.send!(await obey(command));
});
process.on('disconnect', () => process.exit());
process.send!({ ready: await listen() });
