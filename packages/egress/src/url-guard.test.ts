import { describe, expect, it } from '@jest/globals';
import { parseAllowList } from './allow-list.js';
import { checkUrl } from './url-guard.js';

function check(url: string, value = '', allowHttp = true) {
  const parsed = parseAllowList(value);
  if (!parsed.ok) throw new Error(parsed.message);
  return checkUrl(url, { allow: parsed.allow, allowHttp });
}

const refusals: readonly (readonly [url: string, rule: string])[] = [
  ['http://127.0.0.1/', 'loopback'],
  ['http://127.1/', 'loopback'],
  ['http://2130706433/', 'loopback'],
  ['http://0177.0.0.1/', 'loopback'],
  ['http://0x7f000001/', 'loopback'],
  ['http://127.0.0.1./', 'loopback'],
  ['http://0/', 'this_network'],
  ['http://1.1.1.1.1/', 'syntax'],
  ['http://4294967295/', 'reserved'],
  ['http://0xa9fea9fe/latest/meta-data/', 'metadata'],
  ['http://169.254.43518/', 'metadata'],
  ['http://[::ffff:169.254.169.254]/', 'metadata'],
  ['http://[::127.0.0.1]/', 'translated'],
  ['http://[::1]/', 'loopback'],
  ['http://[::1%25lo]/', 'syntax'],
  ['http://[fe80::1]/', 'link_local'],
  ['http://[fc00::1]/', 'private'],
  ['http://[fd00:ec2::254]/', 'metadata'],
  ['http://[ff02::1]/', 'multicast'],
  ['http://[64:ff9b::7f00:1]/', 'translated'],
  ['http://[2002:7f00:1::]/', 'translated'],
  ['http://[2001:0:7f00:1::]/', 'protocol_assignment'],
  ['http://[2001:db8::1]/', 'documentation'],
  ['http://[3fff::1]/', 'documentation'],
  ['http://[4000::1]/', 'not_global_unicast'],
  ['http://10.0.0.1/', 'private'],
  ['http://100.64.0.1/', 'shared_nat'],
  ['http://100.100.100.200/', 'metadata'],
  ['http://198.51.100.1/', 'documentation'],
  ['http://224.0.0.1/', 'multicast'],
  ['http://255.255.255.255/', 'reserved'],
  ['http://168.63.129.16/', 'metadata'],
  ['http://\u2460\u2461\u2466.0.0.1/', 'loopback'],
  ['http://metadata.google.internal/', 'metadata_name'],
  ['http://METADATA.google.internal./', 'metadata_name'],
  ['http://evil.com@127.0.0.1/', 'user_info'],
  ['http://127.0.0.1@evil.com/', 'user_info'],
  ['http://@example.com/', 'user_info'],
  ['http://example.com\\@127.0.0.1/', 'characters'],
  ['http:127.0.0.1/', 'syntax'],
  ['http:/127.0.0.1/', 'syntax'],
  ['http:///127.0.0.1/', 'syntax'],
  ['127.0.0.1:80', 'syntax'],
  ['//example.com/', 'syntax'],
  ['', 'syntax'],
  ['http://127%2e0%2e0%2e1/', 'loopback'],
  ['http://exa\tmple.com/', 'characters'],
  ['http://exam\u00a0ple.com/', 'characters'],
  ['http://example.com/\r\nX-Injected: 1', 'characters'],
  ['http://example.com/a b', 'characters'],
  ['http://example.com/\0', 'characters'],
  ['http://example.com:22/', 'port'],
  ['http://example.com:6379/', 'port'],
  ['http://example.com:5432/', 'port'],
  ['http://example.com:6667/', 'port'],
  ['http://8.8.8.8:25/', 'port'],
  ['http://example.com:0/', 'port'],
  ['http://example.com:65536/', 'syntax'],
  ['http://:8080/', 'syntax'],
  ['ftp://example.com/', 'scheme'],
  ['file:///etc/passwd', 'scheme'],
  ['javascript:alert(1)', 'scheme'],
  ['http://a..b.com/', 'name'],
  ['http://example.com../', 'name'],
  ['http://-a.example/', 'name'],
  [`http://${'a'.repeat(64)}.example/`, 'name'],
  [`https://example.com/${'a'.repeat(2048)}`, 'length'],
  [`https://example.com/${'é'.repeat(1000)}`, 'length'],
];

const passes: readonly (readonly [url: string, canonical: string])[] = [
  ['http://[2001:4860:4860::8888]/', 'http://[2001:4860:4860::8888]/'],
  ['http://[::ffff:8.8.8.8]/', 'http://[::ffff:808:808]/'],
  ['http://172.32.0.1/', 'http://172.32.0.1/'],
  ['http://100.128.0.1/', 'http://100.128.0.1/'],
  ['http://8.8.8.8/', 'http://8.8.8.8/'],
  ['https://example.com/hook?x=1#frag', 'https://example.com/hook?x=1'],
  ['HTTPS://Example.COM:443', 'https://example.com/'],
  ['https://example.com.:8443/a', 'https://example.com:8443/a'],
  ['https://b\u00fccher.example/\u00e9', 'https://xn--bcher-kva.example/%C3%A9'],
  ['https://a_b.example/', 'https://a_b.example/'],
  ['http://127.0.0.1.nip.io/', 'http://127.0.0.1.nip.io/'],
  // Names are judged by their addresses, when they are connected to.
  ['http://localhost/', 'http://localhost/'],
  ['http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3/', 'http://localhost/'],
  ['http://foo.localhost/', 'http://foo.localhost/'],
  ['http://host.docker.internal/', 'http://host.docker.internal/'],
  ['http://redis/', 'http://redis/'],
];

describe('the URL guard', () => {
  it.each(refusals)('refuses %j by the rule %s', (url, rule) => {
    expect(check(url)).toMatchObject({ ok: false, rule });
  });

  it.each(passes)('passes %j as %s', (url, canonical) => {
    expect(check(url)).toEqual({ ok: true, url: canonical });
    expect(check(canonical)).toEqual({ ok: true, url: canonical });
  });

  it('says which variable with which value would allow an address, and that value does', () => {
    for (const url of [
      'http://127.0.0.1:3000/',
      'http://[::1]/',
      'http://[::ffff:10.0.0.1]:8080/',
      'http://8.8.8.8:25/',
      'https://10.0.0.1/',
    ]) {
      const verdict = check(url);
      if (verdict.ok || verdict.allowWith === undefined) throw new Error(`no hint for ${url}`);
      expect(verdict.message).toContain(`POSTHORN_EGRESS_ALLOW with ${verdict.allowWith}`);
      expect(check(url, verdict.allowWith).ok).toBe(true);
    }
    expect(check('http://127.0.0.1:3000/')).toMatchObject({ allowWith: '127.0.0.1/32:3000' });
    expect(check('https://[::1]/')).toMatchObject({ allowWith: '[::1]/128:443' });
  });

  it('keeps its verdict on a name with umlauts however often it is asked', () => {
    for (let i = 0; i < 50_000; i++) if (!check('https://b\u00fccher.example/').ok) throw new Error(`refused at call ${i}`);
  });

  it('passes http only where the environment allows it', () => {
    expect(check('http://example.com/', '', false)).toMatchObject({ ok: false, rule: 'scheme' });
    expect(check('http://10.0.0.1/', '10.0.0.1', false)).toMatchObject({ ok: false, rule: 'scheme' });
    expect(check('https://example.com/', '', false).ok).toBe(true);
  });
});
