// The configuration judges addresses that are let through; the address guard reads them. Both must take the same.
import { expect, it } from '@jest/globals';
import { isNetworkWithPort, listOf } from '@posthorn/config';
import { parseAllowList } from '@posthorn/egress';
import fc from 'fast-check';

const isTaken = (value: string): boolean => listOf(value).every(isNetworkWithPort);

it('takes what the address guard reads, and nothing else', () => {
  const address = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.ipV4().map((each) => `::ffff:${each}`),
    fc.constantFrom(
      '::',
      '::1',
      'fe80::1%eth0',
      '1.2.3',
      '010.0.0.1',
      '::ffff:a00:1',
      '0:0:0:0:0:ffff:10.0.0.1',
      '::1:443',
      '::0.0.0.0',
      '::1.2.3.4',
      '',
    ),
  );
  const tail = (mark: string, max: number) =>
    fc.oneof(
      fc.constant(''),
      fc.nat(max).map((each) => `${mark}${each}`),
    );
  const item = fc
    .tuple(fc.boolean(), address, tail('/', 140), tail(':', 70_000))
    .map(([isBracketed, each, bits, port]) => `${isBracketed ? `[${each}]` : each}${bits}${port}`);
  fc.assert(
    fc.property(fc.array(item, { maxLength: 3 }), (items) => {
      const value = items.join(', ');
      expect([value, isTaken(value)]).toEqual([value, parseAllowList(value).ok]);
    }),
    { numRuns: 2_000 },
  );
});
