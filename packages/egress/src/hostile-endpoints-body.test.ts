// Endpoints whose bodies go wrong. The headers were complete, so each is a response, with what was kept and why it ended.

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { eventually, startRawServer } from '@posthorn/testkit';
import { egressFor, post, stopAfterTest } from '../tests/harness.js';
import { type Expected, type HostileCase, says, saysAnd, testHostile } from '../tests/hostile.js';

const ofTen = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello';
const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const late = /within 300 ms/;
const keptBytesMax = 16_384;
const gigabytes10 = 10 * 1024 ** 3;
const bomb = gzipSync(Buffer.alloc(20_000_000));
const cut: Expected = { status: 200, truncated: true, body: 'x'.repeat(keptBytesMax) };
const bytes = Buffer.from([0, 255, 0xc3, 0x28, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 10, 13, 0]);

const response = (does: string, script: HostileCase['script'], expected: Omit<Expected & { status: number }, 'status'>): HostileCase => ({
  does,
  script,
  expected: { status: 200, ...expected },
});

describe('an endpoint that', () => {
  testHostile([
    response('drips a body', saysAnd('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n', { forever: 'a', everyMs: 20 }), {
      bodyError: late,
    }),
    response('drips chunks', saysAnd(chunked, { forever: '1\r\na\r\n', everyMs: 20 }), { bodyError: late }),
    response('stalls within the body', saysAnd(ofTen, 'hold'), { body: 'hello', bodyError: late }),
    response('stalls before the body', saysAnd('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n', 'hold'), { body: '', bodyError: late }),
    response('closes within the body', saysAnd(ofTen, 'end'), { body: 'hello', bodyError: /closed/ }),
    {
      does: 'resets within the body',
      script: saysAnd(ofTen.replace('200', '500'), { pauseMs: 20 }, 'reset'),
      expected: { status: 500, body: 'hello', bodyError: /closed/ },
    },
    response('closes within chunks', saysAnd(`${chunked}5\r\nhel`, 'end'), { body: 'hel', bodyError: /./ }),
    response('closes before the last chunk', saysAnd(`${chunked}5\r\nhello\r\n`, 'end'), { body: 'hello', bodyError: /./ }),
    response('never sends the last chunk', saysAnd(`${chunked}5\r\nhello\r\n`, 'hold'), { body: 'hello', bodyError: late }),
    response('sends a bad chunk size', saysAnd(`${chunked}zz\r\nhello`, 'hold'), { body: '', bodyError: /chunk size/i }),
    response('sends a negative chunk size', saysAnd(`${chunked}-1\r\nhello`, 'hold'), { body: '', bodyError: /chunk size/i }),
    response('sends a huge chunk size', saysAnd(`${chunked}${'f'.repeat(17)}\r\n`, 'hold'), { body: '', bodyError: /chunk size/i }),
    response('sends more than the chunk size', saysAnd(`${chunked}2\r\nhello\r\n0\r\n\r\n`, 'hold'), { body: 'he', bodyError: /./ }),
    response('sends 1 MB of a chunk extension', says(`${chunked}5;${'a'.repeat(1_000_000)}\r\nhello\r\n0\r\n\r\n`), {
      body: 'hello',
    }),
    response('sends trailers without end', saysAnd(`${chunked}2\r\nok\r\n0\r\n`, { forever: 'x: a\r\n'.repeat(1_000) }), {
      body: 'ok',
      bodyError: /./,
    }),
    response(
      'sends 10 GB of a length',
      saysAnd(`HTTP/1.1 200 OK\r\ncontent-length: ${gigabytes10}\r\n\r\n`, { forever: Buffer.alloc(65_536, 'x') }),
      cut,
    ),
    response('sends 10 GB in one chunk', saysAnd(`${chunked}${gigabytes10.toString(16)}\r\n`, { forever: Buffer.alloc(65_536, 'x') }), cut),
    response('sends chunks without end', saysAnd(chunked, { forever: `1000\r\n${'x'.repeat(4096)}\r\n` }), cut),
    response('sends a body without end', saysAnd('HTTP/1.1 200 OK\r\n\r\n', { forever: Buffer.alloc(10_000, 'x') }), cut),
    response('ends a body of no length by closing', saysAnd('HTTP/1.1 200 OK\r\n\r\nok', 'end'), { body: 'ok' }),
    response(
      'sends a gzip bomb',
      says(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`), bomb])),
      { body: bomb.subarray(0, keptBytesMax), truncated: true },
    ),
    response(
      'sends NUL, invalid UTF-8 and terminal controls',
      says(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes.length}\r\n\r\n`), bytes])),
      {
        body: bytes,
      },
    ),
    {
      does: 'gives 204 a body',
      script: saysAnd('HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello', 'hold'),
      expected: { status: 204, bodyError: /length/, body: '' },
    },
    {
      does: 'gives 304 a body',
      script: saysAnd('HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\nhello', 'hold'),
      expected: { status: 304, bodyError: /length/, body: '' },
    },
    response('sends more than it announced', says('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokay'), { body: 'ok' }),
  ]);

  it('sends 10 GB, again and again, is read no further than what is kept, on no more memory and no more sockets', async () => {
    const server = stopAfterTest(
      await startRawServer({
        script: saysAnd(`HTTP/1.1 200 OK\r\ncontent-length: ${gigabytes10}\r\n\r\n`, { forever: Buffer.alloc(65_536, 'x') }),
      }),
    );
    const egress = egressFor('127.0.0.1', { connectionsPerOrigin: 8 });
    const round = () => Promise.all(Array.from({ length: 16 }, () => post(egress, server.url())));
    for (let i = 0; i < 3; i++) await round();
    const [rssBefore, sentBefore] = [process.memoryUsage.rss(), server.bytesSent()];
    for (let i = 0; i < 12; i++)
      for (const outcome of await round()) expect(outcome).toMatchObject({ kind: 'response', bodyTruncated: true });
    // Socket buffers and what is on its way: a few megabytes each, of ten gigabytes.
    expect((server.bytesSent() - sentBefore) / (12 * 16)).toBeLessThan(16_000_000);
    expect(process.memoryUsage.rss() - rssBefore).toBeLessThan(128_000_000);
    await eventually(() => server.open() === 0);
    expect(server.connections()).toBe(15 * 16);
  });

  it('never answers costs one connection a request, and none that nobody waits for', async () => {
    const server = stopAfterTest(await startRawServer({ script: ['hold'] }));
    const egress = egressFor('127.0.0.1');
    for (let i = 0; i < 5; i++) await Promise.all(Array.from({ length: 10 }, () => post(egress, server.url(), { timeoutMs: 60 })));
    await eventually(() => server.open() === 0);
    expect(server.connections()).toBe(50);
  });
});
