// Endpoints whose answers go wrong before the body: no HTTP, impossible statuses, headers without end, framing in two ways.

import { describe, expect, it } from '@jest/globals';
import { startRawServer } from '@posthorn/testkit';
import { egressFor, okAnswer, post, stopAfterTest } from '../tests/harness.js';
import { type HostileCase, says, saysAnd, testHostile } from '../tests/hostile.js';

const protocol = (does: string, text: string | Buffer, saying?: RegExp): HostileCase => ({
  does,
  script: saysAnd(text, 'hold'),
  expected: { error: 'protocol', ...(saying === undefined ? {} : { says: saying }) },
});
const withHeader = (line: string) => `HTTP/1.1 200 OK\r\n${line}\r\ncontent-length: 2\r\n\r\nok`;
const empty = 'content-length: 0\r\n\r\n';

describe('an endpoint that', () => {
  testHostile([
    protocol('speaks no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'),
    protocol('speaks TLS on a clear port', Buffer.from('15030300020228', 'hex')),
    protocol('speaks HTTP/0.9', '<html>hello</html>'),
    protocol('speaks HTTP/1.7', 'HTTP/1.7 200 OK\r\ncontent-length: 0\r\n\r\n'),
    protocol('answers with the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    protocol('answers with an HTTP/2 settings frame', Buffer.from('000000040000000000', 'hex')),
    protocol('sends the request back', 'POST / HTTP/1.1\r\nhost: x\r\n\r\n'),
    protocol('has a bad status line', 'HTTP/1.1 abc OK\r\n\r\n'),
    protocol('has a status of two digits', `HTTP/1.1 99 Odd\r\n${empty}`),
    protocol('has a status of four digits', `HTTP/1.1 2000 OK\r\n${empty}`),
    protocol('answers with status 000', `HTTP/1.1 000 Odd\r\n${empty}`),
    protocol('answers with status 099', `HTTP/1.1 099 Odd\r\n${empty}`),
    protocol('ends lines with a bare line feed', 'HTTP/1.1 200 OK\ncontent-length: 0\n\n'),
    protocol('has NUL in a header', withHeader('x: a\0b')),
    protocol('has NUL in a header name', withHeader('x\0y: a')),
    protocol('has a header without a name', withHeader(': a')),
    protocol('has a space before the colon', withHeader('x : a')),
    protocol('has a header without a colon', withHeader('hello')),
    protocol('has a bare carriage return in a header', withHeader('x: a\rb: c')),
    protocol('has a negative content length', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'),
    protocol('has a content length of thirty digits', `HTTP/1.1 200 OK\r\ncontent-length: ${'9'.repeat(30)}\r\n\r\n`),
    protocol('has a content length in hexadecimal', 'HTTP/1.1 200 OK\r\ncontent-length: 0x2\r\n\r\nok'),
    protocol('has two content lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok'),
    protocol('has a content length and chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'),
    protocol('has chunks and a content length', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n'),
    protocol('sends 1 MB of one header', withHeader(`x: ${'a'.repeat(1_000_000)}`), /larger than 16 KiB/),
    protocol('sends 1 MB of a header name', withHeader(`${'a'.repeat(1_000_000)}: x`), /larger than 16 KiB/),
    protocol('sends 10,000 headers', withHeader('x: a\r\n'.repeat(9_999).concat('x: a')), /larger than 16 KiB/),
    protocol(
      'switches protocols unasked',
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
      /switched protocols/,
    ),
    {
      does: 'drips headers',
      script: saysAnd('HTTP/1.1 200 OK\r\nx: ', { forever: 'a', everyMs: 20 }),
      expected: { error: 'timeout' },
    },
    {
      does: 'sends headers without end',
      script: saysAnd('HTTP/1.1 200 OK\r\n', { forever: 'x: a\r\n'.repeat(1_000) }),
      expected: { error: 'protocol', says: /larger than 16 KiB/ },
    },
    {
      does: 'sends endless 100 Continue',
      script: ['request', { forever: 'HTTP/1.1 100 Continue\r\n\r\n', everyMs: 20 }],
      expected: { error: 'protocol', says: /100 Continue/ },
    },
    {
      does: 'sends endless 102 Processing',
      script: ['request', { forever: 'HTTP/1.1 102 Processing\r\n\r\n', everyMs: 20 }],
      expected: { error: 'timeout' },
    },
    {
      does: 'sends endless 103 Early Hints',
      script: ['request', { forever: 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n', everyMs: 20 }],
      expected: { error: 'timeout' },
    },
    {
      does: 'sends endless 103 Early Hints as fast as they are read',
      script: ['request', { forever: 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' }],
      expected: { error: 'timeout' },
    },
    {
      does: 'sends a hint first',
      script: says(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${okAnswer}`),
      expected: { status: 200, headers: 'content-length: 2\n', body: 'ok' },
    },
    { does: 'says HTTP/2.0 in an HTTP/1.1 answer', script: says(`HTTP/2.0 200 OK\r\n${empty}`), expected: { status: 200 } },
    {
      does: 'has tabs and spaces in a header',
      script: says(withHeader('x: \t a\tb \t')),
      expected: { status: 200, headers: /^x: a\tb[ \t]*\ncontent-length: 2\n$/ },
    },
    { does: 'sends a reason of 1 MB', script: says(`HTTP/1.1 200 ${'O'.repeat(1_000_000)}\r\n${empty}`), expected: { status: 200 } },
    {
      does: 'sends a reason without end',
      script: saysAnd('HTTP/1.1 200 ', { forever: 'O'.repeat(1_000) }),
      expected: { error: 'timeout' },
    },
    { does: 'answers with status 600', script: says(`HTTP/1.1 600 Odd\r\n${empty}`), expected: { status: 600 } },
    { does: 'answers with status 999', script: says(`HTTP/1.1 999 Odd\r\n${empty}`), expected: { status: 999 } },
    { does: 'gives no reason', script: says(`HTTP/1.1 204\r\n\r\n`), expected: { status: 204, headers: '' } },
    {
      does: 'speaks HTTP/1.0',
      script: saysAnd('HTTP/1.0 200 OK\r\n\r\nok', 'end'),
      expected: { status: 200, headers: '', body: 'ok' },
    },
    protocol('has 0x7f in a header', withHeader('x: a\x7f')),
    protocol('paints its headers for a terminal', withHeader('x: \x1b[31mred\x1b[0m')),
    {
      does: 'has invalid UTF-8 in a header',
      script: says(
        Buffer.concat([
          Buffer.from('HTTP/1.1 200 OK\r\nx: '),
          Buffer.from([0xff, 0xc3, 0x28]),
          Buffer.from('\r\ncontent-length: 0\r\n\r\n'),
        ]),
      ),
      expected: { status: 200, headers: 'x: \u00ff\u00c3(\ncontent-length: 0\n' },
    },
    {
      does: 'sets 500 cookies',
      script: says(withHeader(Array.from({ length: 500 }, (_, i) => `set-cookie: c${i}=${i}`).join('\r\n'))),
      expected: { status: 200, headers: /^(set-cookie: c\d+=\d+\n){500}content-length: 2\n$/ },
    },
    ...(['1000000000', '-1', 'Wed, 21 Oct 2099 07:28:00 GMT', 'soon', ''] as const).map(
      (value): HostileCase => ({
        does: `says Retry-After: ${value}`,
        script: says(`HTTP/1.1 429 No\r\nRETRY-AFTER: ${value}\r\nretry-after: 7\r\n${empty}`),
        expected: { status: 429, retryAfter: value },
      }),
    ),
  ]);

  it('sets cookies does not get them back', async () => {
    const server = stopAfterTest(await startRawServer({ script: says(withHeader('set-cookie: a=b; path=/')) }));
    const egress = egressFor('127.0.0.1');
    for (let i = 0; i < 3; i++) expect((await post(egress, server.url())).kind).toBe('response');
    expect(server.requests).toHaveLength(3);
    for (const head of server.requests) expect(head).not.toMatch(/cookie/i);
  });
});
