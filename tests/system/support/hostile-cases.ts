// Endpoints that misbehave, each with what its attempts are recorded as: a status where the headers were complete, else the kind of error.
import { gzipSync } from 'node:zlib';
import type { RawScript, RawStep } from '@posthorn/testkit';

export type HostileCase = {
  readonly does: string;
  readonly script: RawScript;
  readonly recorded: number | string;
  /** What is kept of the answer's body, where it matters. */
  readonly body?: Buffer;
  /** Nothing but the deadline of the attempt ends it, which is this one. */
  readonly deadlineMs?: number;
  /** Called by this scheme; default http. */
  readonly scheme?: 'https';
};

const says = (text: string | Buffer): readonly RawStep[] => ['request', { send: text }, 'again'];
const saysAnd = (text: string | Buffer, ...then: readonly RawStep[]): readonly RawStep[] => ['request', { send: text }, ...then];
const withHeader = (line: string): string => `HTTP/1.1 500 No\r\n${line}\r\ncontent-length: 2\r\n\r\nno`;
const answerOf = (head: string, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${head}\r\ncontent-length: ${body.length}\r\n\r\n`), body]);

const keptBytesMax = 16_384;
const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const controls = Buffer.from([0, 255, 0xc3, 0x28, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 10, 13, 0]);
const bomb = gzipSync(Buffer.alloc(20_000_000));
const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

const connections: readonly HostileCase[] = [
  { does: 'accepts and never answers', script: ['hold'], recorded: 'timeout', deadlineMs: 1_000 },
  { does: 'closes at once', script: ['end'], recorded: 'reset' },
  { does: 'resets at once', script: ['reset'], recorded: 'reset' },
  { does: 'closes after the request', script: ['request', 'end'], recorded: 'reset' },
  { does: 'resets within the headers', script: saysAnd('HTTP/1.1 200 OK\r\nconte', 'reset'), recorded: 'reset' },
  { does: 'speaks no TLS', script: ['bytes', { send: 'hello' }, 'end'], recorded: 'tls', scheme: 'https' },
  { does: 'closes behind each answer', script: saysAnd(ok.replace('\r\n', '\r\nconnection: close\r\n'), 'end'), recorded: 200 },
];

const heads: readonly HostileCase[] = [
  { does: 'speaks no HTTP', script: saysAnd('SSH-2.0-OpenSSH_9.2\r\n', 'hold'), recorded: 'protocol' },
  { does: 'answers with status 099', script: saysAnd('HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n', 'hold'), recorded: 'protocol' },
  { does: 'answers with status 600', script: says('HTTP/1.1 600 Odd\r\ncontent-length: 0\r\n\r\n'), recorded: 600 },
  { does: 'has NUL in a header', script: saysAnd(withHeader('x: a\0b'), 'hold'), recorded: 'protocol' },
  { does: 'paints its headers for a terminal', script: saysAnd(withHeader('x: \x1b[31mred\x1b[0m'), 'hold'), recorded: 'protocol' },
  { does: 'has invalid UTF-8 in a header', script: says(withHeader('x: \xff\xc3(')), recorded: 500 },
  { does: 'sends 1 MB of one header', script: saysAnd(withHeader(`x: ${'a'.repeat(1_000_000)}`), 'hold'), recorded: 'protocol' },
  { does: 'sends as many headers as are kept', script: says(withHeader(`x: ${'a'.repeat(15_000)}`)), recorded: 500 },
  {
    does: 'has a content length and chunks',
    script: saysAnd(`${chunked.slice(0, -2)}content-length: 2\r\n\r\nok`, 'hold'),
    recorded: 'protocol',
  },
  {
    does: 'drips headers',
    script: saysAnd('HTTP/1.1 200 OK\r\nx: ', { forever: 'a', everyMs: 50 }),
    recorded: 'timeout',
    deadlineMs: 1_000,
  },
  {
    does: 'sends headers without end',
    script: saysAnd('HTTP/1.1 200 OK\r\n', { forever: 'x: a\r\n'.repeat(1_000) }),
    recorded: 'protocol',
  },
  {
    does: 'sends endless 103 Early Hints',
    script: ['request', { forever: 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' }],
    recorded: 'timeout',
    deadlineMs: 1_000,
  },
  {
    does: 'switches protocols unasked',
    script: saysAnd('HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n', 'hold'),
    recorded: 'protocol',
  },
  { does: 'redirects to itself', script: says('HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n'), recorded: 302 },
  {
    does: 'sets 500 cookies',
    script: says(withHeader(Array.from({ length: 500 }, (_, n) => `set-cookie: c${n}=${n}`).join('\r\n'))),
    recorded: 500,
  },
];

const bodies: readonly HostileCase[] = [
  {
    does: 'drips a body',
    script: saysAnd('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n', { forever: 'a', everyMs: 50 }),
    recorded: 200,
    deadlineMs: 4_000,
  },
  {
    does: 'resets within the body',
    script: saysAnd('HTTP/1.1 503 No\r\ncontent-length: 10\r\n\r\nhello', { pauseMs: 20 }, 'reset'),
    recorded: 503,
  },
  { does: 'sends a bad chunk size', script: saysAnd(`${chunked}zz\r\nhello`, 'hold'), recorded: 200 },
  {
    does: 'sends 10 GB',
    script: saysAnd(`HTTP/1.1 200 OK\r\ncontent-length: ${10 * 1024 ** 3}\r\n\r\n`, { forever: Buffer.alloc(65_536, 'x') }),
    recorded: 200,
    body: Buffer.alloc(keptBytesMax, 'x'),
  },
  {
    does: 'sends chunks without end',
    script: saysAnd(chunked, { forever: `1000\r\n${'x'.repeat(4096)}\r\n` }),
    recorded: 200,
    body: Buffer.alloc(keptBytesMax, 'x'),
  },
  {
    does: 'sends a gzip bomb',
    script: says(answerOf('HTTP/1.1 200 OK\r\ncontent-encoding: gzip', bomb)),
    recorded: 200,
    body: bomb.subarray(0, keptBytesMax),
  },
  {
    does: 'sends NUL, invalid UTF-8 and terminal controls',
    script: says(answerOf('HTTP/1.1 200 OK', controls)),
    recorded: 200,
    body: controls,
  },
  {
    does: 'fails with NUL, invalid UTF-8 and terminal controls',
    script: says(answerOf('HTTP/1.1 500 No', controls)),
    recorded: 500,
    body: controls,
  },
  { does: 'sends a second answer unasked', script: says(ok + ok), recorded: 200 },
];

export const hostileCases: readonly HostileCase[] = [...connections, ...heads, ...bodies];
