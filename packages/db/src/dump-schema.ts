// Writes migrations/schema.sql: a Postgres of its own in a temporary folder, migrated and dumped. Run by `npm run schema:dump`.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import { migrate, migrationsFolder } from './migrate.js';
import { dumpSchema } from './schema-dump.js';

const folder = await mkdtemp(join(tmpdir(), 'posthorn-schema-'));
try {
  // As root the server runs as another user, who must be able to pass through.
  await chmod(folder, 0o711);
  const server = await startEmbeddedPostgres({ directory: join(folder, 'postgres') });
  try {
    await migrate(server.url);
    await writeFile(new URL('schema.sql', migrationsFolder), await dumpSchema(server.url));
  } finally {
    await server.stop();
  }
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
