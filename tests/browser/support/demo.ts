// A shop's webhooks as they come to be: some work, one is refused, one is broken, one waits, one was switched off. What the pages are walked,
// judged and pictured with; made over the API and by real deliveries.
import { type Answer, eventually, type Received } from '@posthorn/testkit';
import { call, publishMany, readWebhook, untilWebhook } from '../../system/support/webhooks.js';
import type { Console } from './console.js';

export type Demo = {
  readonly tenant: string;
  readonly eventType: string;
  /** Ids. */
  readonly webhook: string;
  readonly broken: string;
  readonly filtered: string;
  readonly event: string;
  readonly replay: string;
  readonly key: string;
  /** Keys by the role that they have. */
  readonly keys: Readonly<Record<'operator' | 'publisher' | 'viewer' | 'channel', string>>;
};

const json = { 'content-type': 'application/json' };
const answers: Readonly<Record<string, Answer>> = {
  '/warehouse/orders': { status: 200, headers: json, body: '{"received":true,"queue":"picking"}' },
  '/accounting/invoices': { status: 503, headers: json, body: '{"error":"The ledger is closed for the end of the month"}' },
  '/loyalty/points': { status: 500, headers: json, body: '{"error":"Database is being upgraded"}' },
  '/old-shop': { status: 204 },
  '/search/index': { status: 202, headers: json, body: '{"indexed":true}' },
};

/** What the receiver of a demo says. */
export const answerDemo = ({ path }: Received): Answer => answers[path] ?? {};

const tenant = 'nordic-supply';
const money = {
  type: 'object',
  required: ['amount', 'currency'],
  properties: { amount: { type: 'string' }, currency: { type: 'string' } },
};
const orderSchema = {
  type: 'object',
  required: ['order_id', 'total'],
  properties: { order_id: { type: 'string' }, total: money, items: { type: 'array', items: { type: 'object' } } },
};
const orderOf = (number: number) => ({
  order_id: `SO-${10_240 + number}`,
  total: { amount: (49.9 + number).toFixed(2), currency: 'EUR' },
  items: [
    { sku: 'LAMP-OAK-30', quantity: 1 + (number % 3) },
    { sku: 'SHELF-PINE-80', quantity: 1 },
  ],
  shipping: { method: 'standard', country: 'DK' },
});

export const seedDemo = async ({ product, receiver }: Console): Promise<Demo> => {
  const post = (path: string, body?: unknown) => call(product, 'POST', path, body);
  const publish = (event_type: string, count: number, data: (index: number) => unknown) =>
    publishMany(product, count, (index) => ({ event_type, tenant, id: `${event_type}-${index}`, data: data(index) }));
  const webhook = async (name: string, path: string, more: Readonly<Record<string, unknown>>): Promise<string> =>
    (await product.api.createWebhook({ name, url: receiver.url(path), tenant, ...more })).id;

  await makeCatalogue(post);
  const warehouse = await webhook('Warehouse', '/warehouse/orders', {
    event_types: ['order.*', 'shipment.*'],
    description: 'Picks and packs what was ordered.',
    authentication: { type: 'api_key', value: 'kept-by-the-warehouse' },
    metadata: { team: 'logistics' },
  });
  const accounting = await webhook('Accounting', '/accounting/invoices', { event_types: ['order.paid'], circuit_threshold: 1_000 });
  const loyalty = await webhook('Loyalty points', '/loyalty/points', { event_types: ['order.paid', 'customer.*'], circuit_threshold: 3 });
  const newsletter = await webhook('Newsletter', '/newsletter', { event_types: ['customer.*'] });
  const oldShop = await webhook('Old shop', '/old-shop', { event_types: ['order.*'] });
  const filtered = await webhook('Search index', '/search/index', {
    event_types: ['product.changed'],
    filter: { data: { stock: { $gt: 0 } } },
  });
  await post(`/v1/webhooks/${newsletter}/pause`);
  await post(`/v1/webhooks/${oldShop}/disable`);
  await call(product, 'PATCH', `/v1/webhooks/${warehouse}`, { timeout_ms: 5_000, retry_schedule_s: [5, 60, 600, 3_600] });
  await call(product, 'PATCH', `/v1/webhooks/${warehouse}`, { max_in_flight: 20, description: 'Picks, packs and ships what was ordered.' });

  await publish('order.placed', 24, orderOf);
  await publish('order.paid', 3, orderOf);
  await untilWebhook(product, loyalty, ({ circuit_state }) => circuit_state === 'open');
  const [event = ''] = await publish('customer.joined', 1, () => ({ customer_id: 'C-2041', plan: 'club', country: 'DK' }));
  const paid = await publishMany(product, 4, (index) => ({ event_type: 'order.paid', tenant, data: orderOf(30 + index) }));
  await publish('shipment.sent', 6, (index) => ({ order_id: `SO-${10_240 + index}`, carrier: 'ground', parcels: 1 }));
  await publish('product.changed', 5, (index) => ({ sku: `LAMP-OAK-${30 + index}`, stock: index }));
  await eventually(async () => (await readWebhook(product, warehouse)).statistics.succeeded === 37);
  await eventually(async () => (await readWebhook(product, accounting)).statistics.attempts >= 7);
  await eventually(async () => (await readWebhook(product, loyalty)).statistics.held >= 5);
  await eventually(async () => (await readWebhook(product, filtered)).statistics.succeeded === 4);
  await eventually(async () => (await call(product, 'GET', `/v1/events/${event}`)).fan_out === 'done');
  await post(`/v1/deliveries/${paid[3]}.${accounting}/cancel`);

  const replay = (await post('/v1/replays', { filter: { webhook_id: warehouse, event_type: 'shipment.sent', tenant } })).id;
  await eventually(async () => (await call(product, 'GET', `/v1/replays/${replay}`)).deliveries.succeeded === 6);
  const keys = await makeKeys(post);
  return {
    tenant,
    eventType: 'order.placed',
    webhook: warehouse,
    broken: loyalty,
    filtered,
    event: paid[0] ?? event,
    replay,
    ...keys,
  };
};

type Post = (path: string, body?: unknown) => ReturnType<typeof call>;

const makeCatalogue = async (post: Post): Promise<void> => {
  await post('/v1/tenants', { tenant, name: 'Nordic Supply', metadata: { plan: 'business', region: 'eu-north' } });
  await post('/v1/tenants', { tenant: 'blue-river', name: 'Blue River Goods', metadata: { plan: 'starter' } });
  await post('/v1/event-types', {
    name: 'order.placed',
    description: 'A customer placed an order; nothing is paid yet.',
    schema: orderSchema,
    example: orderOf(0),
  });
  for (const [name, description] of [
    ['order.paid', 'The whole amount of an order has arrived.'],
    ['shipment.sent', 'A parcel was handed to its carrier.'],
    ['product.changed', 'Price, stock or text of a product is another.'],
    ['customer.joined', 'Somebody became a member of the club.'],
  ])
    await post('/v1/event-types', { name, description });
};

const makeKeys = async (post: Post): Promise<Pick<Demo, 'key' | 'keys'>> => {
  const make = (role: string, name: string, more: object = {}) => post('/v1/api-keys', { role, name, ...more });
  const publisher = await make('publisher', 'Shop backend', { expires_at: '2099-12-31T00:00:00Z' });
  const operator = await make('operator', 'On call');
  const viewer = await make('viewer', 'Support desk');
  const channel = await make('channel', 'Nordic Supply portal', { tenant });
  const old = await make('publisher', 'Shop backend, before the move');
  await post(`/v1/api-keys/${old.id}/revoke`).catch(() => undefined);
  return { key: publisher.id, keys: { publisher: publisher.key, operator: operator.key, viewer: viewer.key, channel: channel.key } };
};
