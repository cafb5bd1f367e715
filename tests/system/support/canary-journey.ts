// All that is done with a Posthorn, by somebody whose every secret can be told from all other texts: webhooks of all kinds, events that arrive, fail and
// are tried again, circuits, replays, rotations, dialects, what is refused, outages, crashes.
import { eventually } from '@posthorn/testkit';
import { untilSchedulerSettled } from './canary-waiting.js';
import { base64Secret, type CanaryWorld, canary } from './canary-world.js';

export type Subjects = {
  /** Native ids of webhooks, by what they are. */
  readonly webhooks: Record<string, string>;
  readonly flow: string;
  readonly cot: string;
  readonly events: readonly string[];
  readonly replay: string;
  readonly apiKey: string;
};

const expectStatus = (answer: { readonly status: number; readonly text: string }, status: number): void => {
  if (answer.status !== status) throw new Error(`the answer is ${answer.status}, not ${status}: ${answer.text}`);
};

/** A key of every role. */
export const makeKeys = async ({ ask, keys, secrets }: CanaryWorld): Promise<string> => {
  let last = '';
  for (const role of ['operator', 'publisher', 'viewer', 'channel']) {
    const { body } = await ask('POST', '/v1/api-keys', { role, name: role, ...(role === 'channel' && { tenant: 'acme' }) });
    keys[role] = body.key;
    secrets[`${role}_key`] = body.key;
    last = body.id;
  }
  const { body } = await ask('POST', '/v1/environments', { name: 'another', mode: 'test' });
  secrets.other_environment_key = body.key ?? body.admin_key ?? body.api_key;
  return last;
};

/** Webhooks with every kind of secret, of every dialect. */
export const makeWebhooks = async (world: CanaryWorld): Promise<Pick<Subjects, 'webhooks' | 'flow' | 'cot'>> => {
  const { ask, keep: secret, receiver, query } = world;
  const webhooks: Record<string, string> = {};
  const make = async (name: string, path: string, more: object): Promise<void> => {
    const notification = { email: `${name.replaceAll('_', '-')}@example.com`, success: true, fail: true };
    const url = receiver.url(`${path}?token=${query}`);
    const answer = await ask('POST', '/v1/webhooks', {
      name,
      tenant: 'acme',
      url,
      notification,
      retry_schedule_s: [1, 1],
      circuit_threshold: 1_000,
      ...more,
    });
    expectStatus(answer, 201);
    secret(`${name}_secret`, answer.body.secret);
    webhooks[name] = answer.body.id;
  };
  const header = 'x-custom';
  await make('api_key', '/echo/api-key', { authentication: { type: 'api_key', value: secret('api_key_value', canary('apikey')) } });
  await make('bearer', '/echo/bearer', { authentication: { type: 'bearer', token: secret('bearer_token', canary('bearer')) } });
  const basic = { type: 'basic', username: secret('basic_user', canary('user')), password: secret('basic_password', canary('basic')) };
  await make('basic', '/fail/basic', { authentication: basic, headers: { [header]: secret('header_value', canary('header')) } });
  await make('brought', '/echo/brought', { secret: base64Secret(), headers: { [header]: secret('other_header_value', canary('header')) } });
  await make('brought_text', '/redirect', {
    secret: canary('secret'),
    signature_header: { name: 'x-signature', value: '{hex}' },
    authentication: { type: 'bearer', token: secret('redirect_token', canary('bearer')) },
  });
  await make('reset', '/reset', { authentication: { type: 'bearer', token: secret('reset_token', canary('bearer')) } });
  await make('opening', '/fail/opening', {
    circuit_threshold: 2,
    headers: { authorization: secret('own_authorization', `Token ${canary('header')}`) },
  });
  await make('lost', '/fail/lost', { retry_schedule_s: [] });

  const url = receiver.url(`/echo/dialect?token=${query}`);
  const attributes = { name: 'commerce', topic: 'order.*', callback_url: url, shared_secret: secret('shared_secret', canary('shared')) };
  const commerce = await ask('POST', '/api/webhooks', { data: { type: 'webhooks', attributes } });
  expectStatus(commerce, 201);
  webhooks.commerce = commerce.body.data.id;
  const flat = await ask('POST', '/webhook', { target_url: url });
  expectStatus(flat, 201);
  webhooks.flat = flat.body.id;
  const flow = await ask('POST', '/compat/flow/webhooks', { client: 'acme', isActive: true, name: 'flow', url });
  expectStatus(flow, 201);
  const cot = await ask('POST', '/compat/cot/webhooks', { company: 'acme', isActive: true, trigger: 'logout-user', url, name: 'cot' });
  expectStatus(cot, 201);
  const imported = await ask('POST', '/v1/webhooks/import', {
    dialect: '001',
    tenant: 'acme',
    webhooks: [
      {
        type: 'webhooks',
        id: 'abc',
        attributes: { ...attributes, name: 'imported', shared_secret: secret('imported_secret', canary('imported')) },
      },
    ],
  });
  expectStatus(imported, 200);
  return { webhooks, flow: flow.body._id, cot: cot.body._id };
};

/** Reads the secrets that were made by the product itself. */
export const learnSecrets = async ({ ask, secrets }: CanaryWorld, webhooks: Subjects['webhooks'], when: string): Promise<void> => {
  for (const [name, id] of Object.entries(webhooks)) {
    const { body } = await ask('GET', `/v1/webhooks/${id}/secret`);
    [body.secret, ...body.previous.map((each: { readonly secret: string }) => each.secret)].forEach((secret, index) => {
      secrets[`${name}_secret_${when}_${index}`] = secret;
    });
  }
};

export const publishAll = async ({ ask, payload }: CanaryWorld): Promise<readonly string[]> => {
  const event = (n: number) => ({
    event_type: 'order.placed',
    tenant: 'acme',
    data: { note: payload, n },
    current_context: { note: payload },
    resources: { customer: { note: payload } },
  });
  const one = await ask('POST', '/v1/events', { ...event(0), id: 'order-0' });
  expectStatus(one, 202);
  const batch = await ask('POST', '/v1/events/batch', { events: Array.from({ length: 12 }, (_, n) => event(n)) }, { role: 'publisher' });
  expectStatus(batch, 202);
  return [one.body.id, ...batch.body.data.map(({ id }: { readonly id: string }) => id)];
};

/** Changes, rotations, replays and everything else that operators do. */
export const operate = async (world: CanaryWorld, webhooks: Subjects['webhooks'], events: readonly string[]): Promise<string> => {
  const { ask, secrets, query } = world;
  const done = async (...request: Parameters<CanaryWorld['ask']>) => {
    const answer = await ask(...request);
    if (answer.status >= 300) throw new Error(`${request[0]} ${request[1]}: ${answer.status} ${answer.text}`);
    return answer.body;
  };
  const { api_key = '', bearer = '', basic = '', brought = '', opening = '' } = webhooks;
  secrets.rotated_secret = canary('rotated');
  await done('POST', `/v1/webhooks/${brought}/rotate-secret`, { secret: secrets.rotated_secret });
  secrets.rotated_by_us = (await done('POST', `/v1/webhooks/${bearer}/rotate-secret`, {})).secret;
  secrets.changed_value = canary('changed');
  await done('PATCH', `/v1/webhooks/${api_key}`, {
    authentication: { type: 'api_key', header: 'x-key', value: secrets.changed_value },
    headers: { 'x-more': world.keep('changed_header', canary('changed')) },
  });
  await done('PATCH', `/v1/webhooks/${api_key}`, {
    authentication: { type: 'api_key', header: 'x-key', value: '<hidden>' },
    url: `${world.receiver.origin}/echo/again?key=${query}`,
  });
  await ask('POST', `/v1/webhooks/${api_key}/versions/2/restore`, {});
  for (const id of [api_key, bearer, basic, brought]) await done('POST', `/v1/webhooks/${id}/test`, {});
  for (const act of ['pause', 'resume', 'disable', 'enable']) await done('POST', `/v1/webhooks/${bearer}/${act}`);
  await done('POST', `/v1/webhooks/${bearer}/recover`, {});
  await done('POST', `/v1/webhooks/${opening}/reset-circuit`);
  await ask('POST', `/v1/deliveries/${events[0]}.${basic}/retry`);
  await done('POST', '/v1/explain', { event: { event_type: 'order.placed', tenant: 'acme', data: { note: world.payload } } });
  await done('POST', '/v1/event-types', { name: 'checked.type', schema: { type: 'object', properties: { note: { const: 'x' } } } });
  await done('POST', '/v1/tenants', { tenant: 'globex', email: 'globex@example.com' });
  return (await done('POST', '/v1/replays', { filter: { webhook_id: brought, event_type: 'order.placed' } })).id;
};

/** Postgres goes away under requests, and comes back; a worker dies. */
export const breakThings = async (world: CanaryWorld): Promise<void> => {
  const { ask, product, payload } = world;
  await world.killPostgres();
  for (let n = 0; n < 5; n++) {
    await ask('POST', '/v1/events', { event_type: 'order.placed', tenant: 'acme', data: { note: payload } });
    await ask('GET', '/v1/webhooks');
    await ask('POST', '/v1/webhooks', {
      url: world.receiver.url(`/?token=${world.query}`),
      authentication: { type: 'bearer', token: world.keep(`lost_token_${n}`, canary('bearer')) },
    });
    await ask('GET', '/readyz');
  }
  await world.restartPostgres();
  await eventually(async () => (await ask('GET', '/v1/webhooks')).status === 200, { timeoutMs: 30_000 });
  await product.workers[0]?.kill('SIGKILL');
  await product.startWorker();
  await world.redis.restart();
  await eventually(
    async () => (await ask('POST', '/v1/events', { event_type: 'order.placed', tenant: 'acme', data: { note: payload } })).status === 202,
  );
  await untilSchedulerSettled(product);
};
