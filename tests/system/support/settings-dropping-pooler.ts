// As a pooler that is set to ignore what a client sets for its session (`ignore_startup_parameters = options`): Postgres behind a door that takes the options out
// of the first message of each connection.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type DroppingPooler = { readonly url: string; readonly stop: () => Promise<void> };

const headBytes = 8;

/** The start-up message without its parameter `options`. */
const withoutOptions = (message: Buffer): Buffer => {
  const parts = message.subarray(headBytes).toString('latin1').split('\0');
  const kept: string[] = [];
  for (let index = 0; index + 1 < parts.length && parts[index] !== ''; index += 2)
    if (parts[index] !== 'options') kept.push(parts[index] ?? '', parts[index + 1] ?? '');
  const body = Buffer.from(`${kept.map((part) => `${part}\0`).join('')}\0`, 'latin1');
  const head = Buffer.from(message.subarray(0, headBytes));
  head.writeInt32BE(headBytes + body.length);
  return Buffer.concat([head, body]);
};

/** Calls back with the first message, once it is there. */
const readFirst = (from: Socket, take: (message: Buffer, rest: Buffer) => void): void => {
  let read = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    read = Buffer.concat([read, chunk]);
    if (read.length < 4 || read.length < read.readInt32BE(0)) return;
    from.off('data', onData).pause();
    const bytes = read.readInt32BE(0);
    take(read.subarray(0, bytes), read.subarray(bytes));
  };
  from.on('data', onData);
};

/** Starts one before the server of this URL, to which it connects anew for each connection. */
export const startDroppingPooler = async (url: string): Promise<DroppingPooler> => {
  const open = new Set<Socket>();
  const server = createServer((from) => {
    const to = connect(Number(new URL(url).port), new URL(url).hostname);
    for (const socket of [from, to]) open.add(socket.on('close', () => open.delete(socket)));
    from.on('error', () => to.destroy()).on('close', () => to.destroy());
    to.on('error', () => from.destroy()).on('close', () => from.destroy());
    readFirst(from, (message, rest) => {
      to.write(Buffer.concat([withoutOptions(message), rest]));
      from.pipe(to).pipe(from);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const changed = new URL(url);
  changed.port = String((server.address() as AddressInfo).port);
  return {
    url: changed.href,
    stop: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
