// Whether an address may be called, and by which named rule not. Pure: the caller resolves names and dials.
// Order: metadata addresses (never, whatever the operator allows), the operator's allow list, the deny tables
// (IANA special-purpose registries, RFC 6890/8190), our own addresses. IPv6 is allowed inside 2000::/3 alone.
import { type AllowList, isAllowListed } from './allow-list.js';
import { inRange, parseAddress, type Range, range } from './ip-range.js';

export type AddressRule =
  | 'not_an_address'
  | 'metadata'
  | 'own_address'
  | 'this_network'
  | 'private'
  | 'shared_nat'
  | 'loopback'
  | 'link_local'
  | 'protocol_assignment'
  | 'documentation'
  | 'anycast_service'
  | 'benchmarking'
  | 'multicast'
  | 'reserved'
  | 'translated'
  | 'not_global_unicast';

export type AddressPolicy = { readonly allow: AllowList; readonly ownAddresses?: readonly string[] };
export type AddressVerdict = { readonly ok: true; readonly allowListed: boolean } | { readonly ok: false; readonly rule: AddressRule };

/** Judges one IP address in text; anything else, zone ids included, is refused as `not_an_address`. */
export function addressVerdict(text: string, port: number, policy: AddressPolicy): AddressVerdict {
  const address = parseAddress(text);
  if (address === null) return { ok: false, rule: 'not_an_address' };
  if (isMetadata(address)) return { ok: false, rule: 'metadata' };
  if (isAllowListed(address, port, policy.allow)) return { ok: true, allowListed: true };
  const rule = deniedBy(address);
  if (rule !== null) return { ok: false, rule };
  const isOwn = policy.ownAddresses?.some((own) => sameAddress(parseAddress(own), address)) ?? false;
  return isOwn ? { ok: false, rule: 'own_address' } : { ok: true, allowListed: false };
}

// Where clouds hand out credentials. An operator's allow list may cover them by accident (169.254.0.0/16), never on purpose.
const metadataAddresses: readonly Uint8Array[] = [
  '169.254.169.254', // AWS, GCP, Azure, DigitalOcean, OpenStack
  '169.254.170.2', // AWS ECS task credentials
  '169.254.170.23', // AWS EKS pod identity
  '169.254.0.23', // Tencent
  '169.254.42.42', // Scaleway
  '100.100.100.200', // Alibaba
  '192.0.0.192', // Oracle
  '168.63.129.16', // Azure wire server, in public space
  'fd00:ec2::254', // AWS
  'fd00:ec2::23', // AWS EKS pod identity
  'fd20:ce::254', // GCP
  'fd00:42::42', // Scaleway
].map((text) => parseAddress(text)!);

const deniedV4 = table([
  ['this_network', '0.0.0.0/8'],
  ['private', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ['shared_nat', '100.64.0.0/10'],
  ['loopback', '127.0.0.0/8'],
  ['link_local', '169.254.0.0/16'],
  ['protocol_assignment', '192.0.0.0/24'],
  ['documentation', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'],
  ['anycast_service', '192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.175.48.0/24'], // AS112, AMT, 6to4 relay, AS112
  ['benchmarking', '198.18.0.0/15'],
  ['multicast', '224.0.0.0/4'],
  ['reserved', '240.0.0.0/4'],
]);

// The rows outside 2000::/3 only give the refusal a telling name; what is in no row is refused all the same.
const deniedV6 = table([
  ['loopback', '::1/128'],
  ['translated', '::/96', '::ffff:0:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '2002::/16'], // v4-compatible, SIIT, NAT64, 6to4
  ['private', 'fc00::/7', 'fec0::/10'],
  ['link_local', 'fe80::/10'],
  ['multicast', 'ff00::/8'],
  ['protocol_assignment', '2001::/23'], // Teredo, benchmarking, AMT, AS112, ORCHID, DET
  ['documentation', '2001:db8::/32', '3fff::/20'],
  ['anycast_service', '2620:4f:8000::/48'], // AS112
]);

const globalUnicastV6 = range('2000::/3');

function table(rows: readonly (readonly [AddressRule, ...string[]])[]): readonly (Range & { readonly rule: AddressRule })[] {
  return rows.flatMap(([rule, ...cidrs]) => cidrs.map((cidr) => ({ rule, ...range(cidr) })));
}

function deniedBy(address: Uint8Array): AddressRule | null {
  const row = (address.length === 4 ? deniedV4 : deniedV6).find((entry) => inRange(address, entry));
  if (row !== undefined) return row.rule;
  if (address.length === 4) return null;
  if (!inRange(address, globalUnicastV6)) return 'not_global_unicast';
  // An ISATAP interface id in somebody's public prefix: that site's router would tunnel to the IPv4 address inside.
  const inner = isIsatap(address) ? address.slice(12) : null;
  return inner !== null && deniedBy(inner) !== null ? 'translated' : null;
}

function isMetadata(address: Uint8Array): boolean {
  const inner = embeddedV4s(address);
  return metadataAddresses.some((entry) => sameAddress(entry, address) || inner.some((v4) => sameAddress(entry, v4)));
}

const lastFour = ['::/96', '::ffff:0:0:0/96', '64:ff9b::/96'].map(range);
const localNat64 = range('64:ff9b:1::/48');
// Which bytes hold the IPv4 address under a prefix of 48, 56, 64 and 96 bits (RFC 6052, 2.2): the network's owner chooses.
const nat64Layouts = [
  [6, 7, 9, 10],
  [7, 9, 10, 11],
  [9, 10, 11, 12],
  [12, 13, 14, 15],
];
const sixToFour = range('2002::/16');
const teredo = range('2001::/32');

/** The IPv4 addresses that a translator or tunnel may dial for this IPv6 address (RFC 6052, 7915, 3056, 4380, 5214). */
function embeddedV4s(address: Uint8Array): readonly Uint8Array[] {
  if (address.length === 4) return [];
  if (inRange(address, localNat64)) return nat64Layouts.map((bytes) => Uint8Array.from(bytes, (i) => address[i]!));
  if (lastFour.some((entry) => inRange(address, entry)) || isIsatap(address)) return [address.slice(12)];
  if (inRange(address, sixToFour)) return [address.slice(2, 6)];
  if (inRange(address, teredo)) return [address.slice(12).map((byte) => byte ^ 0xff)];
  return [];
}

function isIsatap(address: Uint8Array): boolean {
  return (address[8]! & 0xfd) === 0 && address[9] === 0 && address[10] === 0x5e && address[11] === 0xfe;
}

function sameAddress(a: Uint8Array | null, b: Uint8Array): boolean {
  return a !== null && a.length === b.length && a.every((byte, i) => byte === b[i]);
}
