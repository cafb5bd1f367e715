// Two tenants that have everything in common but the tenant: what belongs to one never reaches the other.
import { expect, it } from '@jest/globals';
import { eventually } from '@posthorn/testkit';
import { inParallel } from './support/api-client.js';
import { useProductAndReceiver } from './support/product.js';
import { untilQuiet } from './support/truth.js';

const tenants = ['acme', 'globex'] as const;
const events = 40;

const world = useProductAndReceiver();

it('with the same name, code, URL path and events never cross', async () => {
  const { api, pool } = world.product;
  const secrets = new Map<string, string>();
  for (const tenant of tenants) {
    const { secret } = await api.createWebhook({
      url: world.receiver.url(`/${tenant}`),
      tenant,
      name: 'Orders',
      code: 'orders',
      event_types: ['a'],
    });
    secrets.set(tenant, secret);
  }
  expect(new Set(secrets.values()).size).toBe(2);
  // The same source ids too: a key of idempotency is its tenant's own.
  const ids = await inParallel(events * 2, 8, async (index) => {
    const tenant = tenants[index % 2] ?? 'acme';
    const id = await api.publish({ event_type: 'a', tenant, id: `order-${Math.floor(index / 2)}`, data: { tenant } });
    return { tenant, id };
  });
  await eventually(() => world.receiver.count() >= events * 2);
  await untilQuiet(pool);
  expect(new Set(ids.map(({ id }) => id)).size).toBe(events * 2);
  for (const tenant of tenants) {
    const arrived = world.receiver.received.filter(({ path }) => path === `/${tenant}`);
    expect(arrived.map(({ headers }) => headers['webhook-id']).sort()).toEqual(
      ids
        .filter((one) => one.tenant === tenant)
        .map(({ id }) => id)
        .sort(),
    );
    for (const { body } of arrived) expect(JSON.parse(body.toString()).data).toEqual({ tenant });
  }
  const list = await api.get('/v1/webhooks?code=orders');
  expect(list.body.data.map((one: { tenant: string }) => one.tenant).sort()).toEqual([...tenants]);
});
