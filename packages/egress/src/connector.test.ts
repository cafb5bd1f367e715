import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { parseAllowList } from './allow-list.js';
import { createEgress, type EgressOptions, type EgressRequest } from './egress.js';
import type { Resolve } from './resolver.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** An HTTP receiver on a free port that answers 200 and counts connections. */
async function receiver() {
  let connections = 0;
  const server = createServer((_request, response) => response.end('ok')).on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, connections: () => connections };
}

function egressFor(allow: string, options: Partial<EgressOptions> = {}) {
  const parsed = parseAllowList(allow);
  if (!parsed.ok) throw new Error(parsed.message);
  const egress = createEgress({ allow: parsed.allow, ...options });
  cleanups.push(() => egress.close());
  return egress;
}

const request = (url: string, more: Partial<EgressRequest> = {}): EgressRequest => ({
  url,
  headers: [],
  body: '{}',
  timeoutMs: 2_000,
  ...more,
});

describe('the guard at the connection', () => {
  const named =
    (answers: readonly string[]): Resolve =>
    async () =>
      answers;

  it.each([
    [['127.0.0.1'], 'loopback'],
    [['93.184.216.34', '127.0.0.1'], 'loopback'],
    [['127.0.0.1', '93.184.216.34'], 'loopback'],
    [['93.184.216.34', '::1'], 'loopback'],
    [['93.184.216.34', '::ffff:10.0.0.1'], 'private'],
    [['169.254.169.254'], 'metadata'],
    [['not an address'], 'not_an_address'],
  ])('refuses a name with the answers %j and connects nowhere', async (answers, rule) => {
    const { port, connections } = await receiver();
    const outcome = await egressFor('', { resolve: named(answers) }).send(request(`http://name.example:${port}/`));
    expect(outcome).toMatchObject({ kind: 'error', errorKind: 'blocked', message: expect.stringContaining(`rule ${rule}`) });
    for (const answer of answers) expect(outcome).not.toMatchObject({ message: expect.stringContaining(answer) });
    expect(connections()).toBe(0);
  });

  it.each(['http://127.0.0.1', 'http://2130706433', 'http://[::ffff:127.0.0.1]'])(
    'refuses the literal %s and connects nowhere',
    async (origin) => {
      const { port, connections } = await receiver();
      expect(await egressFor('').send(request(`${origin}:${port}/`))).toMatchObject({ kind: 'error', errorKind: 'blocked' });
      expect(connections()).toBe(0);
    },
  );

  it('allows a name all of whose addresses are allowed, whatever it is called, on the allowed port only', async () => {
    const { port, connections } = await receiver();
    const resolve = named(['127.0.0.1']);
    for (const name of ['localhost', 'redis', 'foo.internal', 'name.example']) {
      const url = `http://${name}:${port}/`;
      expect(await egressFor(`127.0.0.1/32:${port}`, { resolve }).send(request(url))).toMatchObject({ kind: 'response', statusCode: 200 });
      expect(await egressFor('127.0.0.1/32:1', { resolve }).send(request(url))).toMatchObject({ kind: 'error', errorKind: 'blocked' });
      expect(await egressFor('127.0.0.1', { resolve: named(['127.0.0.1', '10.0.0.1']) }).send(request(url))).toMatchObject({
        errorKind: 'blocked',
      });
    }
    expect(connections()).toBe(4);
  });

  it('goes on to the next address of a name if the first does not answer', async () => {
    const { port } = await receiver();
    const egress = egressFor('127.0.0.0/8,::1/128', { resolve: named(['::1', '127.0.0.1']) });
    expect(await egress.send(request(`http://name.example:${port}/`))).toMatchObject({ kind: 'response', statusCode: 200 });
  });

  it('reports a name that does not resolve, and one without addresses', async () => {
    const failing = async () => Promise.reject(Object.assign(new Error('queryA ENOTFOUND name.example'), { code: 'ENOTFOUND' }));
    const url = 'http://name.example/';
    expect(await egressFor('', { resolve: failing }).send(request(url))).toMatchObject({
      errorKind: 'dns',
      message: expect.stringContaining('ENOTFOUND'),
    });
    expect(await egressFor('', { resolve: named([]) }).send(request(url))).toMatchObject({ kind: 'error', errorKind: 'dns' });
  });

  it('counts a resolver that never answers towards the deadline', async () => {
    const egress = egressFor('', { resolve: () => new Promise(() => {}) });
    expect(await egress.send(request('http://name.example/', { timeoutMs: 100 }))).toMatchObject({ kind: 'error', errorKind: 'timeout' });
  });
});
