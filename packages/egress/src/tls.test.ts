// TLS with endpoints that do it well. What the others get: hostile-endpoints-tls.test.ts.
import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { type RawServer, type RawStep, startRawServer } from '@posthorn/testkit';
import { rootCertificate, tlsServer } from '../tests/certificates.js';
import { egressFor, okAnswer, post, stopAfterTest } from '../tests/harness.js';
import type { EgressOptions } from './egress.js';

const closing = okAnswer.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n');

/** A TLS server that answers 200 and closes, and what it saw of each connection. */
async function secureServer(): Promise<{ readonly server: RawServer; readonly seen: { serverName: unknown; isResumed: boolean }[] }> {
  const seen: { serverName: unknown; isResumed: boolean }[] = [];
  const steps: readonly RawStep[] = ['request', { send: closing }, 'end'];
  const script = (_connection: number, socket: TLSSocket) => {
    // `servername` is what came as SNI, or false.
    seen.push({ serverName: (socket as { servername?: unknown }).servername, isResumed: socket.isSessionReused() });
    return steps;
  };
  const server = await startRawServer({ tls: tlsServer.valid, script: (connection, socket) => script(connection, socket as TLSSocket) });
  return { server: stopAfterTest(server), seen };
}

const egressWith = (options: Partial<EgressOptions> = { ca: rootCertificate }) =>
  egressFor('127.0.0.1', { resolve: async () => ['127.0.0.1'], ...options });

describe('TLS', () => {
  it('delivers to a certificate of a trusted root, by name and by address, and reports the handshake', async () => {
    const { server } = await secureServer();
    for (const host of ['good.example', '127.0.0.1']) {
      expect(await post(egressWith(), `https://${host}:${server.port}/`)).toMatchObject({
        kind: 'response',
        statusCode: 200,
        phases: { dnsMs: host === '127.0.0.1' ? null : expect.any(Number), connectMs: expect.any(Number), tlsMs: expect.any(Number) },
      });
    }
  });

  it('tells the server the name that is called (SNI), and none for a literal address', async () => {
    const { server, seen } = await secureServer();
    const egress = egressWith();
    for (const host of ['good.example', 'GOOD.example.', '127.0.0.1']) {
      expect((await post(egress, `https://${host}:${server.port}/`)).kind).toBe('response');
    }
    expect(seen.map(({ serverName }) => serverName)).toEqual(['good.example', 'good.example', false]);
  });

  it('resumes the session on the next connection', async () => {
    const { server, seen } = await secureServer();
    const egress = egressWith();
    for (let i = 0; i < 3; i++) expect((await post(egress, `https://good.example:${server.port}/`)).kind).toBe('response');
    expect(seen.filter(({ isResumed }) => isResumed).length).toBeGreaterThanOrEqual(1);
  });

  it('trusts the roots it was given, and those alone', async () => {
    const { server } = await secureServer();
    expect(await post(egressWith({}), `https://good.example:${server.port}/`)).toMatchObject({
      kind: 'error',
      errorKind: 'tls',
      message: expect.stringContaining('UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
      phases: { connectMs: expect.any(Number), tlsMs: null },
    });
  });
});
