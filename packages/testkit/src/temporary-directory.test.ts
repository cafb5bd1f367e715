import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startProcess } from './process.js';
import { makeTemporaryDirectory } from './temporary-directory.js';

describe('a temporary directory', () => {
  it('is empty, private and gone after cleanup, which may be called twice', async () => {
    const directory = await makeTemporaryDirectory('folder');
    expect(statSync(directory.path).mode & 0o777).toBe(0o700);
    writeFileSync(join(directory.path, 'file'), 'x');
    await directory.cleanup();
    await directory.cleanup();
    expect(existsSync(directory.path)).toBe(false);
  });

  it('is gone when its process has ended without cleaning up', async () => {
    const module = new URL('../dist/temporary-directory.js', import.meta.url).href;
    const script = `const { makeTemporaryDirectory } = await import('${module}');
      process.stdout.write((await makeTemporaryDirectory('left')).path);`;
    const child = startProcess({ name: 'leaver', args: ['--input-type=module', '-e', script], env: {} });
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.output()).toContain('posthorn-left-');
    expect(existsSync(child.output())).toBe(false);
  });
});
