import { describe, expect, it } from '@jest/globals';
import { parseAllowList } from './allow-list.js';
import { checkUrl } from './url-guard.js';

function check(url: string, value = '', allowHttp = true) {
  const parsed = parseAllowList(value);
  if (!parsed.ok) throw new Error(parsed.message);
  return checkUrl(url, { allow: parsed.allow, allowHttp });
}

const refusals: readonly (readonly [url: string, rule: string])[] = [
  ['http://METADATA.google.internal./', 'metadata_name'],
  ['http://@example.com/', 'user_info'],
  ['http:/127.0.0.1/', 'syntax'],
  ['http:///127.0.0.1/', 'syntax'],
  ['//example.com/', 'syntax'],
  ['', 'syntax'],
  ['http://exam\u00a0ple.com/', 'characters'],
  ['http://example.com/a b', 'characters'],
  ['http://example.com/\0', 'characters'],
  ['http://example.com:6379/', 'port'],
  ['http://example.com:5432/', 'port'],
  ['http://example.com:6667/', 'port'],
  ['http://8.8.8.8:25/', 'port'],
  ['http://example.com:0/', 'port'],
  ['http://example.com:65536/', 'syntax'],
  ['http://example.com../', 'name'],
  ['http://-a.example/', 'name'],
  [`http://${'a'.repeat(64)}.example/`, 'name'],
  [`https://example.com/${'a'.repeat(2048)}`, 'length'],
  [`https://example.com/${'é'.repeat(1000)}`, 'length'],
];

const passes: readonly (readonly [url: string, canonical: string])[] = [
  ['https://example.com/hook?x=1#frag', 'https://example.com/hook?x=1'],
  ['HTTPS://Example.COM:443', 'https://example.com/'],
  ['https://example.com.:8443/a', 'https://example.com:8443/a'],
  ['https://b\u00fccher.example/\u00e9', 'https://xn--bcher-kva.example/%C3%A9'],
  ['https://a_b.example/', 'https://a_b.example/'],
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
