import { describe, expect, it } from '@jest/globals';
import { replaceBlock } from './document.js';

describe('replaceBlock', () => {
  it('changes what stands between the markers and nothing else', () => {
    const before = 'intro\n<!-- bench:begin -->\nold\n<!-- bench:end -->\noutro\n<!-- drain:begin -->\nkept\n<!-- drain:end -->\n';
    const after = replaceBlock(before, 'bench', 'new');
    expect(after).toBe(before.replace('old', 'new'));
    expect(replaceBlock(after, 'bench', 'new')).toBe(after);
    expect(replaceBlock(before, 'drain', 'new')).toBe(before.replace('kept', 'new'));
  });

  it('adds the block to a document without its markers, once', () => {
    const before = 'intro\n<!-- bench:begin -->\nkept\n<!-- bench:end -->\n';
    const after = replaceBlock(before, 'drain', 'new');
    expect(after).toBe(`${before}\n<!-- drain:begin -->\nnew\n<!-- drain:end -->\n`);
    expect(replaceBlock(after, 'drain', 'new')).toBe(after);
  });

  it('refuses a document with one marker alone, or with both in the wrong order', () => {
    expect(() => replaceBlock('<!-- bench:begin -->', 'bench', 'new')).toThrow('bench:begin');
    expect(() => replaceBlock('<!-- bench:end -->', 'bench', 'new')).toThrow('bench:begin');
    expect(() => replaceBlock('<!-- bench:end -->\n<!-- bench:begin -->', 'bench', 'new')).toThrow('bench:begin');
  });
});
