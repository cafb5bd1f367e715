import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyV4, deniedV4, spellings, type V4 } from '../tests/address-spellings.js';
import { addressVerdict } from './address-verdict.js';
import { parseAllowList } from './allow-list.js';
import { checkUrl } from './url-guard.js';

function allow(value: string) {
  const parsed = parseAllowList(value);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.allow;
}

const ruleOf = (address: string, value = '', port = 443) => {
  const verdict = addressVerdict(address, port, { allow: allow(value) });
  return verdict.ok ? 'ok' : verdict.rule;
};

describe('the address verdict', () => {
  it.each([
    ['0.0.0.0', 'this_network'],
    ['10.255.255.255', 'private'],
    ['172.15.255.255', 'ok'],
    ['172.31.255.255', 'private'],
    ['172.32.0.1', 'ok'],
    ['100.63.255.255', 'ok'],
    ['100.64.0.1', 'shared_nat'],
    ['100.128.0.1', 'ok'],
    ['127.0.0.1', 'loopback'],
    ['169.254.1.1', 'link_local'],
    ['169.254.169.254', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['192.0.0.192', 'metadata'],
    ['192.0.0.1', 'protocol_assignment'],
    ['192.0.1.1', 'ok'],
    ['192.88.99.1', 'anycast_service'],
    ['198.19.255.255', 'benchmarking'],
    ['198.51.100.1', 'documentation'],
    ['223.255.255.255', 'ok'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'reserved'],
    ['8.8.8.8', 'ok'],
    ['::ffff:8.8.8.8', 'ok'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::', 'translated'],
    ['::8.8.8.8', 'translated'],
    ['::127.0.0.1', 'translated'],
    ['64:ff9b::8.8.8.8', 'translated'],
    ['2606:4700::1.1.1.1', 'ok'],
    ['::1', 'loopback'],
    ['fe80::1', 'link_local'],
    ['fe80::1%lo', 'not_an_address'],
    ['fc00::1', 'private'],
    ['fec0::1', 'private'],
    ['ff02::1', 'multicast'],
    ['2001:1ff::1', 'protocol_assignment'],
    ['2001:200::1', 'ok'],
    ['2001:db8::1', 'documentation'],
    ['2606:4700::1111', 'ok'],
    ['3fff::1', 'documentation'],
    ['4000::1', 'not_global_unicast'],
    ['100::1', 'not_global_unicast'],
    ['5f00::1', 'not_global_unicast'],
    ['example.com', 'not_an_address'],
    ['127.1', 'not_an_address'],
    ['', 'not_an_address'],
  ])('%s is %s', (address, rule) => {
    expect(ruleOf(address)).toBe(rule);
  });

  it('refuses in every spelling what it refuses as four numbers, for any IPv4 address', () => {
    const policy = { allow: [], allowHttp: true };
    const arbitrary = fc.tuple(fc.oneof(anyV4, deniedV4), fc.constantFrom(...Object.keys(spellings)));
    let denied = 0;
    fc.assert(
      fc.property(arbitrary, ([v4, spelling]) => {
        if (addressVerdict(v4.join('.'), 443, policy).ok) return true;
        denied += 1;
        return !checkUrl(`http://${spellings[spelling]!(v4)}/`, policy).ok;
      }),
      { numRuns: 100_000 },
    );
    expect(denied).toBeGreaterThan(50_000);
  });

  it('refuses every address of the special-purpose ranges', () => {
    fc.assert(fc.property(deniedV4, (v4) => !addressVerdict(v4.join('.'), 443, { allow: [] }).ok));
  });

  it('refuses metadata addresses in every spelling, even if everything is on the allow list', () => {
    for (const v4 of [
      [169, 254, 169, 254],
      [100, 100, 100, 200],
      [168, 63, 129, 16],
    ] satisfies V4[]) {
      for (const spell of Object.values(spellings)) {
        const verdict = checkUrl(`http://${spell(v4)}/`, { allow: allow('0.0.0.0/0,::/0'), allowHttp: true });
        expect(verdict).toMatchObject({ ok: false, rule: 'metadata' });
        expect(verdict).not.toHaveProperty('allowWith');
      }
    }
    expect(ruleOf('fd00:ec2::254', '::/0')).toBe('metadata');
    expect(ruleOf('fd20:ce::254', '::/0')).toBe('metadata');
  });

  it('lets the allow list overrule every other rule, on its port', () => {
    expect(ruleOf('10.0.0.1', '10.0.0.0/8')).toBe('ok');
    expect(ruleOf('10.0.0.1', '10.0.0.0/8:8080', 8080)).toBe('ok');
    expect(ruleOf('10.0.0.1', '10.0.0.0/8:8080', 8081)).toBe('private');
    expect(ruleOf('4000::1', '4000::/16')).toBe('ok');
  });

  it('refuses our own public addresses unless they are allowed', () => {
    const policy = { allow: [], ownAddresses: ['93.184.216.34', 'fe80::1%eth0', '2606:2800::1'] };
    expect(addressVerdict('93.184.216.34', 443, policy)).toEqual({ ok: false, rule: 'own_address' });
    expect(addressVerdict('2606:2800:0::1', 443, policy)).toEqual({ ok: false, rule: 'own_address' });
    expect(addressVerdict('93.184.216.35', 443, policy).ok).toBe(true);
    expect(addressVerdict('93.184.216.34', 443, { ...policy, allow: allow('93.184.216.34') }).ok).toBe(true);
  });
});
