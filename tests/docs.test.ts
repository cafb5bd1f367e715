// The documents that are made of the code's tables say what the code says.
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const { documents } = (await import(new URL('../docs/generate.mjs', import.meta.url).href)) as { documents: Record<string, string> };

it.each(Object.keys(documents))('%s is as `npm run docs` writes it', (name) => {
  expect(readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8')).toBe(documents[name]);
});
