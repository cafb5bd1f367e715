import { Resolver } from 'node:dns/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type DnsScript, type DnsServer, startDnsServer } from './dns-server.js';

let server: DnsServer;
afterEach(() => server.stop());

async function resolverOf(answer: DnsScript): Promise<Resolver> {
  server = await startDnsServer({ answer });
  const resolver = new Resolver({ timeout: 100, tries: 1 });
  resolver.setServers(server.servers);
  return resolver;
}

describe('the DNS server', () => {
  it('answers both families, aliases and times to live', async () => {
    const resolver = await resolverOf({ a: ['93.184.216.34'], aaaa: ['2606:4700::1111'], cname: 'other.example', ttlS: 7 });
    expect(await resolver.resolve4('a.example', { ttl: true })).toEqual([{ address: '93.184.216.34', ttl: 7 }]);
    expect(await resolver.resolve6('a.example')).toEqual(['2606:4700::1111']);
    expect(server.questions).toEqual([
      { name: 'a.example', type: 'A', transport: 'udp', index: 0 },
      { name: 'a.example', type: 'AAAA', transport: 'udp', index: 1 },
    ]);
  });

  it('answers by a script that sees the question', async () => {
    const resolver = await resolverOf(({ name, index }) => (name === 'no.example' ? { rcode: 'NXDOMAIN' } : { a: [`10.0.0.${index}`] }));
    expect(await resolver.resolve4('a.example')).toEqual(['10.0.0.0']);
    expect(await resolver.resolve4('a.example')).toEqual(['10.0.0.1']);
    await expect(resolver.resolve4('no.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    server.answer({ rcode: 'REFUSED' });
    await expect(resolver.resolve4('a.example')).rejects.toMatchObject({ code: 'EREFUSED' });
  });

  it('cuts what is too long for UDP and tells it whole over TCP', async () => {
    const many = Array.from({ length: 500 }, (_, i) => `93.184.${i >> 8}.${i & 255}`);
    const resolver = await resolverOf({ a: many });
    expect((await resolver.resolve4('a.example')).sort()).toEqual([...many].sort());
    expect(server.questions.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
  });

  it('keeps silent, and hangs up', async () => {
    const resolver = await resolverOf({ silent: true });
    await expect(resolver.resolve4('a.example')).rejects.toMatchObject({ code: 'ETIMEOUT' });
    server.answer({ truncated: true, hangUp: true });
    await expect(resolver.resolve4('a.example')).rejects.toMatchObject({ code: expect.any(String) });
  });
});
