// Secrets at an API that has not the key with which the installation seals: nothing is stored, and it says when to come again.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { encryptionKeyId } from '@posthorn/db';
import { type ApiWorld, type Call, createApiWorld, encryptionKey } from '../../tests/api-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

const sealWith = (id: string) =>
  world.pool.query(
    `insert into deployment (queue_backend, queue_shards, encryption_key_id) values ('postgres', 2, $1)
     on conflict (only_row) do update set encryption_key_id = $1`,
    [id],
  );
const stored = async () =>
  (
    await world.pool.query(
      `select (select count(*) from webhooks) as webhooks, (select count(*) from webhook_versions) as versions,
              (select md5(string_agg(s::text, '|' order by s.id)) from webhook_secrets s) as secrets`,
    )
  ).rows[0];
const url = 'http://127.0.0.1:9/';

it('refuses what has a secret to seal, whole, and does it once the key is its own', async () => {
  const { body: webhook } = await world.call('POST', '/v1/webhooks', { body: { url } });
  const requests: readonly (readonly ['POST' | 'PATCH', string, Call])[] = [
    ['POST', '/v1/webhooks', { body: { url } }],
    ['POST', '/v1/webhooks/import', { body: { dialect: '004', webhooks: [{ target_url: url }] } }],
    ['PATCH', `/v1/webhooks/${webhook.id}`, { body: { headers: { 'x-own': 'secret' } } }],
    ['POST', `/v1/webhooks/${webhook.id}/rotate-secret`, {}],
  ];
  await sealWith('deadbeef');
  const before = await stored();
  for (const [method, path, call] of requests) {
    const { status, headers, body } = await world.call(method, path, call);
    expect([path, status, body.code, body.detail]).toEqual([
      path,
      503,
      'overloaded',
      'the encryption key is being changed; nothing was stored',
    ]);
    expect(headers['retry-after']).toMatch(/^\d+$/);
  }
  expect(await stored()).toEqual(before);
  // What seals nothing is done all the same.
  expect((await world.call('PATCH', `/v1/webhooks/${webhook.id}`, { body: { name: 'other' } })).status).toBe(200);
  await sealWith(encryptionKeyId(encryptionKey));
  for (const [method, path, call] of requests) expect((await world.call(method, path, call)).status).toBeLessThan(300);
});
