import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { parseAllowList } from './allow-list.js';
import { createEgress, type Egress } from './egress.js';

// Made for these tests alone: a root and two certificates of it for good.example and 127.0.0.1, one valid for a hundred years,
// one that expired in 2020.
const leafKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgF2DdnnxNK+Qm0NgY
2oXMg7oSC2IW3FHR7b45hOkVkOuhRANCAASNMge4owJYYxx2O62cj2Wqq/R08sFm
l6k7jFQBrkh0uiSxPRprR1ZNjhHG0Z0IlN8ctFpm+Ir5dQ5YNbwlI6BC
-----END PRIVATE KEY-----`;
const rootCertificate = `-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUHXvjemili1An6nO/KDpci+9qKr8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJdGVzdCByb290MCAXDTI2MTEyMjA5MjE0NloYDzIxMjYxMDI5
MDkyMTQ2WjAUMRIwEAYDVQQDDAl0ZXN0IHJvb3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARXUzoZFnQ1LzaeSyhMVsxudnilIJvm9jqwHQ0oST8j06zJbWNXcgSB
OopR+3NZR1cuxEGPjCINmCiOJEoB2kbFo1MwUTAdBgNVHQ4EFgQUL0BlGohGaD9S
UBJ1AUuSSVr6ytAwHwYDVR0jBBgwFoAUL0BlGohGaD9SUBJ1AUuSSVr6ytAwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAEvEB8wSp5CM1O68P7PuAW
G50PqWSLwJTVdfXxXUYzowIgQmEoWJETWmARo194CRLXNbwNDSIZRAx02dPJz2wz
udQ=
-----END CERTIFICATE-----`;
const leafCertificate = `-----BEGIN CERTIFICATE-----
MIIBjzCCATagAwIBAgIUNHwyz2R3fgZZJ0FErFWh/dO8UJAwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJdGVzdCByb290MCAXDTI2MTEyMjA5MjE0NloYDzIxMjYxMDI5
MDkyMTQ2WjAXMRUwEwYDVQQDDAxnb29kLmV4YW1wbGUwWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAASNMge4owJYYxx2O62cj2Wqq/R08sFml6k7jFQBrkh0uiSxPRpr
R1ZNjhHG0Z0IlN8ctFpm+Ir5dQ5YNbwlI6BCo2EwXzAdBgNVHREEFjAUggxnb29k
LmV4YW1wbGWHBH8AAAEwHQYDVR0OBBYEFKWNZ91yvB0QhkL32OP35UtqYWrIMB8G
A1UdIwQYMBaAFC9AZRqIRmg/UlASdQFLkkla+srQMAoGCCqGSM49BAMCA0cAMEQC
IF+fL+C6QUapclwbvowiz7veZzvqZwOp77ogM+inerwwAiA9NeNNAYPn0/nOX5o6
4kv7s9CBo231/OExe1QGePBKqw==
-----END CERTIFICATE-----`;
const expiredCertificate = `-----BEGIN CERTIFICATE-----
MIIBezCCASGgAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAl0ZXN0IHJv
b3QwHhcNMjAwMTAxMDAwMDAwWhcNMjAwMTAyMDAwMDAwWjAXMRUwEwYDVQQDDAxn
b29kLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASNMge4owJYYxx2
O62cj2Wqq/R08sFml6k7jFQBrkh0uiSxPRprR1ZNjhHG0Z0IlN8ctFpm+Ir5dQ5Y
NbwlI6BCo2EwXzAdBgNVHREEFjAUggxnb29kLmV4YW1wbGWHBH8AAAEwHQYDVR0O
BBYEFKWNZ91yvB0QhkL32OP35UtqYWrIMB8GA1UdIwQYMBaAFC9AZRqIRmg/UlAS
dQFLkkla+srQMAoGCCqGSM49BAMCA0gAMEUCIQD6q/uyyJ+h3TkFF4BsEnnMQXxg
NPvrVJx7sUswzDnI4QIgaCpmxAtmuM78dQVbkjHfxd/1avdhtuqt2Xrt5WpJKuA=
-----END CERTIFICATE-----`;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** An HTTPS server that answers 200 and closes after each answer; counts resumed sessions. */
async function secureServer(options: TlsOptions) {
  let resumed = 0;
  const server = createTlsServer({ key: leafKey, cert: leafCertificate, ...options }, (socket) => {
    if (socket.isSessionReused()) resumed += 1;
    socket.on('error', () => {});
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok'));
  });
  server.on('tlsClientError', () => {});
  return { port: await listen(server), resumed: () => resumed };
}

function egressFor(options: { ca?: string } = { ca: rootCertificate }): Egress {
  const parsed = parseAllowList('127.0.0.0/8');
  if (!parsed.ok) throw new Error(parsed.message);
  const egress = createEgress({ allow: parsed.allow, connectTimeoutMs: 300, resolve: async () => ['127.0.0.1'], ...options });
  cleanups.push(() => egress.close());
  return egress;
}

const send = (egress: Egress, url: string) => egress.send({ url, headers: [], body: '{}', timeoutMs: 2_000 });

describe('TLS', () => {
  it('delivers to a certificate of a trusted root, by name and by address, and reports the handshake', async () => {
    const { port } = await secureServer({});
    const egress = egressFor();
    for (const host of ['good.example', '127.0.0.1']) {
      expect(await send(egress, `https://${host}:${port}/`)).toMatchObject({
        kind: 'response',
        statusCode: 200,
        phases: { dnsMs: host === '127.0.0.1' ? null : expect.any(Number), connectMs: expect.any(Number), tlsMs: expect.any(Number) },
      });
    }
  });

  it('resumes the session on the next connection', async () => {
    const { port, resumed } = await secureServer({});
    const egress = egressFor();
    for (let i = 0; i < 3; i++) expect((await send(egress, `https://good.example:${port}/`)).kind).toBe('response');
    expect(resumed()).toBeGreaterThanOrEqual(1);
  });

  it.each([
    ['an untrusted root', {}, 'good.example', {}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['another host', {}, 'other.example', undefined, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['an expired certificate', { cert: expiredCertificate }, 'good.example', undefined, 'CERT_HAS_EXPIRED'],
    [
      'TLS 1.0 alone',
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
      'good.example',
      undefined,
      'ERR_SSL_',
    ],
  ] as const)('refuses %s', async (_what, server, host, client, code) => {
    const { port } = await secureServer(server);
    expect(await send(egressFor(client), `https://${host}:${port}/`)).toMatchObject({
      kind: 'error',
      errorKind: 'tls',
      message: expect.stringContaining(code),
      phases: { connectMs: expect.any(Number), tlsMs: null },
    });
  });

  // Jest gives tests a copy of the environment, so it takes a process of its own, which runs what `npm run build` made.
  it('verifies although the environment of the process says not to', async () => {
    const { port } = await secureServer({ cert: expiredCertificate });
    const script = `
      import { createEgress, parseAllowList } from '${new URL('../dist/index.js', import.meta.url).href}';
      const egress = createEgress({ allow: parseAllowList('127.0.0.1').allow });
      const outcome = await egress.send({ url: 'https://127.0.0.1:${port}/', headers: [], body: '', timeoutMs: 2000 });
      process.stdout.write(outcome.kind + ' ' + outcome.errorKind);
      await egress.close();`;
    const args = ['--no-warnings', '--input-type=module', '-e', script];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } });
    expect(stdout).toBe('error tls');
  });

  it('reports an endpoint that wants a client certificate', async () => {
    const { port } = await secureServer({ requestCert: true, rejectUnauthorized: true, ca: rootCertificate });
    expect(await send(egressFor(), `https://good.example:${port}/`)).toMatchObject({
      kind: 'error',
      errorKind: expect.stringMatching(/^(tls|reset)$/),
    });
  });

  it('ends a stalled handshake at the connect timeout', async () => {
    const port = await listen(createTcpServer(() => {}));
    expect(await send(egressFor(), `https://good.example:${port}/`)).toMatchObject({
      kind: 'error',
      errorKind: 'timeout',
      message: 'No connection within 300 ms.',
      phases: { connectMs: expect.any(Number), tlsMs: null },
    });
  });

  it('reports a handshake that is reset, and one that answers in clear', async () => {
    const resetting = await listen(createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    const clear = await listen(createTcpServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))));
    expect(await send(egressFor(), `https://good.example:${resetting}/`)).toMatchObject({ kind: 'error', errorKind: 'tls' });
    expect(await send(egressFor(), `https://good.example:${clear}/`)).toMatchObject({ kind: 'error', errorKind: 'tls' });
  });
});
