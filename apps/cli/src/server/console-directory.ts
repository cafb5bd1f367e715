// Where the console's build is, if it was built.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** The directory with its index.html; null: there is none, and the API is served without a console. */
export const findConsole = (): string | null => {
  const directory = join(dirname(require.resolve('@posthorn/dashboard/package.json')), 'dist');
  return existsSync(join(directory, 'index.html')) ? directory : null;
};
