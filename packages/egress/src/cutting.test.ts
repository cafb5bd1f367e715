// Our own stop cannot wait for endpoints: what is open is ended, and whoever asked knows whether anything of it reached the endpoint.

import { describe, expect, it } from '@jest/globals';
import { eventually, startRawServer, startReceiver } from '@posthorn/testkit';
import { egressFor, post, stopAfterTest } from '../tests/harness.js';

describe('cutting', () => {
  it('ends what was written as cut off, takes back what was not, and sends nothing more', async () => {
    const receiver = stopAfterTest(await startReceiver({ answer: { hang: true } }));
    const egress = egressFor('127.0.0.1', { connectionsPerOrigin: 1 });
    const written = post(egress, receiver.url('/written'), { timeoutMs: 60_000 });
    await receiver.waitFor(1);
    const inLine = post(egress, receiver.url('/line'), { timeoutMs: 60_000 });
    egress.cut();
    expect(await written).toMatchObject({
      kind: 'error',
      errorKind: 'cut_off',
      message: 'Posthorn stopped before the answer was complete.',
      statusCode: null,
    });
    expect(await inLine).toEqual({ kind: 'unsent', durationMs: expect.any(Number) });
    expect(await post(egress, receiver.url('/late'))).toEqual({ kind: 'unsent', durationMs: 0 });
    expect(egress.openRequests()).toBe(0);
    await egress.close();
    expect(receiver.received.map(({ path }) => path)).toEqual(['/written']);
  });

  it('believes an endpoint whose headers were complete', async () => {
    const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf';
    const server = stopAfterTest(await startRawServer({ script: ['request', { send: answer }, 'hold'] }));
    // Nobody is told when half an answer has been read: each try leaves it more time.
    let turns = 10;
    const cutInTheMiddle = async () => {
      const egress = egressFor('127.0.0.1');
      const before = server.requests.length;
      const half = post(egress, server.url(), { timeoutMs: 60_000 });
      await eventually(() => server.requests.length > before);
      turns *= 2;
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      egress.cut();
      const outcome = await half;
      return outcome.kind === 'response' ? outcome : undefined;
    };
    expect(await eventually(cutInTheMiddle)).toMatchObject({ statusCode: 200, body: Buffer.from('half'), bodyTruncated: true });
  });

  it('ends a request whose connection was never made', async () => {
    const server = stopAfterTest(await startRawServer({ script: ['hold'] }));
    const egress = egressFor('127.0.0.1', { resolve: () => new Promise(() => undefined) });
    const dialling = post(egress, server.url().replace('127.0.0.1', 'endpoint.example'), { timeoutMs: 60_000 });
    egress.cut();
    expect((await dialling).kind).toBe('unsent');
    expect(egress.openRequests()).toBe(0);
  });
});
