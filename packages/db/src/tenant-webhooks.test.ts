import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld, type World } from '../tests/world.js';
import { createSecretBox, type SecretPurpose } from './secret-box.js';
import { loadTenantWebhooks, loadWebhook } from './tenant-webhooks.js';

let world: World;
const box = createSecretBox(randomBytes(32));
const defaults = { timeoutMs: 15_000, maxInFlight: 20, circuitThreshold: 10, retryScheduleS: [5, 300] };

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

/** Seals a secret of a webhook, with another webhook's id bound to it if one is given. */
const seal = (webhookId: string, purpose: SecretPurpose, plain: string, expires = 'null', boundTo = webhookId) => {
  const id = randomUUID();
  const { keyId, iv, ciphertext } = box.seal(plain, { rowId: id, webhookId: boundTo, purpose });
  return world.rows(
    `insert into webhook_secrets (id, environment_id, tenant_id, webhook_id, purpose, key_id, iv, ciphertext, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, ${expires})`,
    [id, world.environmentId, world.tenantId, webhookId, purpose, keyId, iv, ciphertext],
  );
};
const load = async (webhookId: string) =>
  (await loadTenantWebhooks(world.pool, world.tenantId, box, defaults)).webhooks.find((each) => each.id === webhookId)!;

describe('the webhooks of a tenant', () => {
  it("come with what a null means: the environment's setting, else the default", async () => {
    const [first, second] = [await world.webhook(), await world.webhook()];
    await world.rows('update webhooks set timeout_ms = 2000 where id = $1', [second]);
    await world.rows(`update environments set settings = '{"max_in_flight": 7, "retry_schedule_s": [1]}' where id = $1`, [
      world.environmentId,
    ]);
    expect(await load(first)).toMatchObject({ ...defaults, maxInFlight: 7, retryScheduleS: [1], rateLimited: false, filter: null });
    expect(await load(second)).toMatchObject({ ...defaults, maxInFlight: 7, retryScheduleS: [1], timeoutMs: 2_000 });
  });

  it('send with what is configured: shape, authentication, own headers, signature of the body', async () => {
    const id = await world.webhook();
    await world.rows(
      `update webhooks set payload_format = 'jsonapi', include_resources = '{r}', signature_header = '{"name": "x-s", "value": "{hex}"}' where id = $1`,
      [id],
    );
    await seal(id, 'signing', 'a-secret-of-some-length');
    await seal(id, 'authentication', '{"type":"bearer","token":"t"}');
    await seal(id, 'headers', '{"x-a":"1"}');
    const sender = (await load(id)).sender();
    expect(sender).toMatchObject({
      webhookId: id,
      shape: { payloadFormat: 'jsonapi', includeResources: ['r'] },
      authentication: ['authorization', 'Bearer t'],
      headers: { 'x-a': '1' },
      bodySignature: { template: { name: 'x-s', value: '{hex}' }, secret: 'a-secret-of-some-length' },
    });
    expect((await loadWebhook(world.pool, id, box, defaults))?.sender()).toEqual(sender);
  });

  it('sign with the current secret, and with those of a rotation until they expire', async () => {
    const id = await world.webhook();
    await seal(id, 'signing', 'now-and-always-0123456789');
    await seal(id, 'signing', 'until-tomorrow-0123456789', `now() + interval '1 day'`);
    await seal(id, 'signing', 'until-yesterday-0123456789', `now() - interval '1 day'`);
    const { currentKeys, previousKeys } = (await load(id)).sender();
    expect(currentKeys.map((key) => key.export().toString())).toEqual(['now-and-always-0123456789']);
    expect(previousKeys.map(({ key }) => key.export().toString())).toEqual(['until-tomorrow-0123456789']);
  });

  it('are loaded whatever is wrong with the secrets of one, which is told when that one is called', async () => {
    const [id, other] = [await world.webhook(), await world.webhook()];
    await seal(id, 'signing', 'a-secret-of-some-length', 'null', other);
    const webhook = await load(id);
    expect(() => webhook.sender()).toThrow();
    expect((await load(other)).sender().webhookId).toBe(other);
  });

  it('are prepared once', async () => {
    const webhook = await load(await world.webhook());
    expect(webhook.sender()).toBe(webhook.sender());
  });
});
