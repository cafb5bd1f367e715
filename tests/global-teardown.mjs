// Once at the end of the run: the server goes, and its folder with it.
export default async function tearDown() {
  await globalThis.posthornTestPostgres?.stop();
}
