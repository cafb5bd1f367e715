import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { unsubscribeToken } from '@posthorn/core';
import { type ApiWorld, createApiWorld, encryptionKey } from '../../tests/api-world.js';
import { newWebhook } from '../../tests/past.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const ask = async (method: 'GET' | 'POST', token: string, init: RequestInit = {}) => {
  const response = await fetch(`${world.origin}/unsubscribe/${token}`, { method, ...init });
  return { status: response.status, headers: response.headers, text: await response.text() };
};
const tokenOf = (id: string): string => unsubscribeToken(encryptionKey, id);
const read = async (id: string) => (await world.call('GET', `/v1/webhooks/${id}`)).body;
const oneClick = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'List-Unsubscribe=One-Click' };
const oneClickForm = (): FormData => {
  const form = new FormData();
  form.set('List-Unsubscribe', 'One-Click');
  return form;
};
const wanted = { email: 'a@example.com', success: true, fail: true };

describe('the link in a mail', () => {
  it('asks with one button, whatever the name, and changes nothing by being opened', async () => {
    const id = await newWebhook(world, 'acme', { name: '</strong><script>"&\'', notification: wanted });
    const { status, headers, text } = await ask('GET', tokenOf(id));
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain('<bdi>&lt;/strong&gt;&lt;script&gt;&quot;&amp;&#39;</bdi>');
    expect(text.match(/<(form|button|input|script|img|link)\b[^>]*>/g)).toEqual(['<form method="post">', '<button type="submit">']);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    const style = /<style>([^<]*)<\/style>/.exec(text)?.[1] ?? '';
    expect(headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    );
    expect(await read(id)).toMatchObject({ version: 1, notification: wanted });
  });

  it('switches the e-mails off by its button, as one version, and says who did it', async () => {
    const id = await newWebhook(world, 'acme', { notification: wanted, authentication: { type: 'api_key', value: 'kept' } });
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '' };
    const done = await ask('POST', tokenOf(id), form);
    expect([done.status, done.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(done.text).toContain(`<a href="${world.origin}/webhooks/${id}">`);
    const changed = await read(id);
    expect(changed).toMatchObject({ version: 2, notification: { email: 'a@example.com', success: false, fail: false } });
    const [version] = (await world.call('GET', `/v1/webhooks/${id}/versions`)).body.data;
    expect(version).toMatchObject({ version: 2, changed_by: { key_id: null, role: 'unsubscribe link' } });
    const [entry] = (await world.call('GET', `/v1/audit?subject_id=${id}`)).body.data;
    expect(entry).toMatchObject({
      action: 'webhook.changed',
      actor: { key_id: null, role: 'unsubscribe link' },
      tenant: 'acme',
      details: { version: 2, fields: ['notification'] },
    });
    // Once more it is as it is.
    expect((await ask('POST', tokenOf(id), form)).status).toBe(200);
    expect((await read(id)).version).toBe(2);
  });

  it.each([
    ['one click of RFC 8058', oneClick],
    ['one click as multipart/form-data', { body: oneClickForm() }],
    ['nothing', {}],
    ['JSON', { headers: { 'content-type': 'application/json' }, body: '{' }],
  ] satisfies (readonly [string, RequestInit])[])('takes %s', async (_, init) => {
    const id = await newWebhook(world, 'acme', { notification: wanted });
    expect((await ask('POST', tokenOf(id), init)).status).toBe(200);
    expect((await read(id)).notification).toMatchObject({ success: false, fail: false });
  });

  it('leads nowhere if it is not whole, is of another webhook or another installation, or if the webhook is gone', async () => {
    const [id, other, gone] = [await newWebhook(world), await newWebhook(world), await newWebhook(world)];
    await world.call('DELETE', `/v1/webhooks/${gone}`);
    const [, signature = ''] = tokenOf(other).split('.');
    const tokens = [
      'x',
      id,
      `${id}.`,
      tokenOf(id).slice(0, -1),
      `${id}.${signature}`,
      unsubscribeToken(Buffer.alloc(32, 2), id),
      tokenOf(gone),
    ];
    for (const method of ['GET', 'POST'] as const)
      for (const token of tokens) {
        const { status, headers, text } = await ask(method, token);
        expect([token, status, headers.get('content-type')]).toEqual([token, 404, 'text/html; charset=utf-8']);
        expect(headers.get('content-security-policy')).toContain("default-src 'none'");
        expect(text).toContain('This link leads nowhere');
      }
    expect((await read(id)).version).toBe(1);
  });
});
