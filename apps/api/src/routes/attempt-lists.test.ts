// The attempts of one event and of one delivery; those of a webhook are told beside the lists of deliveries.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { attemptKindCodes } from '@posthorn/core';
import { type ApiWorld, createApiWorld } from '../../tests/api-world.js';
import { newWebhook, pastDelivery, pastEvent } from '../../tests/past.js';

let world: ApiWorld;
let eventId: string;
/** In the order in which they are listed. */
let webhookIds: readonly string[];

const addAttempt = async (webhookId: string, n: number, kind: number, ok: boolean) =>
  world.pool.query(
    `insert into attempts (environment_id, tenant_id, event_id, webhook_id, n, kind, webhook_version, started_at, ok, duration_ms)
     values ($1, $2, $3, $4, $5, $6, 1, now(), $7, 1)`,
    [world.environmentId, await world.tenantId('acme'), eventId, webhookId, n, kind, ok],
  );
const get = (path: string, key?: string) => world.call('GET', path, key === undefined ? {} : { key });
/** `<which webhook> <number>` */
const attemptsOf = async (path: string, key?: string): Promise<readonly string[]> =>
  (await get(path, key)).body.data.map(
    ({ webhook_id, attempt }: { webhook_id: string; attempt: number }) => `${webhookIds.indexOf(webhook_id)} ${attempt}`,
  );

beforeAll(async () => {
  world = await createApiWorld();
  eventId = await pastEvent(world);
  webhookIds = [await newWebhook(world), await newWebhook(world), await newWebhook(world)].sort().reverse();
  for (const webhookId of webhookIds) await pastDelivery(world, eventId, webhookId, 'failed');
  await addAttempt(webhookIds[1]!, 2, attemptKindCodes.retry, false);
  await addAttempt(webhookIds[1]!, 4, attemptKindCodes.manual, true);
  // What is of another event, is of no list here.
  const other = await pastEvent(world);
  await pastDelivery(world, other, webhookIds[1]!, 'succeeded');
});
afterAll(() => world.close());

it('lists the attempts of an event webhook by webhook, in the order of its deliveries, the newest first', async () => {
  expect(await attemptsOf(`/v1/events/${eventId}/attempts`)).toEqual(['0 1', '1 4', '1 2', '1 1', '2 1']);
  const { body } = await get(`/v1/events/${eventId}/deliveries`);
  expect(body.data.map((each: { webhook_id: string }) => each.webhook_id)).toEqual(webhookIds);
});

it('lists the attempts of a delivery, the newest first', async () => {
  expect(await attemptsOf(`/v1/deliveries/${eventId}.${webhookIds[1]}/attempts`)).toEqual(['1 4', '1 2', '1 1']);
});

it.each([
  ['kind=retry', ['1 2']],
  ['kind=first&succeeded=true', []],
  ['succeeded=true', ['1 4']],
])('narrows both by %s', async (query, expected) => {
  expect(await attemptsOf(`/v1/deliveries/${eventId}.${webhookIds[1]}/attempts?${query}`)).toEqual(expected);
  expect(await attemptsOf(`/v1/events/${eventId}/attempts?webhook_id=${webhookIds[1]}&${query}`)).toEqual(expected);
});

it('goes page by page, under the same query only', async () => {
  const walked: string[] = [];
  let cursor = '';
  do {
    const path = `/v1/events/${eventId}/attempts?limit=2${cursor}`;
    walked.push(...(await attemptsOf(path)));
    const { next_cursor: next } = (await get(path)).body;
    cursor = next === null ? '' : `&cursor=${next}`;
    if (next === null) continue;
    for (const other of [
      `/v1/events/${eventId}/attempts?limit=2&succeeded=false${cursor}`,
      `/v1/webhooks/${webhookIds[1]}/attempts?x${cursor}`,
    ])
      expect((await get(other.replace('x&', ''))).body.code).toBe('invalid_cursor');
  } while (cursor !== '');
  expect(walked).toEqual(['0 1', '1 4', '1 2', '1 1', '2 1']);
  const first = (await get(`/v1/deliveries/${eventId}.${webhookIds[1]}/attempts?limit=2`)).body;
  expect(first.data).toHaveLength(2);
  expect(await attemptsOf(`/v1/deliveries/${eventId}.${webhookIds[1]}/attempts?limit=2&cursor=${first.next_cursor}`)).toEqual(['1 1']);
  expect((await get(`/v1/deliveries/${eventId}.${webhookIds[0]}/attempts?cursor=${first.next_cursor}`)).body.code).toBe('invalid_cursor');
});

it('knows nothing of what is not there, or not in reach', async () => {
  const [channel, foreign] = [await world.key('channel', 'acme'), await world.key('channel', 'globex')];
  const paths = [`/v1/events/${eventId}/attempts`, `/v1/deliveries/${eventId}.${webhookIds[0]}/attempts`];
  for (const path of paths) {
    expect((await get(path, channel)).status).toBe(200);
    expect((await get(path, foreign)).status).toBe(404);
  }
  for (const id of [`${world.newId()}.${webhookIds[0]}`, `${eventId}.${world.newId()}`, eventId, `${eventId}.x`])
    expect((await get(`/v1/deliveries/${id}/attempts`)).status).toBe(404);
  expect((await get(`/v1/events/${world.newId()}/attempts`)).status).toBe(404);
  expect((await get(`/v1/deliveries/${eventId}.${webhookIds[0]}/attempts?webhook_id=${webhookIds[0]}`)).body.code).toBe('invalid_request');
});
