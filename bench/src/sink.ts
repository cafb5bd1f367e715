// The endpoint of every webhook in the bench, a process of its own: answers 200 `ok` to whatever comes, at once, and notes when
// the first byte of which event came for which webhook (`/h<number>`). Parses just enough HTTP/1.1 to be no bottleneck: requests
// with a content-length. Anything else closes the connection and counts as malformed. Commands come over IPC.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { nowMs } from './clock.js';
import { createSightings, type Sighting, type SightingCount } from './sightings.js';

/** What the sink may be asked; it answers each with a `SinkAnswer`. */
export type SinkCommand = 'reset' | 'progress' | 'report';

/** Answers in this shape; `counted` and `sample` only to `report`. */
export interface SinkAnswer {
  readonly requests: number;
  readonly malformed: number;
  readonly counted?: SightingCount;
  readonly sample?: readonly Sighting[];
}

const headerBytesMax = 16 * 1024;
const idLabel = '\r\nwebhook-id: ';
const lengthLabel = '\r\ncontent-length: ';
const answer = Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok');
const answersAtOnceMax = 64;
const answers = Array.from({ length: answersAtOnceMax + 1 }, (_, count) => Buffer.concat(Array(count).fill(answer)));

const sightings = createSightings();
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
      const end = takeRequest(bytes, at, at === 0 && rest !== undefined ? restSince : arrivedAt);
      if (end === 'malformed') {
        malformed += 1;
        socket.destroy();
        return;
      }
      if (end === 'incomplete') break;
      at = end;
      served += 1;
    }
    if (at < bytes.length) {
      restSince = at === 0 && rest !== undefined ? restSince : arrivedAt;
      rest = at === 0 ? bytes : bytes.subarray(at);
    } else rest = undefined;
    for (; served > 0; served -= answersAtOnceMax) socket.write(answers[Math.min(served, answersAtOnceMax)]!);
  });
}

/** Reads the request that begins at `from` and notes it; returns where the next one begins. */
function takeRequest(bytes: Buffer, from: number, firstByteAt: number): number | 'incomplete' | 'malformed' {
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
  sightings.add(bytes, from + idAt, Number.parseInt(head.slice(webhookAt, webhookAt + 3), 10), firstByteAt);
  return end;
}

/** Where the value behind a lower-case label begins, or -1. */
function findLabel(head: string, label: string): number {
  const exact = head.indexOf(label);
  const at = exact >= 0 ? exact : head.toLowerCase().indexOf(label);
  return at < 0 ? -1 : at + label.length;
}

process.on('message', (command: SinkCommand) => {
  if (command === 'reset') {
    sightings.clear();
    malformed = 0;
  }
  const counts = { requests: sightings.length, malformed };
  process.send!(command === 'report' ? { ...counts, counted: sightings.count(), sample: sightings.sample() } : counts);
});
process.on('disconnect', () => process.exit());

const server = createServer(serve).listen(0, '127.0.0.1', () => process.send!({ ready: (server.address() as AddressInfo).port }));
