// What is not in the path: filters and cursors that name something of another tenant, on every list of the OpenAPI document that takes them; and ids of
// others in bodies.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiWorld, createApiWorld } from '../tests/api-world.js';
import { newWebhook, pastDelivery, pastEvent, pastNotification } from '../tests/past.js';

type Operation = {
  readonly parameters?: readonly { readonly name?: string; readonly in?: string }[];
  readonly security?: readonly unknown[];
};

let world: ApiWorld;
let lists: readonly { readonly path: string; readonly names: readonly string[] }[];
const strangers: string[] = [];
const own = { webhookId: '', eventId: '', replayId: '' };

beforeAll(async () => {
  world = await createApiWorld();
  const { paths } = (await world.call('GET', '/openapi.json')).body as { paths: Record<string, { readonly get?: Operation }> };
  lists = Object.entries(paths).flatMap(([path, { get }]) => {
    const names = (get?.parameters ?? []).flatMap(({ name, in: place }) => (place === 'query' && name !== undefined ? [name] : []));
    // A stream does not end, and has tests of its own.
    return path === '/v1/stream' || (get?.security ?? []).length === 0 || path.includes('{') || names.length === 0 ? [] : [{ path, names }];
  });
  for (let index = 0; index < 2; index++) {
    own.webhookId = await newWebhook(world, 'own');
    own.eventId = await pastEvent(world, 'own');
    await pastDelivery(world, own.eventId, own.webhookId, 'failed', 'own');
    await pastNotification(world, own.webhookId, 'own');
    own.replayId = (await world.call('POST', `/v1/webhooks/${own.webhookId}/recover`, {})).body.id;
  }
  strangers.push(await world.key('admin', 'other'), await world.key('admin', undefined, await world.environment('test')));
});
afterAll(() => world.close());

const marks = (): readonly string[] => Object.values(own);
const said = (text: string, value: string): readonly string[] => marks().filter((mark) => mark !== value && text.includes(mark));

it('finds the lists of the document', () => {
  expect(lists.map(({ path }) => path)).toEqual(expect.arrayContaining(['/v1/deliveries', '/v1/events', '/v1/webhooks', '/v1/replays']));
  expect(lists.flatMap(({ names }) => names)).toEqual(expect.arrayContaining(['cursor', 'webhook_id', 'tenant']));
});

it('shows nothing for a filter that names something of another', async () => {
  const values: Readonly<Record<string, () => string>> = {
    webhook_id: () => own.webhookId,
    event_id: () => own.eventId,
    replay_id: () => own.replayId,
    tenant: () => 'own',
  };
  let asked = 0;
  for (const { path, names } of lists)
    for (const name of names) {
      const value = values[name]?.();
      if (value === undefined) continue;
      const query = `${path}?${name}=${value}${names.includes('dialect') ? '&dialect=004' : ''}`;
      for (const key of strangers) {
        asked += 1;
        const { text, status } = await world.call('GET', query, { key });
        expect([query, status < 500, said(text, value)]).toEqual([query, true, []]);
      }
    }
  expect(asked).toBeGreaterThan(10);
});

it('takes no cursor that was made for another', async () => {
  let taken = 0;
  for (const { path, names } of lists) {
    if (!names.includes('cursor')) continue;
    const { body } = await world.call('GET', `${path}?limit=1`);
    if (typeof body?.next_cursor !== 'string') continue;
    taken += 1;
    for (const key of strangers) {
      const answer = await world.call('GET', `${path}?limit=1&cursor=${encodeURIComponent(body.next_cursor)}`, { key });
      expect([path, [400, 403].includes(answer.status), said(answer.text, '')]).toEqual([path, true, []]);
    }
  }
  expect(taken).toBeGreaterThan(3);
});

describe('an id of another in a body', () => {
  it.each<[string, string, () => unknown]>([
    ['a replay of its webhook', '/v1/replays', () => ({ filter: { webhook_id: own.webhookId } })],
    ['a replay of its replay', '/v1/replays', () => ({ filter: { replay_id: own.replayId } })],
    ['a replay of its tenant', '/v1/replays', () => ({ filter: { tenant: 'own' } })],
    ['a test in a dialect', '/webhook/test', () => ({ id: own.webhookId })],
  ])('%s is refused', async (_, path, body) => {
    for (const key of strangers) {
      const { status } = await world.call('POST', path, { key, body: body() });
      expect([403, 404, 422]).toContain(status);
    }
  });

  it('a replay of its event opens nothing', async () => {
    for (const key of strangers) {
      const { body } = await world.call('POST', '/v1/replays', { key, body: { filter: { event_id: own.eventId }, dry_run: true } });
      expect([body.total, body.would_open]).toEqual([0, 0]);
    }
  });
});
