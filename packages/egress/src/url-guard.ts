// Whether a URL may be stored and called: characters, scheme, user info, port, name, literal address. Pure.
// A name can only be judged by its addresses, so here it passes (metadata names apart) and the connector refuses it.
import { isIP } from 'node:net';
import { type AddressRule, addressVerdict } from './address-verdict.js';
import type { AllowList } from './allow-list.js';
import { parseAddress } from './ip-range.js';

export type UrlRule = AddressRule | 'length' | 'characters' | 'syntax' | 'scheme' | 'user_info' | 'port' | 'name' | 'metadata_name';
export type UrlVerdict =
  | { readonly ok: true; readonly url: string }
  | {
      readonly ok: false;
      readonly rule: UrlRule;
      readonly message: string;
      /** The POSTHORN_EGRESS_ALLOW item that would let this URL through; absent if nothing would. */
      readonly allowWith?: string;
    };
export type UrlPolicy = { readonly allow: AllowList; readonly allowHttp: boolean; readonly ownAddresses?: readonly string[] };

export const urlCharactersMax = 2048;
export const egressAllowVariable = 'POSTHORN_EGRESS_ALLOW';

// Browsers' "bad ports" (Fetch standard, port blocking) from 1024 up, and what a Posthorn itself stands on: Postgres, Redis, Sentinel.
const refusedPorts: ReadonlySet<number> = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 5432, 6379, 26379,
]);

// Names that clouds resolve to their metadata service.
const metadataNames: ReadonlySet<string> = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
  'metadata.tencentyun.com',
]);

// No controls, no space (also U+00A0), no backslash: what WHATWG drops or rewrites, and other readers of a URL do not.
const charactersPattern = /^[!-[\]-~\u00a1-\u{10ffff}]*$/u;
const labelPattern = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Judges a URL as somebody wrote it; `url` of a yes is the canonical form to store and show: no fragment, no trailing dot. */
export function checkUrl(raw: string, policy: UrlPolicy): UrlVerdict {
  if (raw.length > urlCharactersMax) return refuse('length', `a URL must not have more than ${urlCharactersMax} characters`);
  if (!charactersPattern.test(raw)) return refuse('characters', 'a URL must not contain spaces, control characters or backslashes');
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(raw)?.[1]?.toLowerCase();
  if (scheme === undefined) return refuse('syntax', 'a URL must begin with https://');
  if (scheme !== 'https' && scheme !== 'http') return refuse('scheme', 'a URL must begin with https://');
  const authority = /^https?:\/\/([^/?#]+)/i.exec(raw)?.[1];
  const url = authority === undefined ? null : parsed(raw);
  if (authority === undefined || url === null) return refuse('syntax', 'this is not a URL with a host');
  if (authority.includes('@')) return refuse('user_info', 'a URL must not carry user info');
  if (scheme === 'http' && !policy.allowHttp) return refuse('scheme', 'http is not allowed in this environment, use https://');
  return judgeParsed(url, policy);
}

// Not URL.canParse: once optimised, that of Node 20 says no to every URL with a letter from U+0080 to U+00FF.
function parsed(raw: string): URL | null {
  try {
    return new URL(raw);
  } catch {
    return null;
  }
}

function judgeParsed(url: URL, policy: UrlPolicy): UrlVerdict {
  const port = portOf(url);
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const refusal = isIP(host) === 0 ? judgeName(host, port) : judgeLiteral(host, port, policy);
  if (refusal !== null) return refusal;
  url.hash = '';
  if (url.hostname.endsWith('.')) url.hostname = host;
  // Percent-encoding may have made it longer than what was written.
  if (url.href.length > urlCharactersMax) return refuse('length', `a URL must not have more than ${urlCharactersMax} characters, encoded`);
  return { ok: true, url: url.href };
}

/** The port a URL means. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

function judgeName(name: string, port: number): UrlVerdict | null {
  if (name.length > 253 || !name.split('.').every((label) => labelPattern.test(label))) return refuse('name', 'this is not a host name');
  if (metadataNames.has(name)) return refuse('metadata_name', `${name} is a cloud's metadata service, which is never called`);
  return isRefusedPort(port)
    ? refuse('port', `port ${port} is not called: use 443, 80 or one from 1024 that no other protocol owns`)
    : null;
}

function judgeLiteral(host: string, port: number, policy: UrlPolicy): UrlVerdict | null {
  const verdict = addressVerdict(host, port, policy);
  if (verdict.ok && (verdict.allowListed || !isRefusedPort(port))) return null;
  if (!verdict.ok && verdict.rule === 'metadata') return refuse('metadata', `${host} is a cloud's metadata address, which is never called`);
  const allowWith = allowItem(host, port);
  const hint = `${egressAllowVariable} with ${allowWith} would allow it`;
  if (verdict.ok) return refuse('port', `port ${port} is not called; ${hint}`, allowWith);
  return refuse(verdict.rule, `${host} is refused by the address guard's rule ${verdict.rule}; ${hint}`, allowWith);
}

function isRefusedPort(port: number): boolean {
  return (port < 1024 && port !== 80 && port !== 443) || refusedPorts.has(port);
}

function allowItem(host: string, port: number): string {
  const address = parseAddress(host);
  return address?.length === 4 ? `${address.join('.')}/32:${port}` : `[${host}]/128:${port}`;
}

function refuse(rule: UrlRule, message: string, allowWith?: string): UrlVerdict {
  return allowWith === undefined ? { ok: false, rule, message } : { ok: false, rule, message, allowWith };
}
