import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Receiver, startReceiver } from './receiver.js';

let receiver: Receiver;

beforeEach(async () => {
  receiver = await startReceiver();
});

afterEach(async () => {
  await receiver.stop();
});

/** The raw bytes of the answer to one request, until the receiver ends the connection. */
async function rawAnswer(): Promise<string> {
  const socket = connect(receiver.port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'end');
  return text;
}

describe('the receiver', () => {
  it('answers 200 and keeps what it was sent, byte by byte', async () => {
    const body = Buffer.from([0, 255, 10, 13, 34]);
    const answer = await fetch(receiver.url('/hook?a=1'), { method: 'POST', headers: { 'Webhook-Id': 'evt_1' }, body });
    expect(answer.status).toBe(200);
    const [received] = await receiver.waitFor(1);
    expect(received).toMatchObject({ method: 'POST', path: '/hook?a=1', headers: { 'webhook-id': 'evt_1' } });
    expect(received!.body).toEqual(body);
    expect(received!.rawHeaders.map((name) => name.toLowerCase())).toContain('webhook-id');
    expect(Math.abs(received!.at - Date.now())).toBeLessThan(5_000);
  });

  it('answers by a script that sees the request and its number', async () => {
    receiver.answer((received, index) => ({ status: index === 0 ? 503 : 201, headers: { 'Retry-After': '7' }, body: received.path }));
    const first = await fetch(receiver.url('/a'));
    const second = await fetch(receiver.url('/b'));
    expect([first.status, await first.text(), first.headers.get('retry-after')]).toEqual([503, '/a', '7']);
    expect([second.status, await second.text()]).toEqual([201, '/b']);
  });

  it('counts from 0 again after clear', async () => {
    receiver.answer((_, index) => ({ body: String(index) }));
    await fetch(receiver.url());
    receiver.clear();
    expect(receiver.received).toEqual([]);
    expect(await (await fetch(receiver.url())).text()).toBe('0');
    expect(receiver.count()).toBe(1);
  });

  it('answers 500 with the error of a script that throws', async () => {
    receiver.answer(() => {
      throw new Error('wrong turn');
    });
    const answer = await fetch(receiver.url());
    expect([answer.status, await answer.text()]).toEqual([500, "the receiver's script threw: Error: wrong turn"]);
  });

  it('delays an answer', async () => {
    receiver.answer({ delayMs: 60 });
    const before = performance.now();
    await fetch(receiver.url());
    expect(performance.now() - before).toBeGreaterThanOrEqual(55);
  });

  it('hangs, and still stops', async () => {
    receiver.answer({ hang: true });
    await expect(fetch(receiver.url(), { signal: AbortSignal.timeout(100) })).rejects.toThrow('timeout');
    const open = fetch(receiver.url()).catch((error: Error) => error.name);
    await receiver.waitFor(2);
    await receiver.stop();
    expect(await open).toBe('TypeError');
  });

  it('resets the connection', async () => {
    receiver.answer({ reset: true });
    await expect(fetch(receiver.url())).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
  });

  it('resets after half an answer', async () => {
    receiver.answer({ raw: 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf', reset: true });
    const answer = await fetch(receiver.url())
      .then((found) => found.text())
      .catch((error: Error) => error);
    expect(answer).toMatchObject({ cause: { code: 'UND_ERR_SOCKET' } });
  });

  it('sends raw bytes and ends the connection', async () => {
    receiver.answer({ raw: Buffer.from('HTTP/1.1 299 Fine\r\nx: y\r\n\r\n') });
    expect(await rawAnswer()).toBe('HTTP/1.1 299 Fine\r\nx: y\r\n\r\n');
  });

  it('drips a body after its headers', async () => {
    receiver.answer({ body: 'abcdef', drip: { chunkBytes: 2, everyMs: 15 } });
    const before = performance.now();
    const answer = await fetch(receiver.url());
    const headersMs = performance.now() - before;
    expect(await answer.text()).toBe('abcdef');
    expect(performance.now() - before - headersMs).toBeGreaterThanOrEqual(15);
  });

  it('says how many requests came when it waits for more', async () => {
    await fetch(receiver.url());
    await expect(receiver.waitFor(2, 20)).rejects.toThrow('1 of 2 requests arrived within 60 ms');
  });

  it('keeps no more than its limit and counts all', async () => {
    const small = await startReceiver({ receivedMax: 2 });
    await Promise.all([1, 2, 3].map(() => fetch(small.url())));
    expect([small.received.length, small.count()]).toEqual([2, 3]);
    await small.stop();
  });

  it('takes thousands of requests a second', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 32 });
    const post = () =>
      new Promise<void>((resolve, reject) => {
        const sent = request(receiver.url(), { method: 'POST', agent }, (response) => response.resume().once('end', resolve));
        sent.once('error', reject);
        sent.end('{"a":1}');
      });
    await Promise.all(Array.from({ length: 3_000 }, post));
    expect(receiver.received).toHaveLength(3_000);
    agent.destroy();
  });
});
