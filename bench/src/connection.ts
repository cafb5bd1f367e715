// One keep-alive connection of the producer: one request out, one answer in. Parses just enough HTTP/1.1 to find an answer's status
// and body, because the producer shares its two cores with what it measures.
import { connect } from 'node:net';

const receiveBytes = 16 * 1024;
const lengthLabel = 'content-length: ';

/** One request at a time; `sentAt` (milliseconds) and `kind` are what the last `send` was given: its due time, and which request it was. */
export interface Connection {
  sentAt: number;
  kind: number;
  send(request: Buffer, kind: number, dueAt: number): void;
  close(): void;
}

/** A whole answer: its body lies in `bytes` from `bodyAt` to `bodyEnd`, and only until the callback returns. */
export interface Answer {
  readonly bytes: Buffer;
  readonly status: number;
  readonly bodyAt: number;
  readonly bodyEnd: number;
}

type Answered = (connection: Connection, answer: Answer) => void;

/** Connects to a port of this machine. A connection that the other side closes ends the process: it would spoil the figures. */
export function openConnection(port: number, answered: Answered): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let rest: Buffer | undefined;
    let closing = false;
    const onBytes = (count: number, buffer: Uint8Array): boolean => {
      const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, count);
      const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
      const bodyAt = bytes.indexOf('\r\n\r\n', 0, 'latin1') + 4;
      const bodyEnd = bodyAt < 4 ? Number.POSITIVE_INFINITY : bodyAt + contentLength(bytes.toString('latin1', 0, bodyAt));
      if (bodyEnd > bytes.length) {
        rest = Buffer.from(bytes); // the receive buffer is used again for the next chunk
        return true;
      }
      rest = undefined;
      answered(connection, { bytes, status: Number(bytes.toString('latin1', 9, 12)), bodyAt, bodyEnd });
      return true;
    };
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: Buffer.alloc(receiveBytes), callback: onBytes } });
    const connection: Connection = {
      sentAt: 0,
      kind: 0,
      send: (request, kind, dueAt) => {
        connection.sentAt = dueAt;
        connection.kind = kind;
        socket.write(request);
      },
      close: () => {
        closing = true;
        socket.destroy();
      },
    };
    socket.once('connect', () => resolve(connection));
    socket.once('error', reject);
    socket.once('close', () => {
      if (!closing) throw new Error('the API closed a connection of the load generator');
    });
  });
}

function contentLength(head: string): number {
  const at = head.toLowerCase().indexOf(lengthLabel);
  if (at < 0) throw new Error(`an answer without content-length: ${head}`);
  return Number.parseInt(head.slice(at + lengthLabel.length), 10);
}
