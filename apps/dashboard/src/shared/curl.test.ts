// Commands are run by a real shell; `curl` is a function there that prints its arguments.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { curlOf, headersOf, hiddenHeaders, shellQuoted } from './curl.js';

const run = (script: string): readonly string[] => execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
/** A shell has no character 0. */
const text = fc.string({
  unit: fc.oneof(fc.constantFrom("'", '"', '\\', '$', '`', '!', '\n', '@', ' ', '%'), fc.string({ minLength: 1, maxLength: 1 })),
});
const word = text.map((each) => each.replaceAll('\0', ''));

describe('a command for the shell', () => {
  it('has each word as it was, whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        expect(run(`printf '%s\\0' ${words.map(shellQuoted).join(' ')}`)).toEqual(words);
      }),
      { numRuns: 60 },
    );
  });

  it('gives curl the URL, the headers and the body as they were sent', () => {
    const value = word.map((each) => each.replaceAll('\n', '')).filter((each) => each !== '');
    fc.assert(
      fc.property(word, fc.array(value, { maxLength: 3 }), word, (url, values, body) => {
        const headers = values.map((each, index) => [`x-${index}`, each] as const);
        const given = run(`curl() { printf '%s\\0' "$@"; }\n${curlOf({ url, headers, body })}`);
        const options = headers.flatMap(([name, each]) => ['-H', `${name}: ${each}`]);
        expect(given).toEqual(['-sS', '-i', '--globoff', '--url', url, ...options, '--data-raw', body]);
      }),
      { numRuns: 60 },
    );
  });

  it('sends a header that has no value as one', () => {
    expect(curlOf({ url: 'https://a.example/', headers: [['x-empty', '']], body: '{}' })).toContain(`-H 'x-empty;'`);
  });
});

describe('the headers of an attempt', () => {
  it('are read line by line, and those that are hidden are named', () => {
    const headers = headersOf("webhook-id: a\nx-key: <hidden>\nx-odd: a: b'c\nx-empty: \n");
    expect(headers).toEqual([
      ['webhook-id', 'a'],
      ['x-key', '<hidden>'],
      ['x-odd', "a: b'c"],
      ['x-empty', ''],
    ]);
    expect(hiddenHeaders(headers)).toEqual(['x-key']);
  });
});
