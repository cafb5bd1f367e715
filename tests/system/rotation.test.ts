// A secret is rotated while deliveries go out: for as long as both sign, a receiver verifies with the old one and with the new one, afterwards with
// the new one alone, by the packages that receivers use.
import { randomBytes } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { eventually, type Received } from '@posthorn/testkit';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { useProductAndReceiver } from './support/product.js';
import { call } from './support/webhooks.js';

/** Long enough for one delivery on a busy machine. */
const overlapS = 8;

const world = useProductAndReceiver();

const verifies = (Library: typeof StandardWebhook | typeof SvixWebhook, secret: string, one: Received): boolean => {
  const webhook = secret.startsWith('whsec_') ? new Library(secret) : new Library(secret, { format: 'raw' });
  try {
    webhook.verify(one.body.toString(), { ...one.headers });
    return true;
  } catch {
    return false;
  }
};
/** Whether both packages take it; throws if they disagree. */
const isSignedWith = (secret: string, one: Received): boolean => {
  const [standard, svix] = [verifies(StandardWebhook, secret, one), verifies(SvixWebhook, secret, one)];
  expect(svix).toBe(standard);
  return standard;
};
const signaturesOf = (one: Received): number => (one.headers['webhook-signature'] ?? '').split(' ').length;

/** Publishes an event and returns the request that it became at a path. */
const deliver = async (path: string): Promise<Received> => {
  const id = await world.product.api.publish({ event_type: 'a', data: { at: path } });
  return eventually(() => world.receiver.received.find((one) => one.path === path && one.headers['webhook-id'] === id), {
    timeoutMs: 15_000,
  });
};

it.each<[string, string | undefined]>([
  ['of our own', undefined],
  ['brought along as whsec_', `whsec_${randomBytes(40).toString('base64')}`],
  ['brought along as text', 'another_system~has=this+secret'],
])(
  'a secret %s signs, signs on beside the next one, and ends at its time',
  async (name, given) => {
    const path = `/${encodeURIComponent(name)}`;
    const webhook = await world.product.api.createWebhook({ url: world.receiver.url(path), ...(given !== undefined && { secret: given }) });
    const old = webhook.secret;
    if (given !== undefined) expect(old).toBe(given);
    const before = await deliver(path);
    expect([isSignedWith(old, before), signaturesOf(before)]).toEqual([true, 1]);

    const rotated = await call(world.product, 'POST', `/v1/webhooks/${webhook.id}/rotate-secret`, { overlap_s: overlapS });
    expect(rotated.previous).toEqual([{ secret: old, expires_at: expect.any(String) }]);
    const during = await deliver(path);
    expect([isSignedWith(rotated.secret, during), isSignedWith(old, during), signaturesOf(during)]).toEqual([true, true, 2]);

    // Nothing is changed at that time: the workers drop it by themselves.
    const after = await eventually(
      async () => {
        const one = await deliver(path);
        return signaturesOf(one) === 1 ? one : undefined;
      },
      { timeoutMs: 30_000, everyMs: 500 },
    );
    expect(Number(after.headers['webhook-timestamp']) * 1_000).toBeGreaterThanOrEqual(Date.parse(rotated.previous[0].expires_at) - 1_000);
    expect([isSignedWith(rotated.secret, after), isSignedWith(old, after)]).toEqual([true, false]);
  },
  90_000,
);

it('a rotation without overlap ends the old secret at once', async () => {
  const path = '/leaked';
  const { id, secret } = await world.product.api.createWebhook({ url: world.receiver.url(path) });
  const rotated = await call(world.product, 'POST', `/v1/webhooks/${id}/rotate-secret`, {
    secret: 'a_secret_from_elsewhere',
    overlap_s: 0,
  });
  expect(rotated).toEqual({ secret: 'a_secret_from_elsewhere', previous: [] });
  const one = await deliver(path);
  expect([isSignedWith(rotated.secret, one), isSignedWith(secret, one), signaturesOf(one)]).toEqual([true, false, 1]);
}, 60_000);
