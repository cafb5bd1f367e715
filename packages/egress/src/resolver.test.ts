import { describe, expect, it } from '@jest/globals';
import { type DnsScript, type DnsServer, startDnsServer } from '@posthorn/testkit';
import { stopAfterTest } from '../tests/harness.js';
import { createResolver } from './resolver.js';

const dnsServer = async (answer: DnsScript): Promise<DnsServer> => stopAfterTest(await startDnsServer({ answer }));

const v6 = '2606:4700:0000:0000:0000:0000:0000:1111';

describe('the resolver', () => {
  it('answers with the addresses of both families', async () => {
    const { servers } = await dnsServer({ a: ['93.184.216.34', '127.0.0.1'], aaaa: [v6] });
    expect(await createResolver({ servers })('a.example')).toEqual(['93.184.216.34', '127.0.0.1', '2606:4700::1111']);
  });

  it('asks once for questions at the same time, and again after the time to live', async () => {
    const { servers, questions } = await dnsServer({ a: ['93.184.216.34'] });
    let nowMs = 0;
    const resolve = createResolver({ servers, ttlMs: 5_000, nowMs: () => nowMs });
    await Promise.all([resolve('a.example'), resolve('a.example'), resolve('a.example')]);
    nowMs = 4_999;
    await resolve('a.example');
    expect(questions.length).toBe(2);
    nowMs = 5_001;
    await resolve('a.example');
    expect(questions.length).toBe(4);
    await resolve('b.example');
    expect(questions.length).toBe(6);
  });

  it.each<readonly [DnsScript, string]>([
    [{ rcode: 'NXDOMAIN' }, 'ENOTFOUND'],
    [{ rcode: 'SERVFAIL' }, 'ESERVFAIL'],
    [{ rcode: 'REFUSED' }, 'EREFUSED'],
    [{}, 'ENODATA'],
  ])('rejects on %j with %s and does not keep that', async (answer, code) => {
    const { servers, questions } = await dnsServer(answer);
    const resolve = createResolver({ servers, budgetMs: 500 });
    await expect(resolve('a.example')).rejects.toMatchObject({ code });
    const asked = questions.length;
    await expect(resolve('a.example')).rejects.toMatchObject({ code });
    expect(questions.length).toBeGreaterThan(asked);
  });

  it('gives up on a silent server within the budget', async () => {
    const { servers } = await dnsServer({ silent: true });
    const startedAt = performance.now();
    await expect(createResolver({ servers, budgetMs: 300 })('a.example')).rejects.toMatchObject({ code: 'ETIMEOUT' });
    expect(performance.now() - startedAt).toBeLessThan(600);
  });

  it('takes names of this machine from its own table', async () => {
    const addresses = await createResolver()('localhost');
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses) expect(['127.0.0.1', '::1']).toContain(address);
  });
});
