// The last word before a request is written: whoever sent it may take it back as long as no byte has left.

import { describe, expect, it } from '@jest/globals';
import { startRawServer, startReceiver } from '@posthorn/testkit';
import { egressFor, okAnswer, post, stopAfterTest } from '../tests/harness.js';

describe('a request that asks before it is written', () => {
  it('is never seen by the endpoint once the answer is no, and the connection serves the next one', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const receiver = stopAfterTest(
      await startReceiver({
        answer: async (received) => {
          if (received.headers['webhook-id'] === 'first') await released;
          return { body: received.headers['webhook-id'] ?? '' };
        },
      }),
    );
    const egress = egressFor('127.0.0.1', { connectionsPerOrigin: 1 });
    const send = (id: string, mayWrite?: () => boolean) =>
      post(egress, receiver.url(), { headers: ['webhook-id', id], ...(mayWrite === undefined ? {} : { mayWrite }) });
    let isOpen = true;
    let asked = 0;
    const mayWrite = () => {
      asked += 1;
      return isOpen;
    };
    const first = send('first', mayWrite);
    await receiver.waitFor(1);
    const queued = [send('second', mayWrite), send('third', mayWrite)];
    const last = send('last');
    isOpen = false;
    release();
    expect(await first).toMatchObject({ kind: 'response', statusCode: 200 });
    for (const outcome of await Promise.all(queued)) expect(outcome).toEqual({ kind: 'unsent', durationMs: expect.any(Number) });
    expect(await last).toMatchObject({ kind: 'response', body: Buffer.from('last'), phases: { connectMs: null } });
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual(['first', 'last']);
    expect(asked).toBe(3);
    expect(egress.openRequests()).toBe(0);
  });

  it('leaves a fresh connection to the next request, which reports having waited for it', async () => {
    const server = stopAfterTest(await startRawServer({ script: ['request', { send: okAnswer }, 'again'] }));
    const egress = egressFor('127.0.0.1', { connectionsPerOrigin: 1 });
    const refused = post(egress, server.url(), { mayWrite: () => false });
    const next = post(egress, server.url('/next'), { mayWrite: () => true });
    expect((await refused).kind).toBe('unsent');
    expect(await next).toMatchObject({ kind: 'response', phases: { connectMs: expect.any(Number) } });
    expect(server.requests).toEqual([expect.stringMatching(/^POST \/next /)]);
    expect(server.connections()).toBe(1);
  });

  it('is taken back a thousand times without a connection more', async () => {
    const server = stopAfterTest(await startRawServer({ script: ['request', { send: okAnswer }, 'again'] }));
    const egress = egressFor('127.0.0.1', { connectionsPerOrigin: 2 });
    for (let round = 0; round < 100; round++) {
      const outcomes = await Promise.all(Array.from({ length: 11 }, (_, i) => post(egress, server.url(), { mayWrite: () => i === 10 })));
      expect(outcomes.map(({ kind }) => kind)).toEqual([...Array(10).fill('unsent'), 'response']);
    }
    expect(server.requests).toHaveLength(100);
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  it('is not asked where nothing could be written: no connection, or the deadline is over', async () => {
    let asked = 0;
    const mayWrite = () => {
      asked += 1;
      return true;
    };
    const server = stopAfterTest(await startRawServer({ script: ['hold'] }));
    const egress = egressFor('127.0.0.1', { connectionsPerOrigin: 1 });
    expect(await post(egress, 'http://127.0.0.2/', { mayWrite })).toMatchObject({ kind: 'error', errorKind: 'blocked' });
    expect(await post(egress, 'http://127.0.0.1:1/', { mayWrite })).toMatchObject({ kind: 'error', errorKind: 'connect' });
    const holding = post(egress, server.url(), { timeoutMs: 300 });
    expect(await post(egress, server.url(), { mayWrite, timeoutMs: 100 })).toMatchObject({ kind: 'error', errorKind: 'timeout' });
    expect((await holding).kind).toBe('error');
    expect(asked).toBe(0);
  });
});
