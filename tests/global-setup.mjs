// Once per run of jest: one Postgres server with the migrated template. The workers that jest starts inherit the variable.
import { startTestPostgres } from '@posthorn/testkit';

export default async function setUp() {
  const server = await startTestPostgres();
  process.env.POSTHORN_TEST_POSTGRES_URL = server.url;
  globalThis.posthornTestPostgres = server;
}
