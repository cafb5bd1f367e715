// What a browser loads before the first page is shown, and that charts are no part of it. Reads the build, which `npm test` makes first.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, it } from '@jest/globals';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const kilobyte = 1_000;
const mainBytesMax = 260 * kilobyte;
const chunkBytesMax = 140 * kilobyte;

const page = readFileSync(join(dist, 'index.html'), 'utf8');
const gzipBytes = (path: string): number => gzipSync(readFileSync(join(dist, path)), { level: 9 }).length;
const named = (pattern: RegExp): readonly string[] => [...page.matchAll(pattern)].map((match) => match[1] ?? '');

it('loads scripts of at most 260 KB at first, compressed', () => {
  const scripts = named(/(?:src|href)="([^"]+\.js)"/g);
  expect(scripts.length).toBeGreaterThan(0);
  expect(scripts.reduce((sum, path) => sum + gzipBytes(path), 0)).toBeLessThanOrEqual(mainBytesMax);
});

it('keeps every other chunk below 140 KB, and the charts in one that the page does not name', () => {
  const chunks = readdirSync(join(dist, 'assets')).filter((name) => name.endsWith('.js'));
  const tooLong = chunks.filter((name) => gzipBytes(join('assets', name)) > chunkBytesMax);
  expect(tooLong).toEqual([]);
  expect(chunks.filter((name) => name.startsWith('outcome-chart'))).toHaveLength(1);
  expect(page).not.toContain('outcome-chart');
});

it('asks nobody else for anything', () => {
  expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  const styles = readdirSync(join(dist, 'assets')).filter((name) => name.endsWith('.css'));
  for (const name of styles) expect(readFileSync(join(dist, 'assets', name), 'utf8')).not.toMatch(/@import|url\(["']?(?:https?:)?\/\//);
});

it('has neither a script nor a style in the page itself', () => {
  expect(page).not.toMatch(/<style|<script(?![^>]*src=)|\sstyle=|\son\w+=/);
});
