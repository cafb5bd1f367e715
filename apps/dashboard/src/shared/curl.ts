// Requests as commands for a POSIX shell.

/** One word for the shell, whatever is in it: nothing between apostrophes means anything. */
export const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

type Header = readonly [name: string, value: string];

export type ShownRequest = {
  readonly url: string;
  readonly headers: readonly Header[];
  readonly body: string;
};

/** What the API shows in place of a secret. */
const hiddenValue = '<hidden>';

/** `name: value` lines, as attempts have them. */
export const headersOf = (lines: string): readonly Header[] =>
  lines.split('\n').flatMap((line): Header[] => {
    const at = line.indexOf(': ');
    return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 2)]];
  });

export const hiddenHeaders = (headers: readonly Header[]): readonly string[] =>
  headers.filter(([, value]) => value === hiddenValue).map(([name]) => name);

/**
 * The command that sends it. Nothing is read from files, and curl's own meanings of `@` and of a header without a value are kept out. A header that is
 * hidden is left for whoever has its value.
 */
export const curlOf = ({ url, headers, body }: ShownRequest): string =>
  [
    `curl -sS -i --globoff --url ${shellQuoted(url)}`,
    ...headers.map(([name, value]) => `  -H ${shellQuoted(value === '' ? `${name};` : `${name}: ${value}`)}`),
    `  --data-raw ${shellQuoted(body)}`,
  ].join(' \\\n');
