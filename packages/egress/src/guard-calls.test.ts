// What must not move a call elsewhere: redirects, addresses in odd spellings, the process environment, the operator's own exceptions.

import { describe, expect, it } from '@jest/globals';
import { freePort, type RawServer, startProcess, startRawServer, startReceiver } from '@posthorn/testkit';
import fc from 'fast-check';
import { deniedV4, spellings, v6Spellings } from '../tests/address-spellings.js';
import { tlsServer } from '../tests/certificates.js';
import { egressFor, okAnswer, post, stopAfterTest } from '../tests/harness.js';
import { parseAllowList } from './allow-list.js';
import { checkUrl } from './url-guard.js';

const redirect = (status: number, location: string | Buffer) =>
  `HTTP/1.1 ${status} Moved\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`;

async function redirecting(answer: string): Promise<RawServer> {
  return stopAfterTest(await startRawServer({ script: ['request', { send: answer }, 'again'] }));
}

describe('a redirect', () => {
  const statuses = [300, 301, 302, 303, 307, 308];
  const targets = [
    'http://127.0.0.1:PORT/',
    '//127.0.0.1:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'file:///etc/passwd',
    'http://169.254.169.254/',
    '',
  ];
  it.each(statuses.flatMap((status) => targets.map((target) => [status, target] as const)))(
    '%i to %j is an answer and no call',
    async (status, target) => {
      const sink = stopAfterTest(await startReceiver());
      const server = await redirecting(redirect(status, target.replace('PORT', String(sink.port))));
      expect(await post(egressFor('127.0.0.1'), server.url())).toMatchObject({ kind: 'response', statusCode: status });
      expect([server.requests.length, sink.count()]).toEqual([1, 0]);
    },
  );

  it('to itself, and the first of a chain of 50, is one request', async () => {
    const self = stopAfterTest(await startReceiver({ answer: ({ path }) => ({ status: 302, headers: { location: path } }) }));
    const chain = stopAfterTest(
      await startReceiver({ answer: (_received, index) => (index < 50 ? { status: 307, headers: { location: `/${index + 1}` } } : {}) }),
    );
    for (const receiver of [self, chain]) {
      expect((await post(egressFor('127.0.0.1'), receiver.url('/0'))).kind).toBe('response');
      expect(receiver.count()).toBe(1);
    }
  });

  it('whose Location carries a line break, controls or 15 KB is kept as one line; one of 1 MB is no HTTP we take', async () => {
    const broken = await redirecting(redirect(302, 'http://a/\r\nX-Injected: 1'));
    expect(await post(egressFor('127.0.0.1'), broken.url())).toMatchObject({
      headers: 'location: http://a/\nX-Injected: 1\ncontent-length: 0\n',
    });
    const bare = await redirecting(redirect(302, 'http://a/\rX-Injected: 1'));
    expect(await post(egressFor('127.0.0.1'), bare.url())).toMatchObject({ kind: 'error', errorKind: 'protocol' });
    const long = await redirecting(redirect(302, `http://a/%0d%0a${'x'.repeat(15_000)}`));
    expect(await post(egressFor('127.0.0.1'), long.url())).toMatchObject({
      headers: expect.stringMatching(/^location: \S{15015}\ncontent-length: 0\n$/),
    });
    const huge = await redirecting(redirect(302, `http://a/${'x'.repeat(1_000_000)}`));
    expect(await post(egressFor('127.0.0.1'), huge.url())).toMatchObject({
      kind: 'error',
      errorKind: 'protocol',
      message: expect.stringContaining('16 KiB'),
    });
  });
});

describe('a literal address', () => {
  it('is judged on an egress that has just called the same port by a good name', async () => {
    const sink = stopAfterTest(await startReceiver());
    const good = stopAfterTest(
      await startRawServer({ host: '127.0.0.2', port: sink.port, script: ['request', { send: okAnswer }, 'again'] }),
    );
    const egress = egressFor('127.0.0.2', { resolve: async () => ['127.0.0.2'] });
    expect((await post(egress, `http://name.example:${good.port}/`)).kind).toBe('response');
    for (const host of ['127.0.0.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]']) {
      expect(await post(egress, `http://${host}:${sink.port}/`)).toMatchObject({ kind: 'error', errorKind: 'blocked' });
    }
    expect(sink.count()).toBe(0);
  });

  it('that is denied is never dialled in any spelling, in a URL or from the DNS', async () => {
    let answer = '';
    const egress = egressFor('', { resolve: async () => [answer] });
    const inUrl = fc.asyncProperty(deniedV4, fc.constantFrom(...Object.keys(spellings)), async (v4, name) => {
      expect(await post(egress, `http://${spellings[name]!(v4)}/`)).toMatchObject({ kind: 'error', errorKind: 'blocked' });
    });
    await fc.assert(inUrl, { numRuns: 2_000 });
    const fromDns = fc.asyncProperty(deniedV4, fc.constantFrom('dotted', ...v6Spellings), async (v4, name) => {
      answer = spellings[name]!(v4).replace(/[[\]]/g, '');
      expect(await post(egress, 'http://name.example/')).toMatchObject({ kind: 'error', errorKind: 'blocked' });
    });
    await fc.assert(fromDns, { numRuns: 2_000 });
  });
});

describe('the environment of the process', () => {
  // Jest gives tests a copy of the environment, so it takes a process of its own, which runs what `npm run build` made.
  it('names no proxy, and does not switch off the check of certificates', async () => {
    const proxy = stopAfterTest(await startReceiver());
    const receiver = stopAfterTest(await startReceiver());
    const proxyVariables = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'].map((name) => [
      name,
      proxy.origin,
    ]);
    const selfSigned = stopAfterTest(await startRawServer({ tls: tlsServer.selfSigned, script: ['request', { send: okAnswer }, 'again'] }));
    const script = `
      import { createEgress, parseAllowList } from '${new URL('../dist/index.js', import.meta.url).href}';
      const egress = createEgress({ allow: parseAllowList('127.0.0.1').allow, resolve: async () => ['127.0.0.1'] });
      for (const url of ${JSON.stringify([receiver.url(), `http://name.example:${receiver.port}/`, `https://good.example:${selfSigned.port}/`])}) {
        const outcome = await egress.send({ url, headers: [], body: '', timeoutMs: 2000 });
        process.stdout.write(outcome.kind + ' ' + (outcome.errorKind ?? outcome.statusCode) + '\\n');
      }
      await egress.close();`;
    const child = startProcess({
      name: 'a sender under another environment',
      args: ['--no-warnings', '--input-type=module', '-e', script],
      env: { ...Object.fromEntries(proxyVariables), NO_PROXY: '', NODE_USE_ENV_PROXY: '1', NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    });
    expect(await child.exited).toMatchObject({ code: 0 });
    expect(child.output()).toBe('response 200\nresponse 200\nerror tls\n');
    expect([proxy.count(), receiver.count(), selfSigned.requests.length]).toEqual([0, 2, 0]);
  });
});

describe('an exception of the operator', () => {
  it('lets its own range through and nothing beside it, by address and by name', async () => {
    const port = await freePort();
    const inside = stopAfterTest(await startRawServer({ host: '127.1.2.3', port, script: ['request', { send: okAnswer }, 'again'] }));
    const outside = stopAfterTest(await startRawServer({ host: '127.2.2.3', port, script: ['request', { send: okAnswer }, 'again'] }));
    const egress = egressFor('127.1.0.0/16', { resolve: async (name) => [name === 'in.example' ? '127.1.2.3' : '127.2.2.3'] });
    for (const host of ['127.1.2.3', 'in.example']) expect((await post(egress, `http://${host}:${port}/`)).kind).toBe('response');
    for (const host of ['127.2.2.3', 'out.example'])
      expect(await post(egress, `http://${host}:${port}/`)).toMatchObject({ errorKind: 'blocked' });
    expect([inside.requests.length, outside.connections()]).toEqual([2, 0]);
  });

  it.each([
    ['10.1.0.0/16', 'http://10.1.255.254/', 'ok'],
    ['10.1.0.0/16', 'http://10.2.0.1/', 'private'],
    ['10.1.0.0/16', 'http://10.0.255.255/', 'private'],
    ['10.1.0.0/16', 'http://169.254.169.254/', 'metadata'],
    ['0.0.0.0/0,::/0', 'http://10.2.0.1/', 'ok'],
    ['0.0.0.0/0,::/0', 'http://169.254.169.254/', 'metadata'],
    ['0.0.0.0/0,::/0', 'http://168.63.129.16/', 'metadata'],
    ['0.0.0.0/0,::/0', 'http://192.0.0.192/', 'metadata'],
    ['0.0.0.0/0,::/0', 'http://100.100.100.200/', 'metadata'],
    ['0.0.0.0/0,::/0', 'http://[fd00:ec2::254]/', 'metadata'],
    ['0.0.0.0/0,::/0', 'http://[fd20:ce::254]/', 'metadata'],
    ['0.0.0.0/0,::/0', 'http://[64:ff9b::a9fe:a9fe]/', 'metadata'],
    ['0.0.0.0/0,::/0', 'http://metadata.google.internal/', 'metadata_name'],
  ])('of %s makes %s %s', (value, url, expected) => {
    const parsed = parseAllowList(value);
    const verdict = checkUrl(url, { allow: parsed.ok ? parsed.allow : [], allowHttp: true });
    expect(verdict.ok ? 'ok' : verdict.rule).toBe(expected);
  });
});
