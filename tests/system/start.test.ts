// `posthorn start`: everything in one process on an embedded Postgres. However it is ended, nothing is left behind but its data.
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, freePort, makeTemporaryDirectory, startReceiver, type TemporaryDirectory } from '@posthorn/testkit';
import { createApiClient } from './support/api-client.js';
import { command } from './support/product.js';
import { listProcesses, type Program, startProgram } from './support/terminal.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const ready = /Posthorn is ready on (http:\S+)/;

let folder: TemporaryDirectory;
let dataDirectory: string;
let port: number;
let program: Program | undefined;
let key: string;

beforeAll(async () => {
  folder = await makeTemporaryDirectory('start');
  // As root the server runs as another user, who must be able to pass through.
  await chmod(folder.path, 0o711);
  dataDirectory = join(folder.path, 'data');
  port = await freePort();
});
afterEach(() => program?.kill());
afterAll(() => folder?.cleanup());

const start = async (file: string, args: readonly string[]): Promise<Program> => {
  const env = { POSTHORN_DATA_DIR: dataDirectory, PORT: String(port), LOG_LEVEL: 'warn' };
  program = startProgram(file, args, env, root);
  await program.untilOutput(ready);
  return program;
};
const startDirectly = () => start(process.execPath, [command, 'start']);
/** Without the build before it: that would write what other tests run. */
const startByNpm = () => start('npm', ['start', '--ignore-scripts']);

/** The server process of the data directory, and its guardian. */
const findPostgres = async (): Promise<readonly number[]> => {
  const all = await listProcesses();
  const servers = all.filter(({ command: line }) => line.includes(join(dataDirectory, 'postgres')));
  const guardians = all.filter(({ pid }) => servers.some((server) => server.parent === pid && pid !== 1));
  return [...servers, ...guardians].map(({ pid }) => pid);
};

const expectNothingLeft = async (before: readonly number[]): Promise<void> => {
  expect(before.length).toBeGreaterThanOrEqual(2);
  await eventually(
    async () => {
      const left = (await listProcesses()).filter(({ pid }) => before.includes(pid));
      if (left.length > 0) throw new Error(`still there: ${JSON.stringify(left)}`);
      return true;
    },
    { timeoutMs: 30_000 },
  );
  expect(await findPostgres()).toEqual([]);
};

describe('posthorn start', () => {
  let eventId = '';

  it('says where it is, where the key is, and three lines to paste; it delivers; Ctrl-C ends it all', async () => {
    const started = await startDirectly();
    const url = (await started.untilOutput(ready))[1] ?? '';
    expect(url).toBe(`http://127.0.0.1:${port}`);
    const keyFile = join(dataDirectory, 'admin-key');
    key = (await started.untilOutput(/The admin key is (ph_test_\w+) \(kept in (\S+)\)/))[1] ?? '';
    expect(started.output()).toContain(`(kept in ${keyFile})`);
    await started.untilOutput(/POSTHORN_EGRESS_ALLOW changes that/);
    expect(started.output()).toMatch(/^ +npx posthorn listen 4000.*\n +curl .*\/v1\/webhooks .*\n +curl .*\/v1\/events .*\n/m);

    const api = createApiClient(url, key);
    const receiver = await startReceiver();
    await api.createWebhook({ url: receiver.url() });
    eventId = await api.publish({ event_type: 'a', data: 1 });
    await receiver.waitFor(1);
    await eventually(async () => (await api.get(`/v1/events/${eventId}`)).body.deliveries.succeeded === 1);
    await Promise.all([api.close(), receiver.stop()]);

    const postgres = await findPostgres();
    started.interrupt();
    expect(await started.exited).toEqual({ code: 0, signal: null });
    await expectNothingLeft(postgres);
  }, 90_000);

  it('finds its data again, and ends on SIGTERM', async () => {
    const started = await startDirectly();
    expect(started.output()).toContain(`The admin key is in ${join(dataDirectory, 'admin-key')}`);
    expect(started.output()).not.toContain(key);
    const api = createApiClient(`http://127.0.0.1:${port}`, key);
    expect((await api.get(`/v1/events/${eventId}`)).body).toMatchObject({ id: eventId, data: 1, deliveries: { succeeded: 1 } });
    await api.close();
    const postgres = await findPostgres();
    started.signal('SIGTERM');
    expect(await started.exited).toEqual({ code: 0, signal: null });
    await expectNothingLeft(postgres);
  }, 90_000);

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    "ends all of npm start when npm's own process alone gets %s",
    async (signal) => {
      const npm = await startByNpm();
      const postgres = await findPostgres();
      const ours = (await listProcesses()).filter(({ command: line }) => line.includes('posthorn.mjs start')).map(({ pid }) => pid);
      const children = (await listProcesses()).filter(({ parent, pid }) => parent === npm.pid && ours.includes(pid));
      expect(children).toHaveLength(1);
      npm.signal(signal);
      await npm.exited;
      await expectNothingLeft([...postgres, ...children.map(({ pid }) => pid)]);
    },
    90_000,
  );

  it('leaves no Postgres behind when it is killed, and starts again after that', async () => {
    const killed = await startDirectly();
    const postgres = await findPostgres();
    killed.signal('SIGKILL');
    await killed.exited;
    const again = await startDirectly();
    again.signal('SIGTERM');
    expect(await again.exited).toEqual({ code: 0, signal: null });
    await expectNothingLeft(postgres);
  }, 90_000);
});
