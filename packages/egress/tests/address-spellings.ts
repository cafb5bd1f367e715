// IPv4 addresses and the ways to write one in a URL, or to hide one in an IPv6 address.
import fc from 'fast-check';

export type V4 = readonly [number, number, number, number];

const hex = (n: number) => n.toString(16).padStart(2, '0');
const word = (a: number, b: number) => `${hex(a)}${hex(b)}`;
const hexPair = ([a, b, c, d]: V4) => `${word(a, b)}:${word(c, d)}`;

/** As the host of a URL. Some are refused as syntax; none may pass for a denied address. */
export const spellings: Readonly<Record<string, (v4: V4) => string>> = {
  dotted: (v4) => v4.join('.'),
  decimal: ([a, b, c, d]) => String(((a * 256 + b) * 256 + c) * 256 + d),
  hexadecimal: ([a, b, c, d]) => `0x${word(a, b)}${word(c, d)}`,
  'hexadecimal, dotted': (v4) => v4.map((byte) => `0X${hex(byte)}`).join('.'),
  octal: (v4) => v4.map((byte) => `0${byte.toString(8)}`).join('.'),
  'octal, one number': ([a, b, c, d]) => `0${(((a * 256 + b) * 256 + c) * 256 + d).toString(8)}`,
  'short, two numbers': ([a, b, c, d]) => `${a}.${(b * 256 + c) * 256 + d}`,
  'short, three numbers': ([a, b, c, d]) => `${a}.${b}.${c * 256 + d}`,
  fullwidth: (v4) => v4.join('.').replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  'ideographic stops': (v4) => v4.join('\u3002'),
  percent: (v4) => v4.join('%2e'),
  'trailing dot': (v4) => `${v4.join('.')}.`,
  mapped: (v4) => `[::ffff:${v4.join('.')}]`,
  'mapped, hexadecimal': (v4) => `[::ffff:${hexPair(v4)}]`,
  'mapped, in full': (v4) => `[0:0:0:0:0:FFFF:${hexPair(v4)}]`,
  'v4-compatible': (v4) => `[::${v4.join('.')}]`,
  SIIT: (v4) => `[::ffff:0:${hexPair(v4)}]`,
  NAT64: (v4) => `[64:ff9b::${hexPair(v4)}]`,
  'local NAT64': (v4) => `[64:ff9b:1::${hexPair(v4)}]`,
  'local NAT64, /48': ([a, b, c, d]) => `[64:ff9b:1:${word(a, b)}:${word(0, c)}:${word(d, 0)}::]`,
  'local NAT64, /64': ([a, b, c, d]) => `[64:ff9b:1:5:${word(0, a)}:${word(b, c)}:${word(d, 0)}:0]`,
  '6to4': (v4) => `[2002:${hexPair(v4)}::1]`,
  Teredo: ([a, b, c, d]) => `[2001:0:1:2:3:4:${word(a ^ 255, b ^ 255)}:${word(c ^ 255, d ^ 255)}]`,
  ISATAP: (v4) => `[2600:1:2:3:0:5efe:${hexPair(v4)}]`,
  'ISATAP, global': (v4) => `[2600:1:2:3:200:5efe:${hexPair(v4)}]`,
};

/** The names of those that are IPv6 addresses. */
export const v6Spellings = Object.keys(spellings).filter((name) => spellings[name]!([1, 2, 3, 4]).startsWith('['));

const byte = fc.integer({ min: 0, max: 255 });

/** Any IPv4 address. */
export const anyV4: fc.Arbitrary<V4> = fc.tuple(byte, byte, byte, byte);

/** One that must not be called. */
export const deniedV4: fc.Arbitrary<V4> = fc.oneof(
  fc.tuple(fc.constantFrom(0, 10, 127), byte, byte, byte),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
  fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
  fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), byte, byte),
  fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
  fc.tuple(fc.constant(198), fc.constantFrom(18, 19), byte, byte),
  fc.tuple(fc.integer({ min: 224, max: 255 }), byte, byte, byte),
  fc
    .tuple(
      fc.constantFrom<readonly [number, number, number]>(
        [192, 0, 0],
        [192, 0, 2],
        [192, 31, 196],
        [192, 52, 193],
        [192, 88, 99],
        [192, 175, 48],
        [198, 51, 100],
        [203, 0, 113],
      ),
      byte,
    )
    .map(([[a, b, c], d]): V4 => [a, b, c, d]),
);
