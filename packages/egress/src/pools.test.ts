import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as netConnect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Dispatcher } from 'undici';
import { createPools } from './pools.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Handler = Dispatcher.DispatchHandler & { isAbandoned: boolean };

function handlerOf(onEnd: (result: string) => void): Handler {
  return {
    isAbandoned: false,
    onConnect: () => {},
    onHeaders: () => true,
    onData: () => true,
    onComplete: () => onEnd('complete'),
    onError: (error) => onEnd(error.message),
  };
}

const get = { path: '/', method: 'GET' } as const;

describe('the pools', () => {
  it('drop an origin once it has neither connections nor requests, not before', async () => {
    const server = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => server.close());
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const pools = createPools({
      connectionsPerOrigin: 2,
      connect: (_target, callback) => {
        const socket = netConnect(port, '127.0.0.1', () => callback(null, socket));
      },
    });
    cleanups.push(() => pools.destroy());
    const pool = pools.of('http://a.example');
    expect(pools.of('http://a.example')).toBe(pool);
    expect(await new Promise((resolve) => pool.dispatch(get, handlerOf(resolve)))).toBe('complete');
    pools.sweep();
    expect(pools.of('http://a.example')).toBe(pool);
    const disconnected = once(pool, 'disconnect');
    server.closeAllConnections();
    await disconnected;
    pools.sweep();
    expect(pool.destroyed).toBe(true);
    expect(pools.of('http://a.example')).not.toBe(pool);
  });

  it('never open more connections than allowed while none succeeds, and none for abandoned requests', async () => {
    const waiting: (() => void)[] = [];
    const pools = createPools({
      connectionsPerOrigin: 3,
      connect: (_target, callback) => {
        waiting.push(() => callback(new Error('unreachable'), null));
      },
    });
    cleanups.push(() => pools.destroy());
    const results: string[] = [];
    const handlers = Array.from({ length: 50 }, () => handlerOf((result) => results.push(result)));
    for (const handler of handlers) pools.of('http://a.example').dispatch(get, handler);
    expect(waiting.length).toBe(3);
    for (const handler of handlers.slice(0, 48)) handler.isAbandoned = true;
    for (const fail of waiting.splice(0)) fail();
    await new Promise((resolve) => setImmediate(resolve));
    // The two living ones have an attempt each.
    expect(waiting.length).toBe(2);
    for (const fail of waiting.splice(0)) fail();
    await new Promise((resolve) => setImmediate(resolve));
    expect(results).toEqual(Array(5).fill('unreachable'));
    expect(waiting.length).toBe(0);
  });
});
