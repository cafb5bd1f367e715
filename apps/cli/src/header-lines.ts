// Header lines as people save them: the head of a request from a log, from `curl -v` or a debugging proxy.

/** Name, in lower case, to value. A request line and empty lines are passed over; of a header that comes twice the last counts. */
export function readHeaderLines(text: string): Readonly<Record<string, string>> {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of text.split(/\r?\n/)) {
    const [, name, value] = /^[<>]?\s*"?([A-Za-z0-9_-]+)"?\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) headers[name.toLowerCase()] = value.replace(/^"(.*)",?$/, '$1');
  }
  return headers;
}
