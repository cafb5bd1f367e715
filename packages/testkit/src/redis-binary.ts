// Finding a Redis server: on the PATH, in our cache, or, on Debian and Ubuntu, from the packages of the distribution, unpacked
// into the cache. The system itself is not changed, and nothing here needs root.
import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { searchPath } from './environment.js';

const run = promisify(execFile);
const howToInstall = 'install Redis 6.2 or newer (apt-get install redis-server, or brew install redis) so that redis-server is on the PATH';
/** redis-server holds the service files; the program itself is in redis-tools. */
const packages = ['redis-server', 'redis-tools'];
const outputBytesMax = 16 * 1024 * 1024;

// The packages bring their libraries along; `exec` keeps the process id, so that signals reach the server itself.
const launcher = `#!/bin/sh
root=$(dirname "$0")/root
for folder in "$root"/usr/lib/*-linux-gnu* "$root"/lib/*-linux-gnu*; do
  LD_LIBRARY_PATH=$folder\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
done
export LD_LIBRARY_PATH
exec "$root/usr/bin/redis-server" "$@"
`;

/**
 * Returns the absolute path of a redis-server (or valkey-server) that runs.
 * @throws Error with one line that says what is missing and how to install it.
 */
export async function findRedisServer(): Promise<string> {
  const installed = (await onPath('redis-server')) ?? (await onPath('valkey-server'));
  if (installed !== undefined) return installed;
  const cache = join(homedir(), '.cache', 'posthorn', 'redis');
  const cached = join(cache, 'redis-server');
  if (await runs(cached)) return cached;
  const missing = await missingTools(['apt-get', 'dpkg-deb']);
  if (missing.length > 0)
    throw new Error(`there is no redis-server on the PATH and no ${missing.join(' or ')} to get one: ${howToInstall}`);
  try {
    await unpackInto(cache);
  } catch (error) {
    throw new Error(`there is no redis-server on the PATH, and its packages could not be had (${firstLine(error)}): ${howToInstall}`);
  }
  if (!(await runs(cached))) throw new Error(`the redis-server unpacked in ${cache} does not run here: ${howToInstall}`);
  return cached;
}

async function onPath(name: string): Promise<string | undefined> {
  for (const folder of searchPath()) {
    const path = join(folder, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

async function runs(path: string): Promise<boolean> {
  return run(path, ['--version']).then(
    () => true,
    () => false,
  );
}

async function missingTools(names: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(names.map(onPath));
  return names.filter((_, index) => found[index] === undefined);
}

/** Works in a folder of its own and renames it at the end, so that test files that do this at once do not meet. */
async function unpackInto(cache: string): Promise<void> {
  await mkdir(join(cache, '..'), { recursive: true });
  const work = await mkdtemp(`${cache}-`);
  try {
    await download(work);
    const archives = (await readdir(work)).filter((name) => name.endsWith('.deb'));
    for (const name of archives) {
      await run('dpkg-deb', ['-x', join(work, name), join(work, 'root')]);
      await rm(join(work, name));
    }
    await writeFile(join(work, 'redis-server'), launcher);
    await chmod(join(work, 'redis-server'), 0o755);
    if (!(await runs(join(cache, 'redis-server')))) await rm(cache, { recursive: true, force: true });
    // Refused when another process was faster: its copy is as good.
    await rename(work, cache).catch(() => undefined);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** With the lists of the system; if these are empty or old, with lists fetched for this one purpose. */
async function download(work: string): Promise<void> {
  const get = async (options: readonly string[]) => {
    const names = [...packages, ...(await missingLibraries(options))];
    await run('apt-get', [...options, 'download', ...names], { cwd: work, maxBuffer: outputBytesMax });
  };
  await get([]).catch(async () => {
    const lists = join(work, 'lists');
    await mkdir(join(lists, 'partial'), { recursive: true });
    // As root apt fetches as a user of its own, who cannot write here.
    const sandbox = process.getuid?.() === 0 ? ['-o', 'APT::Sandbox::User=root'] : [];
    const options = ['-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${lists}`, ...sandbox];
    await run('apt-get', [...options, 'update'], { maxBuffer: outputBytesMax });
    await get(options);
    await rm(lists, { recursive: true, force: true });
  });
}

/** What an installation would add, asked by simulating it. A library that is there in an older version is left as it is. */
async function missingLibraries(options: readonly string[]): Promise<readonly string[]> {
  const plan = await run('apt-get', [...options, '--simulate', '--no-install-recommends', 'install', 'redis-server']);
  return [...plan.stdout.matchAll(/^Inst (lib\S+) \(/gm)].map((match) => match[1]!);
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n').find((line) => line.startsWith('E: ')) ?? text.split('\n')[0]!;
}
