import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, makeTemporaryDirectory, type TemporaryDirectory } from '@posthorn/testkit';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.js';

let folder: TemporaryDirectory;
let started: EmbeddedPostgres[] = [];

async function start(options: { readonly port?: number; readonly log?: (line: string) => void } = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ directory: join(folder.path, 'postgres'), ...options });
  started.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

async function serverPid(): Promise<number> {
  return Number.parseInt(await readFile(join(folder.path, 'postgres/data/postmaster.pid'), 'utf8'), 10);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

beforeEach(async () => {
  folder = await makeTemporaryDirectory('embedded-postgres');
  await chmod(folder.path, 0o700);
});

afterEach(async () => {
  await Promise.all(started.map((server) => server.stop()));
  started = [];
  await folder.cleanup();
});

describe('the embedded Postgres', () => {
  it('keeps its rows over a stop, below a folder that is closed to other users', async () => {
    const first = await start();
    await query(first.url, 'create table kept (word text)');
    await query(first.url, "insert into kept values ('posthorn')");
    const pid = await serverPid();
    await first.stop();
    await first.exited;
    expect(isAlive(pid)).toBe(false);

    const second = await start();
    expect(await query(second.url, 'select word from kept')).toEqual(['posthorn']);
    expect(new URL(second.url).password).toBe(new URL(first.url).password);
  });

  it('asks for the password, which only its owner can read', async () => {
    const { url } = await start();
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'select 1')).rejects.toThrow('password authentication failed');
    expect((await stat(join(folder.path, 'postgres/password'))).mode & 0o777).toBe(0o600);
  });

  it('listens on the loopback address alone, durable, with UTF-8', async () => {
    const { url } = await start();
    const settings = ['listen_addresses', 'unix_socket_directories', 'fsync', 'synchronous_commit', 'server_encoding', 'shared_buffers'];
    const values = await Promise.all(settings.map((name) => query(url, `show ${name}`)));
    expect(values.flat()).toEqual(['127.0.0.1', '', 'on', 'on', 'UTF8', '256MB']);
  });

  it('leaves no Postgres behind when its parent is killed', async () => {
    const module = new URL('../dist/embedded-postgres.js', import.meta.url).href;
    const script = `const { startEmbeddedPostgres } = await import(${JSON.stringify(module)});
      await startEmbeddedPostgres({ directory: ${JSON.stringify(join(folder.path, 'postgres'))} });
      process.stdout.write('ready');`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(parent.stdout, 'data');
    const pid = await serverPid();
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await eventually(() => !isAlive(pid));
    // A clean shutdown removes the file; a crash would leave it.
    expect(existsSync(join(folder.path, 'postgres/data/postmaster.pid'))).toBe(false);
  });

  it('waits for the server that is just stopping on its directory', async () => {
    const first = await start();
    const second = start();
    await query(first.url, 'select pg_sleep(0.5)');
    await first.stop();
    expect(await query((await second).url, 'select 1')).toEqual([1]);
  });

  it('starts on the pid file of a dead server, also when the number belongs to another program now', async () => {
    await (await start()).stop();
    const { uid } = await stat(join(folder.path, 'postgres/data'));
    // Only a process of the same user makes Postgres believe that its server still runs.
    const stranger = spawn('sleep', ['60'], { uid });
    await once(stranger, 'spawn');
    await writeFile(join(folder.path, 'postgres/data/postmaster.pid'), `${stranger.pid}\n/nowhere\n`);
    try {
      expect(await query((await start()).url, 'select 1')).toEqual([1]);
    } finally {
      stranger.kill();
    }
  });

  it('resolves exited when the server dies by itself, and recovers what was committed', async () => {
    const first = await start();
    await query(first.url, 'create table kept as select 7 as number');
    process.kill(await serverPid(), 'SIGKILL');
    await first.exited;
    expect(await query((await start()).url, 'select number from kept')).toEqual([7]);
  });

  it('names a port that is taken', async () => {
    const { url } = await start();
    const other = startEmbeddedPostgres({ directory: join(folder.path, 'other'), port: Number(new URL(url).port) });
    await expect(other).rejects.toThrow(`port ${new URL(url).port} of 127.0.0.1 is taken`);
  });

  it('says that the password of its data is missing', async () => {
    await (await start()).stop();
    await rm(join(folder.path, 'postgres/password'));
    await expect(start()).rejects.toThrow('password is missing');
  });

  it('refuses a relative directory', async () => {
    await expect(startEmbeddedPostgres({ directory: 'data' })).rejects.toThrow('must be absolute');
  });
});
