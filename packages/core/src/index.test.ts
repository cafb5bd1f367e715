import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as core from './index.js';

const folder = new URL('.', import.meta.url);
const sources = readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'index.ts');

describe('the core', () => {
  it('imports nothing but itself and node:crypto, and reads neither clock nor chance', () => {
    for (const file of sources) {
      const text = readFileSync(new URL(file, folder), 'utf8');
      const foreign = [...text.matchAll(/from '([^']+)'/g)].map((match) => match[1]!).filter((name) => !name.startsWith('./'));
      expect([file, foreign.filter((name) => name !== 'node:crypto')]).toEqual([file, []]);
      expect([file, /Date\.now|new Date\(\)|Math\.random|randomBytes|performance\.|process\./.exec(text)]).toEqual([file, null]);
    }
  });

  it('exports every value of its files', () => {
    for (const file of sources) {
      const text = readFileSync(new URL(file, folder), 'utf8');
      for (const [, name] of text.matchAll(/^export (?:const|function|class) (\w+)/gm)) expect(Object.keys(core)).toContain(name);
    }
  });
});
