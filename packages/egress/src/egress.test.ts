import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { parseAllowList } from './allow-list.js';
import { createEgress, type EgressOptions, type EgressRequest } from './egress.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** An HTTP receiver on a free port that counts connections. */
async function receiver(listener: RequestListener) {
  let connections = 0;
  let open = 0;
  let openMax = 0;
  const server = createServer(listener).on('connection', (socket) => {
    connections += 1;
    open += 1;
    openMax = Math.max(open, openMax);
    socket.on('close', () => {
      open -= 1;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { port, url: `http://127.0.0.1:${port}/hook?x=1`, connections: () => connections, openMax: () => openMax };
}

function egressFor(allow = '127.0.0.0/8', options: Partial<EgressOptions> = {}) {
  const parsed = parseAllowList(allow);
  if (!parsed.ok) throw new Error(parsed.message);
  const egress = createEgress({ allow: parsed.allow, ...options });
  cleanups.push(() => egress.close());
  return egress;
}

const request = (url: string, more: Partial<EgressRequest> = {}): EgressRequest => ({
  url,
  headers: [],
  body: '{}',
  timeoutMs: 2_000,
  ...more,
});
const ok: RequestListener = (_request, response) => response.end('ok');

describe('sending', () => {
  it('posts the bytes and headers as given and returns what came back', async () => {
    let seen: unknown;
    const { url } = await receiver(async (incoming, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      seen = { method: incoming.method, url: incoming.url, id: incoming.headers['webhook-id'], body: Buffer.concat(chunks).toString() };
      response.writeHead(503, { 'Retry-After': '7', 'X-Answer': 'caf\u00e9' }).end(Buffer.from([0, 255, 1]));
    });
    const outcome = await egressFor().send(
      request(url, { headers: ['webhook-id', 'e1', 'content-type', 'application/json'], body: '{"n":1.0,"é":0}' }),
    );
    expect(seen).toEqual({ method: 'POST', url: '/hook?x=1', id: 'e1', body: '{"n":1.0,"é":0}' });
    expect(outcome).toEqual({
      kind: 'response',
      statusCode: 503,
      headers: expect.stringMatching(/^Retry-After: 7\nX-Answer: caf\u00e9\n/),
      retryAfter: '7',
      body: Buffer.from([0, 255, 1]),
      bodyTruncated: false,
      durationMs: expect.any(Number),
      phases: { dnsMs: null, connectMs: expect.any(Number), tlsMs: null, firstByteMs: expect.any(Number) },
    });
  });

  it('uses one connection for ten requests one after the other, and reports connecting once', async () => {
    const { url, connections } = await receiver(ok);
    const egress = egressFor();
    for (let i = 0; i < 10; i++) {
      expect(await egress.send(request(url))).toMatchObject({
        kind: 'response',
        phases: { connectMs: i === 0 ? expect.any(Number) : null, firstByteMs: expect.any(Number) },
      });
    }
    expect(connections()).toBe(1);
  });

  it('follows no redirect', async () => {
    const target = await receiver(ok);
    const { url, connections } = await receiver((_request, response) => response.writeHead(302, { location: target.url }).end());
    expect(await egressFor().send(request(url))).toMatchObject({
      kind: 'response',
      statusCode: 302,
      headers: expect.stringContaining('location: '),
    });
    expect(connections()).toBe(1);
    expect(target.connections()).toBe(0);
  });

  it('keeps 16 KiB of 10 MB and destroys the socket', async () => {
    let closed = () => {};
    const socketClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { url } = await receiver((incoming, response) => {
      incoming.socket.on('close', closed);
      response.end(Buffer.alloc(10_000_000, 'x'));
    });
    const outcome = await egressFor().send(request(url));
    expect(outcome).toMatchObject({ kind: 'response', statusCode: 200, bodyTruncated: true });
    expect(outcome).not.toHaveProperty('bodyError');
    expect(outcome.kind === 'response' && outcome.body.equals(Buffer.alloc(16_384, 'x'))).toBe(true);
    await socketClosed;
  });

  it('keeps a body of exactly the cap whole, also in pieces', async () => {
    const { url } = await receiver((_request, response) => {
      response.write('abc');
      setImmediate(() => response.end('def'));
    });
    const outcome = await egressFor(undefined, { responseBytesMax: 6 }).send(request(url));
    expect(outcome).toMatchObject({ kind: 'response', body: Buffer.from('abcdef'), bodyTruncated: false });
    expect(await egressFor(undefined, { responseBytesMax: 5 }).send(request(url))).toMatchObject({
      body: Buffer.from('abcde'),
      bodyTruncated: true,
    });
    expect(await egressFor(undefined, { responseBytesMax: 0 }).send(request(url))).toMatchObject({
      body: Buffer.alloc(0),
      bodyTruncated: true,
    });
  });

  it('does not decompress', async () => {
    const gzip = Buffer.from('1f8b0800000000000003', 'hex');
    const { url } = await receiver((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzip));
    expect(await egressFor().send(request(url))).toMatchObject({ kind: 'response', body: gzip });
  });

  it('bounds the connections of an origin and counts what waits towards the deadline', async () => {
    const { url, openMax } = await receiver(() => {});
    const egress = egressFor(undefined, { connectionsPerOrigin: 2 });
    const outcomes = Promise.all(Array.from({ length: 5 }, () => egress.send(request(url, { timeoutMs: 150 }))));
    expect(egress.openRequests()).toBe(5);
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ kind: 'error', errorKind: 'timeout' });
    expect(openMax()).toBe(2);
    expect(egress.openRequests()).toBe(0);
  });

  it('never sends a request whose deadline passed while it waited', async () => {
    const seen: (string | undefined)[] = [];
    let answerFirst = () => {};
    const { url } = await receiver((incoming, response) => {
      seen.push(incoming.headers['webhook-id']?.toString());
      if (seen.length === 1) answerFirst = () => response.end('late');
      else response.end('ok');
    });
    const egress = egressFor(undefined, { connectionsPerOrigin: 1 });
    const first = egress.send(request(url, { headers: ['webhook-id', 'first'] }));
    expect(await egress.send(request(url, { headers: ['webhook-id', 'abandoned'], timeoutMs: 100 }))).toMatchObject({
      errorKind: 'timeout',
    });
    answerFirst();
    expect((await first).kind).toBe('response');
    expect((await egress.send(request(url, { headers: ['webhook-id', 'last'] }))).kind).toBe('response');
    expect(seen).toEqual(['first', 'last']);
  });

  it('refuses headers that would change the framing or the host, and a thousand of those do not harm the origin', async () => {
    const { url, connections } = await receiver(ok);
    const egress = egressFor(undefined, { connectionsPerOrigin: 4 });
    const bad = [
      ['Host', 'evil.example'],
      ['connection', 'close'],
      ['Content-Length', '1'],
      ['x', 'a\r\nb: c'],
      ['x', '\u65e5'],
      ['a b', 'c'],
      ['', 'x'],
      ['odd'],
    ];
    for (let i = 0; i < 1_000; i++) {
      expect(await egress.send(request(url, { headers: bad[i % bad.length]! }))).toMatchObject({ kind: 'error', errorKind: 'protocol' });
    }
    expect(connections()).toBe(0);
    expect(await egress.send(request(url))).toMatchObject({ kind: 'response', statusCode: 200 });
  });

  it('waits for open requests when it is closed, and refuses new ones', async () => {
    let answer = () => {};
    const arrived = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let finish = () => {};
    const { url } = await receiver((_request, response) => {
      finish = () => response.end('late');
      answer();
    });
    const egress = egressFor();
    const outcome = egress.send(request(url));
    await arrived;
    const closed = egress.close();
    expect(await egress.send(request(url))).toEqual({ kind: 'unsent', durationMs: 0 });
    finish();
    expect(await outcome).toMatchObject({ kind: 'response', body: Buffer.from('late') });
    await closed;
    expect(egress.openRequests()).toBe(0);
  });
});
