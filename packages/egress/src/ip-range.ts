// Addresses as bytes and ranges over them. A v4-mapped IPv6 address (::ffff:a.b.c.d, RFC 4291 2.5.5.2) *is* its IPv4
// address here, so that no rule can be passed by writing an IPv4 address as IPv6.
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type Range = { readonly address: Uint8Array; readonly bits: number };

/** 4 or 16 bytes, or null for what is no plain IP literal (names, zone ids, octal or short forms). */
export function parseAddress(text: string): Uint8Array | null {
  if (isIP(text) === 0 || text.includes('%')) return null;
  return unmapped(Uint8Array.from(ipaddr.parse(inHex(text)).toByteArray()));
}

/** `::1.2.3.4` as `::102:304`: ipaddr.js takes the former for `::ffff:1.2.3.4`, which is another address (RFC 4291 2.5.5.1). */
function inHex(text: string): string {
  const [, head, a, b, c, d] = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text) ?? [];
  const group = (high = '', low = ''): string => (Number(high) * 256 + Number(low)).toString(16);
  return head === undefined ? text : `${head}${group(a, b)}:${group(c, d)}`;
}

/** Reads `10.0.0.0/8`; for the tables in this package, so a bad one is a mistake of ours. */
export function range(cidr: string): Range {
  const [text = '', bits = ''] = cidr.split('/');
  const address = parseAddress(text);
  if (address === null || bits === '') throw new Error(`not a CIDR: ${cidr}`);
  return { address, bits: Number(bits) };
}

/** Whether the first `bits` bits are equal; never true across families. */
export function inRange(address: Uint8Array, { address: base, bits }: Range): boolean {
  if (address.length !== base.length) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== base[i]) return false;
  const rest = bits & 7;
  return rest === 0 || (address[whole]! ^ base[whole]!) >> (8 - rest) === 0;
}

const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

function unmapped(bytes: Uint8Array): Uint8Array {
  return bytes.length === 16 && mappedPrefix.every((byte, i) => bytes[i] === byte) ? bytes.slice(12) : bytes;
}
