// docs/screenshots has every page of the console and every mail in every look, and nothing else; what the README shows is among it.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { views } from '../browser/support/views.js';
import { mailSamples } from './mail-samples.js';
import { looks, mailLooks, pictureOf } from './pictures.js';

const folder = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
const bytesMax = 8 * 1024 * 1024;

it('has every page in light, dark and narrow, and every mail: `npm run screenshots` takes them', () => {
  const pages = views.flatMap(({ name }) => looks.map((look) => basename(pictureOf(name, look.name))));
  const mails = Object.keys(mailSamples).flatMap((name) => mailLooks.map((look) => basename(pictureOf(name, look.name))));
  expect(readdirSync(folder).sort()).toEqual([...pages, ...mails].sort());
});

it('is moderate in size', () => {
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  expect(bytes).toBeLessThanOrEqual(bytesMax);
});

it('shows pictures in the README that there are, each with words for those who do not see it', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const shown = [...readme.matchAll(/!\[([^\]]*)\]\(docs\/screenshots\/([^)]+)\)/g)];
  expect(shown.length).toBeGreaterThan(1);
  for (const [, words, file] of shown) {
    expect((words ?? '').length).toBeGreaterThan(20);
    expect(readdirSync(folder)).toContain(file);
  }
});
