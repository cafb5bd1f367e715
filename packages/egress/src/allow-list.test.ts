import { describe, expect, it } from '@jest/globals';
import { isAllowListed, loopbackAllowValue, parseAllowList } from './allow-list.js';
import { parseAddress } from './ip-range.js';

function allows(value: string, address: string, port = 443): boolean {
  const parsed = parseAllowList(value);
  if (!parsed.ok) throw new Error(parsed.message);
  return isAllowListed(parseAddress(address)!, port, parsed.allow);
}

describe('the allow list', () => {
  it.each([
    ['10.1.0.0/16', '10.1.255.255', 443, true],
    ['10.1.0.0/16', '10.2.0.0', 443, false],
    ['10.0.0.1', '10.0.0.1', 443, true],
    ['10.0.0.1', '10.0.0.2', 443, false],
    ['10.0.0.1:8080', '10.0.0.1', 8080, true],
    ['10.0.0.1:8080', '10.0.0.1', 8081, false],
    ['127.0.0.1/32:9000', '127.0.0.1', 9000, true],
    ['172.16.0.0/13', '172.23.255.255', 443, true],
    ['172.16.0.0/13', '172.24.0.0', 443, false],
    ['fd00::/8', 'fdab::1', 443, true],
    ['::1', '::1', 443, true],
    ['[::1]', '::1', 443, true],
    ['[::1]/128:9000', '::1', 9000, true],
    ['[::1]:9000', '::1', 9001, false],
    ['::ffff:10.0.0.0/104', '10.9.9.9', 443, true],
    ['10.0.0.0/8', '::ffff:10.0.0.1', 443, true],
    ['::/0', '10.0.0.1', 443, false],
    ['0.0.0.0/0', '::1', 443, false],
    [' 10.0.0.1 , , 10.0.0.2 ', '10.0.0.2', 443, true],
    ['', '127.0.0.1', 443, false],
    [loopbackAllowValue, '127.8.8.8', 443, true],
  ])('%j lets %s:%i through: %s', (value, address, port, expected) => {
    expect(allows(value, address, port)).toBe(expected);
  });

  it.each([
    '10.0.0/8',
    'localhost',
    '10.0.0.0/33',
    '::1/129',
    '10.0.0.1:0',
    '10.0.0.1:65536',
    '[10.0.0.1]:80',
    '::1/128:9000',
    '010.0.0.1',
    'fe80::1%lo',
  ])('names the bad item %j', (item) => {
    const parsed = parseAllowList(`10.0.0.0/8,${item}`);
    expect(parsed).toEqual({ ok: false, message: expect.stringContaining(`'${item}'`) });
  });

  it('names all bad items at once and no good one', () => {
    const parsed = parseAllowList('a.example,10.0.0.0/8,b.example');
    expect(parsed).toEqual({ ok: false, message: expect.stringMatching(/'a\.example'.*'b\.example'/) });
    expect(parsed).not.toEqual({ ok: false, message: expect.stringContaining("'10.0.0.0/8'") });
  });
});
