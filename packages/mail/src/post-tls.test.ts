import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type MailServer, startMailServer } from '@posthorn/testkit';
import { createPost, type Sent } from './post.js';

// Made for this test alone: signed by itself, for mail.example and 127.0.0.1.
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6A5yQi5tUQdc3ofu
hMyXzaF/JFfvwZFMvI7PXifDzIihRANCAATVXfV1CP8fgliAM3dk+0/NBQzaUUZ2
vRvHe1iM9m2eb5EAmwfldSkn7+ZUeyj3ug5m4rUo/wDxNqlHU3SarkKA
-----END PRIVATE KEY-----`;
const cert = `-----BEGIN CERTIFICATE-----
MIIBpTCCAUqgAwIBAgIUGLgmxOOh378L+kYojPqZbCndgVAwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMbWFpbC5leGFtcGxlMCAXDTI2MTEyMzAyNTI1OVoYDzIxMjYx
MDMwMDI1MjU5WjAXMRUwEwYDVQQDDAxtYWlsLmV4YW1wbGUwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAATVXfV1CP8fgliAM3dk+0/NBQzaUUZ2vRvHe1iM9m2eb5EA
mwfldSkn7+ZUeyj3ug5m4rUo/wDxNqlHU3SarkKAo3IwcDAdBgNVHQ4EFgQUWgZ1
4jZMcl0vgle4mdfPirHSsqUwHwYDVR0jBBgwFoAUWgZ14jZMcl0vgle4mdfPirHS
sqUwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHREEFjAUggxtYWlsLmV4YW1wbGWHBH8A
AAEwCgYIKoZIzj0EAwIDSQAwRgIhAO8+vNwtAg6tsiQ+mg9zFvXXDkr0v3qzXok6
PStc/K8yAiEA7JGwdq8ir8tC+IIc3E2oSRlRo3zhqrdsF0jOYOBbShs=
-----END CERTIFICATE-----`;

let server: MailServer;
beforeAll(async () => {
  server = await startMailServer({ tls: { key, cert }, login: { user: 'me', password: 'secret' } });
});
afterAll(() => server.stop());

const send = async (smtpUrl: string): Promise<Sent> => {
  const post = createPost({ smtpUrl, from: 'posthorn@hooks.example' });
  const sent = await post.send({
    id: 'm1',
    address: 'owner@acme.example',
    subject: 'Hello',
    text: 'Hello',
    html: '<p>Hello</p>',
    headers: {},
  });
  post.close();
  return sent;
};

it('goes over TLS to a server whose certificate is known, or need not be', async () => {
  expect(await send(`${server.url}?tls.rejectUnauthorized=false`)).toEqual({ kind: 'sent' });
  expect(server.mails).toMatchObject([{ to: ['owner@acme.example'], parsed: { subject: 'Hello' } }]);
});

it('tells nothing to a server that anybody may be', async () => {
  server.clear();
  expect(await send(server.url)).toMatchObject({ kind: 'later', error: expect.stringContaining('self-signed') });
  expect(server.mails).toEqual([]);
});

it('does not go without TLS where that is asked for', async () => {
  const plain = await startMailServer();
  expect(await send(`${plain.url}?requireTLS=true`)).toMatchObject({ kind: 'later' });
  expect(plain.mails).toEqual([]);
  await plain.stop();
});
