import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { type RawScript, type RawServer, startRawServer } from './raw-server.js';

let server: RawServer;
const clients: Socket[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await server.stop();
});

async function start(script: RawScript): Promise<RawServer> {
  server = await startRawServer({ script });
  return server;
}

function client(text = ''): { readonly socket: Socket; read(): string } {
  const socket = connect(server.port, '127.0.0.1').on('error', () => {});
  clients.push(socket);
  let seen = '';
  socket.on('data', (chunk) => {
    seen += chunk;
  });
  if (text !== '') socket.write(text);
  return { socket, read: () => seen };
}

const post = 'POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}';

describe('the raw server', () => {
  it('waits for whole requests, answers each in turn, and keeps their heads', async () => {
    const { requests } = await start(['request', { send: 'one' }, 'again']);
    const { socket, read } = client(post.slice(0, -1));
    await once(socket, 'connect');
    expect(read()).toBe('');
    socket.write(`}${post}`);
    await eventually(() => read() === 'oneone');
    expect(requests).toEqual(['POST /a HTTP/1.1\r\nContent-Length: 2', 'POST /a HTTP/1.1\r\nContent-Length: 2']);
    server.play(['request', { send: 'two' }, 'end']);
    socket.write(post);
    await once(socket, 'end');
    expect(read()).toBe('oneonetwo');
  });

  it('plays by the number of the connection, with pauses, and says how many are open', async () => {
    await start((connection) => [{ send: String(connection) }, { pauseMs: 20 }, { send: '!' }, 'hold']);
    const [first, second] = [client(), client()];
    await eventually(() => first.read().length + second.read().length === 4);
    expect([first.read(), second.read()].sort()).toEqual(['1!', '2!']);
    expect([server.connections(), server.open(), server.bytesSent()]).toEqual([2, 2, 4]);
    first.socket.destroy();
    await eventually(() => server.open() === 1);
  });

  it('ends and resets', async () => {
    await start((connection) => (connection === 1 ? ['bytes', 'end'] : ['bytes', 'reset']));
    await once(client('x').socket, 'end');
    const [error] = await once(client('x').socket, 'error');
    expect(error).toMatchObject({ code: 'ECONNRESET' });
  });

  it('sends for ever no faster than it is read', async () => {
    await start([{ forever: Buffer.alloc(65_536) }]);
    const { socket, read } = client();
    await eventually(() => read().length > 1_000_000);
    socket.pause();
    const sent = await eventually(async () => {
      const before = server.bytesSent();
      await new Promise((resolve) => setTimeout(resolve, 50));
      return server.bytesSent() === before && before;
    });
    expect(sent).toBeLessThan(50_000_000);
  });
});
