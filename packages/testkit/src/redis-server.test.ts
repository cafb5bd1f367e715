import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { findRedisServer } from './redis-binary.js';
import { type RedisServer, startRedis } from './redis-server.js';

let server: RedisServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function ask<T>(url: string, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { retryStrategy: () => null, lazyConnect: true });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}

describe('a Redis server for tests', () => {
  it('answers on loopback, evicts nothing and writes nothing', async () => {
    server = await startRedis();
    const settings = await ask(
      server.url,
      (client) => client.config('GET', 'maxmemory-policy', 'save', 'appendonly', 'bind') as Promise<string[]>,
    );
    expect(Object.fromEntries(settings.flatMap((name, index) => (index % 2 === 0 ? [[name, settings[index + 1]]] : [])))).toEqual({
      'maxmemory-policy': 'noeviction',
      save: '',
      appendonly: 'no',
      bind: '127.0.0.1',
    });
  });

  it('takes further arguments', async () => {
    server = await startRedis({ args: ['--maxmemory', '5mb'] });
    expect(await ask(server.url, (client) => client.config('GET', 'maxmemory'))).toEqual(['maxmemory', String(5 * 1024 * 1024)]);
  });

  it('is empty on the same port after a restart', async () => {
    server = await startRedis();
    await ask(server.url, (client) => client.set('key', 'value'));
    const pid = server.pid;
    await server.kill();
    await expect(ask(server.url, (client) => client.ping())).rejects.toThrow();
    await server.restart();
    expect(server.pid).not.toBe(pid);
    expect(await ask(server.url, (client) => client.get('key'))).toBeNull();
  });

  it('is gone after stop, and so is its folder', async () => {
    const { url, directory, stop, pid } = await startRedis();
    expect(existsSync(directory)).toBe(true);
    await stop();
    expect(existsSync(directory)).toBe(false);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    await expect(ask(url, (client) => client.ping())).rejects.toThrow();
  });

  it('says what the server says when it does not start', async () => {
    server = await startRedis();
    await expect(startRedis({ port: server.port })).rejects.toThrow(/address already in use/i);
    await expect(startRedis({ args: ['--no-such-option', '1'] })).rejects.toThrow('no-such-option');
  });

  it('finds the program by an absolute path', async () => {
    expect(await findRedisServer()).toMatch(/^\/.*\/(redis|valkey)-server$/);
  });
});
