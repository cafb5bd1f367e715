import { describe, expect, it } from '@jest/globals';
import { replaceBlock } from './document.js';

describe('replaceBlock', () => {
  it('changes what stands between the markers and nothing else', () => {
    const before = 'intro\n<!-- bench:begin -->\nold\n<!-- bench:end -->\noutro\n';
    const after = replaceBlock(before, 'new');
    expect(after).toBe('intro\n<!-- bench:begin -->\nnew\n<!-- bench:end -->\noutro\n');
    expect(replaceBlock(after, 'new')).toBe(after);
  });

  it('refuses a document without markers', () => {
    expect(() => replaceBlock('intro', 'new')).toThrow('bench:begin');
  });
});
