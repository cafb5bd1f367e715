// Refuses request headers that undici would refuse or that would change where a request goes and how it is framed. Before the
// dispatch and not by undici: a request that it refuses itself leaves a dead client in the origin's pool, and 128 of those
// would stop every webhook of that origin.

const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const badValuePattern = /[^\t\x20-\x7e\x80-\xff]/;
const framingNames: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'proxy-connection',
]);

/** The name of the first header that must not be sent, or null. Takes the flat list name, value, name, value… */
export function refusedHeader(headers: readonly string[]): string | null {
  if (headers.length % 2 !== 0) return headers[headers.length - 1]!;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (!tokenPattern.test(name) || framingNames.has(name.toLowerCase()) || badValuePattern.test(headers[i + 1]!)) return name;
  }
  return null;
}
