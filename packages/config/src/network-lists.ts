// Lists of addresses and networks, as variables hold them.
import { isIP } from 'node:net';

/** The items of a list with commas, without those that are empty. */
export const listOf = (text = ''): readonly string[] =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');

const bitsMax = (version: number): number => (version === 4 ? 32 : 128);
const isBits = (bits: string | undefined, version: number): boolean =>
  bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax(version));

/** An address, or a network as address/bits. */
export const isNetwork = (text: string): boolean => {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  return version !== 0 && !address.includes('%') && more.length === 0 && isBits(bits, version);
};

const withPort = /^(?:\[(?<bracketed>[^\]]+)\]|(?<v4>[0-9.]+)|(?<v6>[0-9a-f:.]+))(?:\/(?<bits>\d{1,3}))?(?::(?<port>\d{1,5}))?$/i;
const mapped = /^[0:]*:ffff:(?:\d+\.\d+\.\d+\.\d+|[0-9a-f]{1,4}:[0-9a-f]{1,4})$/i;

/** A network with `:port` if wanted, IPv6 with a port in brackets: what the address guard reads. */
export const isNetworkWithPort = (text: string): boolean => {
  const groups = withPort.exec(text)?.groups;
  if (groups === undefined) return false;
  const { bracketed, v4, v6, bits, port } = groups;
  const address = bracketed ?? v4 ?? v6 ?? '';
  const version = isIP(address);
  if (version === 0 || address.includes('%') || (bracketed !== undefined && version !== 6) || (v6 !== undefined && port !== undefined))
    return false;
  // An IPv4 address in IPv6 is that IPv4 address: its first 96 bits are no choice.
  if (bits !== undefined && version === 6 && mapped.test(address) && Number(bits) < 96) return false;
  return isBits(bits, version) && (port === undefined || (Number(port) >= 1 && Number(port) <= 65_535));
};
