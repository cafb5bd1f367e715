// The variables that testkit reads. Beside packages/config nothing else reads the environment.

/** Where programs are looked for. */
export function searchPath(): readonly string[] {
  return (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
}

/** What a started process needs of the caller's environment; everything else it is given. */
export function basicEnvironment(): Readonly<Record<string, string>> {
  const { PATH, HOME } = process.env;
  return { ...(PATH === undefined ? {} : { PATH }), ...(HOME === undefined ? {} : { HOME }) };
}

/** A server to test on instead of an embedded one: a URL of a superuser. */
export function givenPostgresUrl(): string | undefined {
  return process.env.POSTHORN_TEST_DATABASE_URL || undefined;
}

/** The server that tests/global-setup.mjs started. */
export function testPostgresUrl(): string {
  const url = process.env.POSTHORN_TEST_POSTGRES_URL;
  if (url === undefined) throw new Error('POSTHORN_TEST_POSTGRES_URL is not set: tests/global-setup.mjs has not run');
  return url;
}

/** How many requests a fuzz sends, and of which seed they are drawn; null: as the test says. */
export function fuzzSettings(): { readonly requests: number | null; readonly seed: number | null } {
  const numberOf = (text: string | undefined): number | null => (text === undefined || text === '' ? null : Number(text));
  return { requests: numberOf(process.env.POSTHORN_FUZZ_REQUESTS), seed: numberOf(process.env.POSTHORN_FUZZ_SEED) };
}
