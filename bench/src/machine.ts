// What a figure is worth nothing without: the machine and the versions.
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { dirname, join } from 'node:path';

const packages = ['bullmq', 'ioredis', 'pg', 'fastify', 'undici'] as const;
const require = createRequire(import.meta.url);

/** One line of Markdown: processor, cores, memory, system, and the versions of everything that has a part in it. */
export function describeMachine(postgresVersion: string, redisVersion: string | undefined): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  const redis = redisVersion === undefined ? '' : `Redis ${redisVersion}, `;
  const versions = packages.map((name) => `${name} ${packageVersion(name)}`).join(', ');
  return (
    `${processor}, ${availableParallelism()} cores, ${memoryGib} GiB, ${type()} ${release()}; ` +
    `Node ${process.versions.node}, Postgres ${postgresVersion}, ${redis}${versions}.`
  );
}

/** Read from the package's own folder: some packages do not export their package.json. */
function packageVersion(name: string): string {
  for (const root of require.resolve.paths(name) ?? []) {
    try {
      return (require(join(root, name, 'package.json')) as { version: string }).version;
    } catch {
      // not in this node_modules; the next one up may have it
    }
  }
  return `in ${dirname(require.resolve(name))}`;
}
