// Receivers of the dialects' webhooks, each as its document tells people to write one, and what arrived at them.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { verify } from '@posthorn/client';
import { eventually, type Received } from '@posthorn/testkit';
import type { Product } from './product.js';
import { untilSettled } from './truth.js';
import { call } from './webhooks.js';

/** Whether a request is signed with the secret; how, is the receiver's own. */
export type Verifier = (one: Received, secret: string) => boolean;

/** Of 000, 002 and 003, whose documents name no signature: the one that all webhooks have. */
export const verifiesStandard: Verifier = ({ headers, body }, secret) => verify({ headers, body, secret }).ok;

/** Of 004: `x-truto-signature: format=sha256,v=<base64>`, the HMAC-SHA256 of the body as it came. */
export const verifiesFlat: Verifier = ({ headers, body }, secret) => {
  const expected = Buffer.from(`format=sha256,v=${createHmac('sha256', secret).update(body).digest('base64')}`);
  const given = Buffer.from(headers['x-truto-signature'] ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
};

/** Of 001: `x-commercelayer-signature`, the HMAC-SHA256 of the body as it came, as base64. */
export const verifiesCommerce: Verifier = ({ headers, body }, secret) => {
  const expected = createHmac('sha256', secret).update(body).digest('base64');
  return headers['x-commercelayer-signature'] === expected;
};

export type Event = { readonly event_type: string } & Readonly<Record<string, unknown>>;

/** Publishes the events and resolves with their ids, in order, when all of them are wherever they go. */
export const publishAll = async (product: Product, events: readonly Event[]): Promise<readonly string[]> => {
  const ids = await product.api.publishBatch(events.map((event) => ({ data: 1, ...event })));
  await untilSettled(product.pool, 20_000);
  return ids;
};

/** Which of the events arrived at a path, each once: their places in the list, in order. Throws if one came twice. */
export const arrivedAt = (received: readonly Received[], path: string, ids: readonly string[]): readonly number[] => {
  const came = received.filter((one) => one.path === path).map((one) => ids.indexOf(one.headers['webhook-id'] ?? ''));
  const places = came.filter((place) => place >= 0).sort((one, other) => one - other);
  if (new Set(places).size !== places.length) throw new Error(`at ${path} something arrived twice: ${places.join(' ')}`);
  return places;
};

/** The request that an event became at a path. */
export const untilArrived = (received: readonly Received[], path: string, id: string): Promise<Received> =>
  eventually(() => received.find((one) => one.path === path && one.headers['webhook-id'] === id), { timeoutMs: 15_000 });

export type Rotation = {
  readonly product: Product;
  readonly received: readonly Received[];
  readonly path: string;
  /** The native id. */
  readonly id: string;
  readonly event: Event;
  readonly verifies: Verifier;
};

/** The secrets of a webhook, the present one first. */
export const readSecrets = async (product: Product, id: string): Promise<readonly string[]> => {
  const { secret, previous } = await call(product, 'GET', `/v1/webhooks/${id}/secret`);
  return [secret, ...previous.map((each: { readonly secret: string }) => each.secret)];
};

export type RotationSeen = {
  readonly secrets: { readonly before: string; readonly after: string };
  /** Whether the old secret verifies before the rotation; the new and the old one afterwards. */
  readonly verified: { readonly before: boolean; readonly after: boolean; readonly oldAfter: boolean };
};

/** Delivers an event, rotates the secret, delivers another, and tells what a receiver with each of the secrets finds. */
export const rotateBetween = async ({ product, received, path, id, event, verifies }: Rotation): Promise<RotationSeen> => {
  const deliver = async (): Promise<Received> => untilArrived(received, path, await product.api.publish({ data: { n: 1.5 }, ...event }));
  const [before = ''] = await readSecrets(product, id);
  const first = await deliver();
  const { secret: after } = await call(product, 'POST', `/v1/webhooks/${id}/rotate-secret`, {});
  const second = await deliver();
  return {
    secrets: { before, after },
    verified: {
      before: verifies(first, before) && !verifies(first, after) && !verifies({ ...first, body: Buffer.from(`${first.body} `) }, before),
      after: verifies(second, after),
      oldAfter: verifies(second, before),
    },
  };
};
