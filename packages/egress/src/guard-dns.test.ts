// The guard between a real DNS server and a real sink: whatever the DNS says, nothing arrives where it must not, and every failure of the
// DNS is told apart within its budget.

import { describe, expect, it } from '@jest/globals';
import { type DnsScript, type DnsServer, freePort, startDnsServer, startRawServer, startReceiver } from '@posthorn/testkit';
import { egressFor, okAnswer, post, stopAfterTest } from '../tests/harness.js';
import type { EgressOptions } from './egress.js';
import { createResolver } from './resolver.js';

const budgetMs = 500;

async function dnsOf(answer: DnsScript): Promise<{ readonly dns: DnsServer; readonly options: Partial<EgressOptions> }> {
  const dns = stopAfterTest(await startDnsServer({ answer }));
  return { dns, options: { resolve: createResolver({ servers: dns.servers, ttlMs: 0, budgetMs }) } };
}

// As public as an address can be of which nothing may leave the machine: never dialled, since the other answer is bad.
const publicAddress = '93.184.216.34';

describe('a name whose DNS answers', () => {
  it.each<readonly [string, { a?: readonly string[]; aaaa?: readonly string[]; cname?: string }, string]>([
    ['127.0.0.1', { a: ['127.0.0.1'] }, 'loopback'],
    ['127.0.0.1 through an alias', { a: ['127.0.0.1'], cname: 'inner.example' }, 'loopback'],
    ['a public address, then 127.0.0.1', { a: [publicAddress, '127.0.0.1'] }, 'loopback'],
    ['127.0.0.1, then a public address', { a: ['127.0.0.1', publicAddress] }, 'loopback'],
    ['a public A and the AAAA ::1', { a: [publicAddress], aaaa: ['::1'] }, 'loopback'],
    ['a public A and 127.0.0.1 mapped', { a: [publicAddress], aaaa: ['::ffff:127.0.0.1'] }, 'loopback'],
    ['127.0.0.1 behind NAT64', { aaaa: ['64:ff9b::7f00:1'] }, 'translated'],
    ['the metadata address', { a: ['169.254.169.254'] }, 'metadata'],
    [
      '499 public addresses and 127.0.0.1',
      { a: [...Array.from({ length: 499 }, (_, i) => `8.8.${i >> 8}.${i & 255}`), '127.0.0.1'] },
      'loopback',
    ],
  ])('%s is refused, and the sink is not called', async (_what, answer, rule) => {
    const sink = stopAfterTest(await startRawServer({ script: ['request', { send: okAnswer }, 'again'] }));
    const { options } = await dnsOf(answer);
    const outcome = await post(egressFor('', options), `http://name.example:${sink.port}/`);
    expect(outcome).toMatchObject({ kind: 'error', errorKind: 'blocked', message: expect.stringContaining(`rule ${rule}`) });
    expect(sink.connections()).toBe(0);
  });

  it('dials no more than the judged addresses of 500 good ones', async () => {
    const good = Array.from({ length: 500 }, (_, i) => `127.1.${i >> 8}.${i & 255}`);
    const { dns, options } = await dnsOf({ a: good });
    const outcome = await post(egressFor('127.1.0.0/16', options), `http://name.example:${await freePort()}/`);
    expect(outcome).toMatchObject({ kind: 'error', errorKind: 'connect', message: expect.stringContaining('ECONNREFUSED') });
    expect(dns.questions.map(({ transport, type }) => `${transport} ${type}`).sort()).toEqual(['tcp A', 'udp A', 'udp AAAA']);
  });
});

describe('a name that is rebound', () => {
  it('never reaches the sink in 1,000 attempts of alternating answers, and each connection is one resolution', async () => {
    const sink = stopAfterTest(await startReceiver());
    const good = stopAfterTest(
      await startRawServer({
        host: '127.0.0.2',
        port: sink.port,
        script: ['request', { send: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok' }, 'end'],
      }),
    );
    let asked = 0;
    const { dns, options } = await dnsOf(({ type }) =>
      type === 'A' ? { a: [asked++ % 2 === 0 ? '127.0.0.2' : '127.0.0.1'], ttlS: 0 } : {},
    );
    const egress = egressFor('127.0.0.2', options);
    for (let i = 0; i < 1_000; i++) {
      const outcome = await post(egress, `http://name.example:${sink.port}/`);
      expect(outcome).toMatchObject(i % 2 === 0 ? { kind: 'response', statusCode: 200 } : { kind: 'error', errorKind: 'blocked' });
    }
    expect(sink.count()).toBe(0);
    expect(good.connections()).toBe(500);
    expect(dns.questions.filter(({ type }) => type === 'A')).toHaveLength(1_000);
    expect(dns.questions).toHaveLength(2_000);
  });

  it('is not asked for again while its connection is kept, whatever it would say now', async () => {
    const good = stopAfterTest(await startRawServer({ host: '127.0.0.2', script: ['request', { send: okAnswer }, 'again'] }));
    const { dns, options } = await dnsOf(({ type, index }) => (type === 'A' ? { a: [index < 2 ? '127.0.0.2' : '127.0.0.1'] } : {}));
    const egress = egressFor('127.0.0.2', options);
    for (let i = 0; i < 20; i++) expect((await post(egress, `http://name.example:${good.port}/`)).kind).toBe('response');
    expect([good.connections(), dns.questions.length]).toEqual([1, 2]);
  });

  it('is blocked when it is called although it was fine when it was stored', async () => {
    const sink = stopAfterTest(await startReceiver());
    const { options } = await dnsOf({ a: ['127.0.0.1'] });
    const egress = egressFor('127.0.0.2', options);
    const url = `http://name.example:${sink.port}/`;
    expect(egress.checkUrl(url, { allowHttp: true }).ok).toBe(true);
    expect(await post(egress, url)).toMatchObject({ kind: 'error', errorKind: 'blocked' });
    expect(sink.count()).toBe(0);
  });
});

describe('a DNS server that', () => {
  const failures: readonly (readonly [does: string, answer: DnsScript, code: string])[] = [
    ['knows no such name', { rcode: 'NXDOMAIN' }, 'ENOTFOUND'],
    ['fails', { rcode: 'SERVFAIL' }, 'ESERVFAIL'],
    ['refuses', { rcode: 'REFUSED' }, 'EREFUSED'],
    ['implements nothing', { rcode: 'NOTIMP' }, 'ENOTIMP'],
    ['has no address of the name', {}, 'ENODATA'],
    ['is silent', { silent: true }, 'ETIMEOUT'],
    [
      'cuts its answer and is silent over TCP',
      ({ transport }) => (transport === 'udp' ? { truncated: true } : { silent: true }),
      'ETIMEOUT',
    ],
    ['cuts its answer and hangs up over TCP', { truncated: true, hangUp: true }, 'ECONNREFUSED'],
    ['answers garbage', { garbage: Buffer.from('nonsense') }, 'EBADRESP'],
  ];
  it.each(failures)('%s is an error of its own, told before the deadline is', async (_does, answer, code) => {
    const { dns, options } = await dnsOf(answer);
    const outcome = await post(egressFor('127.0.0.1', options), 'http://name.example/');
    expect(outcome).toMatchObject({ kind: 'error', errorKind: 'dns', message: expect.stringContaining(`(${code})`) });
    expect(dns.questions.length).toBeGreaterThan(0);
  });

  it('cuts its answer over UDP is asked over TCP', async () => {
    const sink = stopAfterTest(await startReceiver());
    const { options } = await dnsOf(({ transport }) => (transport === 'udp' ? { truncated: true } : { a: ['127.0.0.1'] }));
    expect((await post(egressFor('127.0.0.1', options), `http://name.example:${sink.port}/`)).kind).toBe('response');
  });

  it('is not there is an error', async () => {
    const gone = await startDnsServer({ answer: {} });
    await gone.stop();
    const resolve = createResolver({ servers: gone.servers, budgetMs });
    expect(await post(egressFor('', { resolve }), 'http://name.example/')).toMatchObject({ kind: 'error', errorKind: 'dns' });
  });

  it('is silent costs no more than the deadline, if that is shorter than the budget', async () => {
    const { options } = await dnsOf({ silent: true });
    const outcome = await post(egressFor('', options), 'http://name.example/', { timeoutMs: 150 });
    expect(outcome).toMatchObject({ kind: 'error', errorKind: 'timeout', message: expect.stringContaining('150 ms') });
  });
});
