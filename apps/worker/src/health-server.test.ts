import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type HealthServer, startHealthServer } from './health-server.js';

let server: HealthServer | undefined;
afterEach(() => server?.close());

const start = async (problems: () => Promise<Record<string, string>>, metrics = async () => 'm 1\n') => {
  server = await startHealthServer({ host: '127.0.0.1', port: 0, problems, degraded: async () => ({ scheduler: 'none' }), metrics });
  return server.port;
};
/** GETs a path as it is written; `fetch` would mend it. */
const get = (port: number, path: string) =>
  new Promise<{ status: number; type: string; body: string }>((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body }));
    })
      .on('error', reject)
      .end();
  });

describe("a worker's health", () => {
  it('is alive, ready or not with the reason, and has metrics', async () => {
    let problems: Record<string, string> = {};
    const port = await start(async () => problems);
    expect(await get(port, '/healthz')).toEqual({ status: 200, type: 'application/json', body: '{"status":"ok"}' });
    expect(await get(port, '/readyz?verbose')).toMatchObject({
      status: 200,
      body: '{"status":"ready","problems":{},"degraded":{"scheduler":"none"}}',
    });
    problems = { postgres: 'not reachable' };
    expect(await get(port, '/readyz')).toMatchObject({
      status: 503,
      body: '{"status":"not ready","problems":{"postgres":"not reachable"},"degraded":{"scheduler":"none"}}',
    });
    expect(await get(port, '/healthz')).toMatchObject({ status: 200 });
    expect(await get(port, '/metrics')).toEqual({ status: 200, type: 'text/plain; version=0.0.4', body: 'm 1\n' });
    expect(await get(port, '/')).toMatchObject({ status: 404 });
  });

  it('is not ready when the check itself breaks', async () => {
    const port = await start(async () => {
      throw new Error('ours');
    });
    const { status, type, body } = await get(port, '/readyz');
    expect([status, type]).toEqual([503, 'application/json']);
    expect(body).not.toContain('ours');
  });

  it.each(['//', '//[', '/%', 'http://[', '*'])('survives a request for %s', async (path) => {
    const port = await start(async () => ({}));
    expect((await get(port, path)).status).toBe(404);
    expect((await get(port, '/healthz')).status).toBe(200);
  });

  it('takes no more headers than a question needs, and lets nobody keep an answer', async () => {
    const port = await start(async () => ({}));
    const socket = connect(port, '127.0.0.1', () => socket.write(`GET /healthz HTTP/1.1\r\nhost: a\r\nx: ${'a'.repeat(9_000)}\r\n\r\n`));
    const said = await new Promise<string>((resolve) => socket.setEncoding('latin1').once('data', resolve));
    expect(said).toMatch(/^HTTP\/1\.1 431 /);
    socket.destroy();
    const { headers } = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect([headers.get('x-content-type-options'), headers.get('cache-control')]).toEqual(['nosniff', 'no-store']);
  });

  it('closes though a connection is kept open', async () => {
    const port = await start(async () => ({}));
    const socket = connect(port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    await new Promise((resolve) => socket.once('connect', resolve));
    await server?.close();
    await closed;
    server = undefined;
  });
});
