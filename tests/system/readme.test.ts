// The README's own commands: the lines that it shows are the lines that `posthorn start` prints, and pasted they do what it says.
import { readFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from '@jest/globals';
import { freePort, makeTemporaryDirectory } from '@posthorn/testkit';
import { command } from './support/product.js';
import { type Program, startProgram } from './support/terminal.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const closers: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

/** The blocks that stand behind `<!-- test: quickstart -->`. */
const quickstart = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/<!-- test: quickstart -->\n```sh\n([\s\S]*?)```/g)].map(
  (match) => (match[1] ?? '').trim(),
);

const opened = (program: Program): Program => {
  closers.push(program.kill);
  return program;
};
/** As typed into a shell in the repository's folder, with none of the product's variables. */
const paste = (line: string): Program => opened(startProgram('sh', ['-c', line], {}, root));

it('shows the lines that the product prints, and pasted they bring the event to the receiver', async () => {
  const folder = await makeTemporaryDirectory('readme');
  closers.push(folder.cleanup);
  // As root the server runs as another user, who must be able to pass through.
  await chmod(folder.path, 0o711);
  const dataDirectory = join(folder.path, 'data');
  const [port, listenPort] = [await freePort(), await freePort()];
  const env = { POSTHORN_DATA_DIR: dataDirectory, PORT: String(port), LOG_LEVEL: 'warn' };
  const product = opened(startProgram(process.execPath, [command, 'start'], env, root));
  const printed = (await product.untilOutput(/\n {2}(npx posthorn listen.*)\n {2}(curl.*)\n {2}(curl.*)\n/)).slice(1);

  // The README speaks of the defaults; this start has another port and folder, and the first line says so in two options more.
  const asInReadme = (line: string): string =>
    line
      .replace(` --url http://127.0.0.1:${port} --key "$(cat ${dataDirectory}/admin-key)"`, '')
      .replaceAll(`http://127.0.0.1:${port}`, 'http://127.0.0.1:3400')
      .replaceAll(`${dataDirectory}/`, '.posthorn/');
  expect(printed.map(asInReadme)).toEqual(quickstart);

  const [listen = '', makeWebhook = '', publish = ''] = printed.map((line) => line.replaceAll('4000', String(listenPort)));
  const listener = paste(listen);
  await listener.untilOutput(/listening on/);
  await paste(makeWebhook).untilOutput(/"secret":"whsec_/);
  const id = (await paste(publish).untilOutput(/"id":"([0-9a-f-]{36})"/))[1] ?? '';
  await listener.untilOutput(new RegExp(id));
  await listener.untilOutput(/signature ok/);
  expect(listener.output()).toContain('order.placed');
  expect(listener.output()).toMatch(/19\.90/);

  product.signal('SIGTERM');
  expect(await product.exited).toEqual({ code: 0, signal: null });
}, 120_000);
