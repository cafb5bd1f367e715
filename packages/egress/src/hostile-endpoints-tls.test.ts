// Endpoints whose TLS goes wrong, in the handshake and after it. None of them sees the request before its certificate was good.

import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { eventually, type RawScript, startRawServer } from '@posthorn/testkit';
import { rootCertificate, tlsServer } from '../tests/certificates.js';
import { egressFor, okAnswer, post, stopAfterTest } from '../tests/harness.js';
import { connectTimeoutMs, type HostileCase, says, saysAnd, testHostile } from '../tests/hostile.js';

const refused = (does: string, tls: HostileCase['tls'], code: string, host = 'good.example'): HostileCase => ({
  does,
  tls: tls!,
  host,
  script: says(okAnswer),
  expected: { error: 'tls', says: new RegExp(`^The TLS handshake failed \\(${code}`) },
});
const afterwards = (does: string, script: HostileCase['script'], expected: HostileCase['expected']): HostileCase => ({
  does,
  tls: tlsServer.valid,
  script,
  expected,
});

describe('a TLS endpoint that', () => {
  testHostile([
    refused('has an expired certificate', tlsServer.expired, 'CERT_HAS_EXPIRED'),
    refused('has a certificate that is not valid yet', tlsServer.early, 'CERT_NOT_YET_VALID'),
    refused('signed its certificate itself', tlsServer.selfSigned, 'DEPTH_ZERO_SELF_SIGNED_CERT'),
    refused("has another host's certificate", tlsServer.valid, 'ERR_TLS_CERT_ALTNAME_INVALID', 'other.example'),
    refused(
      'knows no such server name',
      { ...tlsServer.valid, SNICallback: (_name, done) => done(new Error('unknown')) },
      'ERR_SSL_|ECONNRESET',
    ),
    refused(
      'speaks TLS 1.0 alone',
      { ...tlsServer.valid, minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' },
      'ERR_SSL_',
    ),
    refused(
      'speaks TLS 1.1 alone',
      { ...tlsServer.valid, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
      'ERR_SSL_',
    ),
    refused('shares no protocol above TLS', { ...tlsServer.valid, ALPNProtocols: ['h2'] }, 'ERR_SSL_'),
    refused('has a certificate chain of 1 MB', tlsServer.endlessChain, 'ERR_SSL_'),
    {
      does: 'wants a client certificate (TLS 1.2)',
      tls: { ...tlsServer.valid, requestCert: true, rejectUnauthorized: true, ca: rootCertificate, maxVersion: 'TLSv1.2' },
      script: says(okAnswer),
      expected: { error: ['tls', 'reset'] },
    },
    {
      does: 'wants a client certificate (TLS 1.3)',
      tls: { ...tlsServer.valid, requestCert: true, rejectUnauthorized: true, ca: rootCertificate },
      script: says(okAnswer),
      expected: { error: ['tls', 'reset'] },
    },
    afterwards('closes after the handshake', ['end'], { error: 'reset' }),
    afterwards('resets after the request', ['request', 'reset'], { error: 'reset' }),
    afterwards('never answers', ['hold'], { error: 'timeout', says: /complete answer/ }),
    afterwards('resets within the body', saysAnd('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello', { pauseMs: 20 }, 'reset'), {
      status: 200,
      body: 'hello',
      bodyError: /closed/,
    }),
  ]);

  it.each([
    ['stalls in the handshake', ['hold'], 'timeout', `No connection within ${connectTimeoutMs} ms.`],
    [
      'stalls half-way through the handshake',
      ['bytes', { send: Buffer.from('160303007a', 'hex') }, 'hold'],
      'timeout',
      'No connection within',
    ],
    ['drips its handshake', ['bytes', { forever: Buffer.from('16', 'hex'), everyMs: 20 }], 'tls|timeout', ''],
    ['resets in the handshake', ['bytes', 'reset'], 'tls', 'ECONNRESET'],
    ['closes in the handshake', ['bytes', 'end'], 'tls', 'ECONNRESET'],
    ['answers in clear', ['bytes', { send: 'HTTP/1.1 400 Bad Request\r\n\r\n' }, 'end'], 'tls', 'ERR_SSL_'],
    ['sends an alert', ['bytes', { send: Buffer.from('15030300020228', 'hex') }, 'end'], 'tls', 'ERR_SSL_'],
    ['sends no TLS without end', ['bytes', { forever: Buffer.alloc(65_536, 'x') }], 'tls', ''],
  ] as const)('%s is an error', async (_does, script, errorKind, text) => {
    const server = stopAfterTest(await startRawServer({ script }));
    const limitMs = errorKind.includes('timeout') ? connectTimeoutMs : 5_000;
    const egress = egressFor('127.0.0.1', { connectTimeoutMs: limitMs, ca: rootCertificate });
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => post(egress, `https://127.0.0.1:${server.port}/`)));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        kind: 'error',
        errorKind: expect.stringMatching(`^(${errorKind})$`),
        message: expect.stringContaining(text),
        phases: { connectMs: expect.any(Number), tlsMs: null },
      });
    }
    await eventually(() => server.open() === 0);
  });

  it('asks to negotiate again before each answer is served', async () => {
    let renegotiated = 0;
    const script: RawScript = (_connection, socket) => {
      const ask = () => {
        if (!socket.destroyed) (socket as TLSSocket).renegotiate({}, (error) => (renegotiated += error === null ? 1 : 0));
      };
      socket.prependListener('data', ask);
      return ['request', { pauseMs: 20 }, { send: okAnswer }, 'again'];
    };
    const server = stopAfterTest(await startRawServer({ tls: { ...tlsServer.valid, maxVersion: 'TLSv1.2' }, script }));
    const egress = egressFor('127.0.0.1', { ca: rootCertificate, connectionsPerOrigin: 1 });
    for (let i = 0; i < 3; i++) expect(await post(egress, `https://127.0.0.1:${server.port}/`)).toMatchObject({ kind: 'response' });
    expect(renegotiated).toBeGreaterThan(0);
  });

  it('has a bad certificate never sees a request', async () => {
    for (const tls of [tlsServer.expired, tlsServer.early, tlsServer.selfSigned]) {
      const server = stopAfterTest(await startRawServer({ tls, script: says(okAnswer) }));
      await post(egressFor('127.0.0.1', { ca: rootCertificate }), `https://127.0.0.1:${server.port}/`);
      expect(server.requests).toEqual([]);
    }
  });
});
