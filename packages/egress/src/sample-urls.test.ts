// Sixty URLs of people who want to reach what they must not, and a few that are fine: what is said when each is stored, and what becomes of
// it when it is called, where only the addresses of its name can tell.

import { describe, expect, it } from '@jest/globals';
import { startDnsServer, startReceiver } from '@posthorn/testkit';
import { egressFor, post, stopAfterTest } from '../tests/harness.js';
import { addressVerdict } from './address-verdict.js';
import { createResolver } from './resolver.js';
import { checkUrl } from './url-guard.js';

const stored = (url: string) => {
  const verdict = checkUrl(url, { allow: [], allowHttp: true });
  return verdict.ok ? `ok ${verdict.url}` : verdict.rule;
};

const literals: readonly (readonly [n: number, url: string, verdict: string])[] = [
  [1, 'http://127.0.0.1/', 'loopback'],
  [2, 'http://127.1/', 'loopback'],
  [3, 'http://2130706433/', 'loopback'],
  [4, 'http://0177.0.0.1/', 'loopback'],
  [5, 'http://0x7f000001/', 'loopback'],
  [6, 'http://127.0.0.1./', 'loopback'],
  [7, 'http://0/', 'this_network'],
  [8, 'http://1.1.1.1.1/', 'syntax'],
  [9, 'http://4294967295/', 'reserved'],
  [10, 'http://0xa9fea9fe/latest/meta-data/', 'metadata'],
  [11, 'http://169.254.43518/', 'metadata'],
  [12, 'http://[::ffff:169.254.169.254]/', 'metadata'],
  [13, 'http://[::127.0.0.1]/', 'translated'],
  [14, 'http://[::1]/', 'loopback'],
  [15, 'http://[::1%25lo]/', 'syntax'],
  [16, 'http://[fe80::1]/', 'link_local'],
  [17, 'http://[fc00::1]/', 'private'],
  [18, 'http://[fd00:ec2::254]/', 'metadata'],
  [19, 'http://[ff02::1]/', 'multicast'],
  [20, 'http://[64:ff9b::7f00:1]/', 'translated'],
  [21, 'http://[2002:7f00:1::]/', 'translated'],
  [22, 'http://[2001:0:7f00:1::]/', 'protocol_assignment'],
  [23, 'http://[2001:db8::1]/', 'documentation'],
  [24, 'http://[3fff::1]/', 'documentation'],
  [25, 'http://[4000::1]/', 'not_global_unicast'],
  [26, 'http://[2001:4860:4860::8888]/', 'ok http://[2001:4860:4860::8888]/'],
  [27, 'http://[::ffff:8.8.8.8]/', 'ok http://[::ffff:808:808]/'], // It is 8.8.8.8, and is judged as that.
  [28, 'http://10.0.0.1/', 'private'],
  [29, 'http://172.32.0.1/', 'ok http://172.32.0.1/'],
  [30, 'http://100.64.0.1/', 'shared_nat'],
  [31, 'http://100.100.100.200/', 'metadata'],
  [32, 'http://100.128.0.1/', 'ok http://100.128.0.1/'],
  [33, 'http://198.51.100.1/', 'documentation'],
  [34, 'http://224.0.0.1/', 'multicast'],
  [35, 'http://255.255.255.255/', 'reserved'],
  [36, 'http://168.63.129.16/', 'metadata'],
  [37, 'http://8.8.8.8/', 'ok http://8.8.8.8/'],
  [38, 'http://\u2460\u2461\u2466.0.0.1/', 'loopback'],
  [42, 'http://metadata.google.internal/', 'metadata_name'],
  [45, 'http://evil.com@127.0.0.1/', 'user_info'],
  [46, 'http://127.0.0.1@evil.com/', 'user_info'],
  [47, 'http://example.com\\@127.0.0.1/', 'characters'],
  [48, 'http:127.0.0.1/', 'syntax'],
  [49, '127.0.0.1:80', 'syntax'],
  [50, 'http://127%2e0%2e0%2e1/', 'loopback'],
  [51, 'http://exa\tmple.com/', 'characters'],
  [52, 'http://example.com/\r\nX-Injected: 1', 'characters'],
  [53, 'http://example.com:22/', 'port'],
  [54, 'http://:8080/', 'syntax'],
  [55, 'ftp://example.com/', 'scheme'],
  [56, 'file:///etc/passwd', 'scheme'],
  [57, 'javascript:alert(1)', 'scheme'],
  [59, 'http://a..b.com/', 'name'],
];

// Stored as they are; what their addresses say decides at the connection.
const names: readonly (readonly [n: number, url: string, canonical: string, answers: readonly string[], rule: string])[] = [
  [39, 'http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3/', 'http://localhost/', ['127.0.0.1', '::1'], 'loopback'],
  [40, 'http://localhost/', 'http://localhost/', ['127.0.0.1'], 'loopback'],
  [41, 'http://foo.localhost/', 'http://foo.localhost/', ['::1'], 'loopback'],
  [43, 'http://host.docker.internal/', 'http://host.docker.internal/', ['192.168.65.254'], 'private'],
  [44, 'http://redis/', 'http://redis/', ['172.18.0.2'], 'private'],
  [58, 'http://127.0.0.1.nip.io/', 'http://127.0.0.1.nip.io/', ['127.0.0.1'], 'loopback'],
];

describe('sample', () => {
  it.each(literals)('%i: %j is %s', async (_n, url, verdict) => {
    expect(stored(url)).toBe(verdict);
    if (verdict.startsWith('ok'))
      return expect(addressVerdict(new URL(url).hostname.replace(/[[\]]/g, ''), 80, { allow: [] }).ok).toBe(true);
    // Whatever was stored before the guard knew better, and whatever a caller forgot to ask.
    expect(await post(egressFor(''), url)).toMatchObject({ kind: 'error', errorKind: 'blocked' });
  });

  it.each(names)('%i: %j is stored as %s, and %j are refused by %s when it is called', async (_n, url, canonical, answers, rule) => {
    expect(stored(url)).toBe(`ok ${canonical}`);
    const sink = stopAfterTest(await startReceiver());
    const egress = egressFor('', { resolve: async () => answers });
    expect(await post(egress, canonical.replace(/\/$/, `:${sink.port}/`))).toMatchObject({
      kind: 'error',
      errorKind: 'blocked',
      message: expect.stringContaining(`rule ${rule}`),
    });
    expect(sink.count()).toBe(0);
  });

  it('60: a fragment is dropped, and the name is called at the address that the DNS gives', async () => {
    expect(stored('https://example.com/hook?x=1#frag')).toBe('ok https://example.com/hook?x=1');
    const dns = stopAfterTest(await startDnsServer({ answer: { a: ['127.0.0.1'] } }));
    const sink = stopAfterTest(await startReceiver());
    const egress = egressFor(`127.0.0.1:${sink.port}`, { resolve: createResolver({ servers: dns.servers }) });
    expect((await post(egress, `http://example.com:${sink.port}/hook?x=1#frag`)).kind).toBe('response');
    expect(sink.received.map(({ path }) => path)).toEqual(['/hook?x=1']);
  });

  it('has sixty rows', () => {
    expect(
      [...literals, ...names]
        .map(([n]) => n)
        .concat(60)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  });
});
