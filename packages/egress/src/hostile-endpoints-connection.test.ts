// Endpoints that misbehave below HTTP: connections that are refused, closed, reset, stalled or never accepted.
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from '@jest/globals';
import { eventually, freePort, startRawServer, startReceiver } from '@posthorn/testkit';
import { egressFor, okAnswer, post, stopAfterTest } from '../tests/harness.js';
import { connectTimeoutMs, deadlineMs, says, saysAnd, testHostile } from '../tests/hostile.js';

const large = Buffer.alloc(8_000_000);

describe('an endpoint that', () => {
  testHostile([
    { does: 'accepts and never answers', script: ['hold'], expected: { error: 'timeout', says: /^No complete answer within 300 ms\.$/ } },
    { does: 'closes at once', script: ['end'], expected: { error: 'reset' } },
    { does: 'resets at once', script: ['reset'], expected: { error: 'reset' } },
    { does: 'closes after the request', script: ['request', 'end'], expected: { error: 'reset' } },
    { does: 'resets after the request', script: ['request', 'reset'], expected: { error: 'reset' } },
    { does: 'resets within the request', script: ['bytes', 'reset'], requestBody: large, expected: { error: 'reset' } },
    { does: 'closes within the headers', script: saysAnd('HTTP/1.1 200 OK\r\nconte', 'end'), expected: { error: 'reset' } },
    { does: 'resets within the headers', script: saysAnd('HTTP/1.1 200 OK\r\nconte', 'reset'), expected: { error: 'reset' } },
    {
      does: 'reads nothing of 8 MB',
      script: ['stop-reading', { pauseMs: deadlineMs + 100 }, 'reset'],
      requestBody: large,
      expected: { error: 'timeout' },
    },
    {
      does: 'answers before it has read the request',
      script: [{ send: okAnswer }, 'request', 'again'],
      expected: { status: 200, body: 'ok' },
    },
    {
      does: 'answers just before the deadline',
      script: ['request', { pauseMs: deadlineMs - 150 }, { send: okAnswer }, 'again'],
      expected: { status: 200, body: 'ok' },
    },
    {
      does: 'answers just after the deadline',
      script: ['request', { pauseMs: deadlineMs + 50 }, { send: okAnswer }, 'again'],
      expected: { error: 'timeout' },
    },
    {
      does: 'says that it closes, and closes, each time',
      script: saysAnd('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok', 'end'),
      expected: { status: 200, body: 'ok' },
    },
    {
      does: 'says that it closes and never does',
      script: saysAnd('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok', 'hold'),
      expected: { status: 200, body: 'ok' },
    },
    { does: 'closes behind each answer without a word', script: saysAnd(okAnswer, 'end'), expected: { status: 200, body: 'ok' } },
  ]);

  it('is not there is a refused connection', async () => {
    const outcome = await post(egressFor('127.0.0.1'), `http://127.0.0.1:${await freePort()}/`);
    expect(outcome).toMatchObject({ kind: 'error', errorKind: 'connect', message: 'The connection was refused (ECONNREFUSED).' });
  });

  it('sends a second answer unasked does not answer the next request with it', async () => {
    const stray = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstray';
    const server = stopAfterTest(await startRawServer({ script: (n) => (n === 1 ? says(okAnswer + stray) : says(okAnswer)) }));
    const egress = egressFor('127.0.0.1', { connectionsPerOrigin: 1 });
    for (let i = 0; i < 3; i++) expect(await post(egress, server.url())).toMatchObject({ kind: 'response', body: Buffer.from('ok') });
  });

  it('answers too late does not answer the next request with that', async () => {
    const late = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlate';
    const server = stopAfterTest(
      await startRawServer({ script: (n) => (n === 1 ? ['request', { pauseMs: 150 }, { send: late }, 'again'] : says(okAnswer)) }),
    );
    const egress = egressFor('127.0.0.1', { connectionsPerOrigin: 1 });
    expect(await post(egress, server.url(), { timeoutMs: 100 })).toMatchObject({ kind: 'error', errorKind: 'timeout' });
    for (let i = 0; i < 3; i++) expect(await post(egress, server.url())).toMatchObject({ kind: 'response', body: Buffer.from('ok') });
  });

  it('closes a kept connection when the next request comes is a reset, not a silent second request', async () => {
    const server = stopAfterTest(await startRawServer({ script: ['request', { send: okAnswer }, 'request', 'end'] }));
    const egress = egressFor('127.0.0.1');
    expect((await post(egress, server.url())).kind).toBe('response');
    expect(await post(egress, server.url())).toMatchObject({ kind: 'error', errorKind: 'reset', phases: { connectMs: null } });
    expect([server.requests.length, server.connections()]).toEqual([2, 1]);
  });

  it('closes a kept connection while nobody uses it is connected to again', async () => {
    const server = stopAfterTest(await startRawServer({ script: saysAnd(okAnswer, { pauseMs: 20 }, 'end') }));
    const egress = egressFor('127.0.0.1');
    for (let i = 1; i <= 5; i++) {
      expect(await post(egress, server.url())).toMatchObject({ kind: 'response', phases: { connectMs: expect.any(Number) } });
      await eventually(() => server.open() === 0);
      expect(server.connections()).toBe(i);
    }
  });
});

// A listener whose program never accepts: its backlog is full after a few connections, and then the kernel drops every SYN, as a
// firewall does. It listens on all of 127/8.
const deafListener = `
  const { createServer } = require('node:net');
  const { parentPort } = require('node:worker_threads');
  const server = createServer().listen({ host: '0.0.0.0', port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });`;

async function startDeaf() {
  const worker = new Worker(deafListener, { eval: true });
  const port = await new Promise<number>((resolve, reject) => worker.once('message', resolve).once('error', reject));
  return stopAfterTest({ port, stop: () => worker.terminate() });
}

describe('a port that takes no more connections', () => {
  it('is no connection within the connect timeout', async () => {
    const { port } = await startDeaf();
    const egress = egressFor('127.0.0.0/8', { connectTimeoutMs });
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => post(egress, `http://127.0.0.1:${port}/`, { timeoutMs: 2 * deadlineMs })),
    );
    const refused = outcomes.filter(
      (outcome) => outcome.kind === 'error' && outcome.message === `No connection within ${connectTimeoutMs} ms.`,
    );
    // Those in the backlog count as connected, and are not answered.
    expect(refused.length).toBeGreaterThanOrEqual(7);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: 'error', errorKind: 'timeout' });
  });

  it('holds up nobody else, also if there are 1,000 such endpoints at once', async () => {
    const { port } = await startDeaf();
    const receiver = stopAfterTest(await startReceiver());
    // Long enough for the good endpoint while this process is busy with dialling the others.
    const egress = egressFor('127.0.0.0/8', { connectTimeoutMs: 1_000 });
    const filtered = Promise.all(
      Array.from({ length: 1_000 }, (_, i) => post(egress, `http://127.0.${i >> 8}.${i & 255 || 1}:${port}/`, { timeoutMs: 1_500 })),
    );
    const durations: number[] = [];
    for (let i = 0; i < 50; i++) {
      const outcome = await post(egress, receiver.url(), { timeoutMs: 5_000 });
      expect(outcome).toMatchObject({ kind: 'response' });
      durations.push(outcome.durationMs);
    }
    expect(durations.sort((a, b) => a - b)[25]).toBeLessThan(100);
    for (const outcome of await filtered) expect(outcome).toMatchObject({ kind: 'error', errorKind: 'timeout' });
    expect(egress.openRequests()).toBe(0);
  });
});
