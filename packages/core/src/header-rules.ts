// Which names and values of request headers a customer may choose: for own headers, the API key's and the signature's.
// Strict where HTTP and its clients are not: they would send a forged `webhook-signature`, a second `host`, or Latin-1.
import { deliveryHeaderNames } from './delivery-headers.js';

/** Characters of a header's name, and of its value. */
export const headerNameCharsMax = 64;
export const headerValueCharsMax = 4096;

const name = new RegExp(`^[A-Za-z0-9!#$%&'*+.^_|~-]{1,${headerNameCharsMax}}$`);
// Visible ASCII; spaces and tabs inside only.
const value = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;

/** Names that belong to the connection, to proxies, to us, or to signatures that would pass for ours; lower case. */
const deniedNames: ReadonlySet<string> = new Set([
  ...deliveryHeaderNames,
  ...['host', 'connection', 'content-length', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'expect', 'keep-alive'],
  ...['forwarded', 'via', 'signature', 'signature-input', 'content-digest', 'cookie', 'accept-encoding', 'date'],
]);
const deniedPrefixes: readonly string[] = ['proxy-', 'x-forwarded-', 'webhook-', 'posthorn-', 'ce-'];

/** Why a name may not be chosen, as the end of a sentence that begins with it; null if it may. Case does not count. */
export function headerNameRefusal(text: string): string | null {
  if (!name.test(text)) return `must be 1 to ${headerNameCharsMax} letters, digits or one of ! # $ % & ' * + . ^ _ | ~ -`;
  return isDeniedHeader(text) ? 'names a header that may not be set' : null;
}

/** Whether nobody but us may set this header. */
export function isDeniedHeader(text: string): boolean {
  const lower = text.toLowerCase();
  return deniedNames.has(lower) || deniedPrefixes.some((prefix) => lower.startsWith(prefix));
}

/** Whether `text` may be a header's value: visible ASCII with spaces and tabs inside. Its length is the caller's to check. */
export function isHeaderValue(text: string): boolean {
  return value.test(text);
}
