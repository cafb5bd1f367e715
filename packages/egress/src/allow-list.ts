// The operator's exceptions to the address guard: the value of POSTHORN_EGRESS_ALLOW, parsed.
// Comma-separated CIDRs or single addresses, each with `:port` if wanted; IPv6 with a port goes in brackets.
import { inRange, parseAddress, type Range } from './ip-range.js';

export type AllowEntry = Range & { readonly port: number | null };
export type AllowList = readonly AllowEntry[];
export type ParsedAllowList = { readonly ok: true; readonly allow: AllowList } | { readonly ok: false; readonly message: string };

/** Lets nothing through that the deny tables refuse. */
export const emptyAllowList: AllowList = Object.freeze([]);

/** The value that lets this machine's loopback through, on any port. */
export const loopbackAllowValue = '127.0.0.0/8,::1/128';

const itemPattern = /^(?:\[(?<bracketed>[^\]]+)\]|(?<v4>[0-9.]+)|(?<v6>[0-9a-fA-F:.]+))(?:\/(?<bits>\d{1,3}))?(?::(?<port>\d{1,5}))?$/;

/** Parses the whole value; the message of a refusal names every bad item. The empty string allows nothing. */
export function parseAllowList(value: string): ParsedAllowList {
  const entries: AllowEntry[] = [];
  const problems: string[] = [];
  for (const raw of value.split(',')) {
    const item = raw.trim();
    if (item === '') continue;
    const entry = parseItem(item);
    if (typeof entry === 'string') problems.push(`'${item}': ${entry}`);
    else entries.push(entry);
  }
  if (problems.length > 0) return { ok: false, message: `not an address, a CIDR or one with a port: ${problems.join('; ')}` };
  return { ok: true, allow: entries };
}

/** Whether the operator lets this address through on this port. Metadata addresses are not this function's business. */
export function isAllowListed(address: Uint8Array, port: number, allow: AllowList): boolean {
  return allow.some((entry) => (entry.port === null || entry.port === port) && inRange(address, entry));
}

function parseItem(item: string): AllowEntry | string {
  const groups = itemPattern.exec(item)?.groups;
  if (groups === undefined) return 'expected 10.0.0.0/8, 10.0.0.1:8080, fd00::/8 or [::1]/128:9000';
  const isBracketed = groups.bracketed !== undefined;
  const address = parseAddress(groups.bracketed ?? groups.v4 ?? groups.v6 ?? '');
  if (address === null) return 'this is no IP address';
  if (isBracketed && !groups.bracketed?.includes(':')) return 'brackets are for IPv6';
  if (groups.v6 !== undefined && groups.port !== undefined) return `IPv6 with a port needs brackets: [${groups.v6}]`;
  const mappedBits = isBracketed || groups.v6 !== undefined ? 128 - address.length * 8 : 0;
  const bits = groups.bits === undefined ? address.length * 8 : Number(groups.bits) - mappedBits;
  if (bits < 0 || bits > address.length * 8) return `the prefix length must be 0 to ${address.length * 8}`;
  const port = groups.port === undefined ? null : Number(groups.port);
  if (port !== null && (port < 1 || port > 65_535)) return 'the port must be 1 to 65535';
  return { address, bits, port };
}
