// Endpoints that misbehave on purpose, byte by byte. Each gives an outcome, none an exception, and the next request to the
// same origin gets its own answer.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { parseAllowList } from './allow-list.js';
import { createEgress, type Egress } from './egress.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Script = (socket: Socket, connection: number) => void;

async function endpoint(script: Script) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    script(socket, sockets.size);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`;
  return { url, connections: () => sockets.size };
}

function egressOf(): Egress {
  const parsed = parseAllowList('127.0.0.1');
  if (!parsed.ok) throw new Error(parsed.message);
  const egress = createEgress({ allow: parsed.allow, connectTimeoutMs: 500 });
  cleanups.push(() => egress.close());
  return egress;
}

const deadlineMs = 400;
const send = (egress: Egress, url: string, body: string | Buffer = '{}') => egress.send({ url, headers: [], body, timeoutMs: deadlineMs });

const good = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
/** Answers every request head with the text. */
const says =
  (text: string | Buffer, then: (socket: Socket) => void = () => {}): Script =>
  (socket) =>
    socket.on('data', () => socket.write(text, 'latin1', () => then(socket)));
/** Writes a piece again and again until the socket is gone. */
const drips =
  (head: string, piece: string, everyMs: number): Script =>
  (socket) => {
    socket.once('data', () => {
      socket.write(head);
      const timer = setInterval(() => socket.write(piece), everyMs);
      socket.on('close', () => clearInterval(timer));
    });
  };
const end = (socket: Socket) => socket.end();
const rst = (socket: Socket) => socket.resetAndDestroy();

const errors: readonly (readonly [does: string, script: Script, errorKind: string | RegExp])[] = [
  ['accepts and never answers', () => {}, 'timeout'],
  ['closes at once', end, 'reset'],
  ['resets at once', rst, 'reset'],
  ['resets after the request', (socket) => socket.once('data', () => rst(socket)), 'reset'],
  ['closes within the headers', says('HTTP/1.1 200 OK\r\nconte', end), 'reset'],
  ['drips headers', drips('HTTP/1.1 200 OK\r\nx: ', 'a', 20), 'timeout'],
  ['sends endless 103 Early Hints', drips('', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n', 20), 'timeout'],
  ['sends endless 100 Continue', drips('', 'HTTP/1.1 100 Continue\r\n\r\n', 20), 'protocol'],
  ['switches protocols unasked', says('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'), 'protocol'],
  ['speaks no HTTP', says('SSH-2.0-OpenSSH_9.2\r\n'), 'protocol'],
  ['speaks HTTP/0.9', says('<html>hello</html>', end), 'protocol'],
  ['has a bad status line', says('HTTP/1.1 abc OK\r\n\r\n'), 'protocol'],
  ['ends lines with a bare line feed', says('HTTP/1.1 200 OK\ncontent-length: 0\n\n'), 'protocol'],
  ['has NUL in a header', says('HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n'), 'protocol'],
  ['answers with the HTTP/2 preface', says('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), 'protocol'],
  ['has a negative content length', says('HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'), 'protocol'],
  ['has two content lengths', says('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok'), 'protocol'],
  [
    'has a content length and chunks',
    says('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'),
    'protocol',
  ],
  ['answers with status 099', says('HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n'), 'protocol'],
  ['sends 1 MB of one header', says(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(1_000_000)}\r\n\r\n`), 'protocol'],
  ['sends 10,000 headers', says(`HTTP/1.1 200 OK\r\n${'x: a\r\n'.repeat(10_000)}\r\n`), 'protocol'],
];

const responses: readonly (readonly [does: string, script: Script, expected: object])[] = [
  ['answers with status 600', says('HTTP/1.1 600 Odd\r\ncontent-length: 0\r\n\r\n'), { statusCode: 600, bodyTruncated: false }],
  ['answers before it has read the request', (socket) => socket.write(good), { statusCode: 200, bodyTruncated: false }],
  [
    'sends a hint first',
    says(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${good}`),
    { statusCode: 200, headers: 'content-length: 2\n' },
  ],
  ['drips a body', drips('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n', 'a', 20), { statusCode: 200, bodyError: /within 400 ms/ }],
  [
    'stalls within the body',
    says('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello'),
    { body: Buffer.from('hello'), bodyError: /within 400 ms/ },
  ],
  [
    'closes within the body',
    says('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello', end),
    { body: Buffer.from('hello'), bodyError: /closed/ },
  ],
  [
    'resets within the body',
    says('HTTP/1.1 500 No\r\ncontent-length: 10\r\n\r\nhello', (s) => setImmediate(rst, s)),
    { statusCode: 500, bodyError: /closed/ },
  ],
  [
    'closes within chunks',
    says('HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel', end),
    { bodyError: /./ },
  ],
  [
    'sends a bad chunk',
    says('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello'),
    { statusCode: 200, bodyError: /chunk size/i },
  ],
  [
    'sends a huge chunk size',
    says(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${'f'.repeat(17)}\r\n`),
    { bodyError: /chunk size/i },
  ],
  ['gives 204 a body', says('HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello'), { statusCode: 204, bodyError: /length/ }],
  ['sends a body without end', drips('HTTP/1.1 200 OK\r\n\r\n', 'a'.repeat(10_000), 1), { statusCode: 200, bodyTruncated: true }],
  [
    'asks to retry, twice',
    says('HTTP/1.1 429 No\r\nRETRY-AFTER: 1000000000\r\nretry-after: -1\r\ncontent-length: 0\r\n\r\n'),
    { retryAfter: '1000000000' },
  ],
];

describe('an endpoint that', () => {
  it.each(errors)('%s is an error', async (_does, script, errorKind) => {
    const { url } = await endpoint(script);
    const startedAt = performance.now();
    expect(await send(egressOf(), url)).toMatchObject({ kind: 'error', errorKind, message: expect.stringMatching(/^[A-Z].*\.$/) });
    expect(performance.now() - startedAt).toBeLessThan(deadlineMs + 200);
  });

  it.each(responses)('%s is a response', async (_does, script, { ...expected }) => {
    const { url } = await endpoint(script);
    const outcome = await send(egressOf(), url);
    const { bodyError, ...rest } = expected as { bodyError?: RegExp };
    expect(outcome).toMatchObject({ kind: 'response', ...rest });
    if (bodyError !== undefined) expect(outcome).toMatchObject({ bodyTruncated: true, bodyError: expect.stringMatching(bodyError) });
    else expect(outcome).not.toHaveProperty('bodyError');
  });

  it('reads nothing of 8 MB is a timeout', async () => {
    const { url } = await endpoint((socket) => socket.pause());
    expect(await send(egressOf(), url, Buffer.alloc(8_000_000))).toMatchObject({ kind: 'error', errorKind: 'timeout' });
  });

  it('is not there is a refused connection', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    server.close();
    await once(server, 'close');
    const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`;
    const outcome = await send(egressOf(), url);
    expect(outcome).toMatchObject({ kind: 'error', errorKind: 'connect', message: 'The connection was refused (ECONNREFUSED).' });
  });

  it('sends a second answer unasked does not answer the next request with it', async () => {
    const stray = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstray';
    const { url } = await endpoint((socket, connection) => socket.on('data', () => socket.write(connection === 1 ? good + stray : good)));
    const egress = egressOf();
    for (let i = 0; i < 3; i++) expect(await send(egress, url)).toMatchObject({ kind: 'response', body: Buffer.from('ok') });
  });

  it('closes a kept connection when the next request comes is a reset, not a silent second request', async () => {
    let requests = 0;
    const { url } = await endpoint((socket) => {
      socket.on('data', () => {
        requests += 1;
        if (requests === 1) socket.write(good);
        else socket.destroy();
      });
    });
    const egress = egressOf();
    expect((await send(egress, url)).kind).toBe('response');
    expect(await send(egress, url)).toMatchObject({ kind: 'error', errorKind: 'reset', phases: { connectMs: null } });
    expect(requests).toBe(2);
  });

  it('did any of this gets its next requests as if nothing had been', async () => {
    const egress = egressOf();
    const isPatient = (does: string) => /never|drips|endless|stalls|without end|before it has read/.test(does);
    for (const [does, script] of [...errors, ...responses]) {
      if (isPatient(does)) continue;
      const { url } = await endpoint((socket, connection) => (connection === 1 ? script : says(good))(socket, connection));
      await send(egress, url);
      const later = await Promise.all([send(egress, url), send(egress, url), send(egress, url)]);
      expect([does, ...later.map(({ kind }) => kind)]).toEqual([does, 'response', 'response', 'response']);
    }
    expect(egress.openRequests()).toBe(0);
  });
});
