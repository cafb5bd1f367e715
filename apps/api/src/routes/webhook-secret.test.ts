import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSecretBox, loadTenantWebhooks } from '@posthorn/db';
import { type ApiWorld, createApiWorld, encryptionKey } from '../../tests/api-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

type Made = { readonly id: string; readonly secret: string };
const create = async (tenant: string, fields: Record<string, unknown> = {}): Promise<Made> =>
  (await world.call('POST', '/v1/webhooks', { body: { tenant, url: 'http://127.0.0.1:9/', ...fields } })).body;
const rotate = (id: string, body?: unknown, key?: string) =>
  world.call('POST', `/v1/webhooks/${id}/rotate-secret`, { ...(body !== undefined && { body }), ...(key !== undefined && { key }) });
const rows = async (text: string, ...values: unknown[]) => (await world.pool.query(text, values)).rows;
const secretsOf = async (id: string) => (await world.call('GET', `/v1/webhooks/${id}/secret`)).body;
/** What a worker would sign with. */
const loaded = async (tenant: string) => {
  const defaults = { timeoutMs: 1, maxInFlight: 1, circuitThreshold: 1, retryScheduleS: [] };
  const { version, webhooks } = await loadTenantWebhooks(
    world.pool,
    await world.tenantId(tenant),
    createSecretBox(encryptionKey),
    defaults,
  );
  return { version, sender: webhooks[0]?.sender() };
};
const shift = (id: string, text: string) =>
  rows(`update webhook_secrets set expires_at = expires_at + $2::interval where webhook_id = $1 and expires_at is not null`, id, text);

describe('rotating a secret', () => {
  it('makes a new one; the old one signs on for a day; it is no version, but every worker loads it', async () => {
    const { id, secret } = await create('acme');
    const before = await world.call('GET', `/v1/webhooks/${id}`);
    const { version } = await loaded('acme');
    const startedMs = Date.now();
    const answer = await rotate(id);
    expect(answer.status).toBe(200);
    expect(answer.body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(answer.body.secret).not.toBe(secret);
    expect(answer.body.previous).toEqual([{ secret, expires_at: expect.any(String) }]);
    const overlapMs = Date.parse(answer.body.previous[0].expires_at) - startedMs;
    expect(Math.abs(overlapMs - 86_400_000)).toBeLessThan(60_000);
    expect(await secretsOf(id)).toEqual(answer.body);
    const after = await world.call('GET', `/v1/webhooks/${id}`);
    expect([after.body, after.headers.etag]).toEqual([before.body, before.headers.etag]);
    const next = await loaded('acme');
    expect(next.version).toBe(version + 1);
    expect([next.sender?.currentKeys.length, next.sender?.previousKeys.length]).toEqual([1, 1]);
  });

  it.each<[string, RegExp]>([
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', /^whsec_[A-Za-z0-9+/]{32}$/],
    ['d41d8cd98f00b204e9800998ecf8427e', /^[0-9a-f]{32}$/],
    ['0f8fad5b-d9cb-469f-a165-70867728950e', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    ['a plain secret?!'.replaceAll(' ', '_'), /^[A-Za-z0-9]{16}$/],
  ])('keeps the form of %s', async (secret, form) => {
    const { id } = await create('forms', { secret });
    const { body } = await rotate(id);
    expect(body.secret).toMatch(form);
    expect(body.previous.map((each: { secret: string }) => each.secret)).toEqual([secret]);
  });

  it('takes one that is brought along, ends the others at once without overlap, and takes one back', async () => {
    const { id, secret } = await create('brought');
    const given = 'd41d8cd98f00b204e9800998ecf8427e';
    expect((await rotate(id, { secret: given, overlap_s: 60 })).body).toMatchObject({ secret: given, previous: [{ secret }] });
    expect((await rotate(id, { secret })).body).toMatchObject({ secret, previous: [{ secret: given }] });
    const ended = await rotate(id, { overlap_s: 0 });
    expect(ended.body).toEqual({ secret: ended.body.secret, previous: [] });
    expect(await rows('select purpose from webhook_secrets where webhook_id = $1', id)).toHaveLength(1);
    expect((await loaded('brought')).sender?.previousKeys).toEqual([]);
  });

  it('to the present one conflicts, and leaves all as it was', async () => {
    const { id, secret } = await create('same');
    const answer = await rotate(id, { secret });
    expect(answer).toMatchObject({ status: 409, body: { code: 'conflict', errors: [{ pointer: '/secret', code: 'conflict' }] } });
    expect(await secretsOf(id)).toEqual({ secret, previous: [] });
  });

  it('leaves at most five beside the new one, until they have expired', async () => {
    const { id } = await create('many');
    for (let round = 0; round < 5; round++) expect((await rotate(id)).status).toBe(200);
    const full = await secretsOf(id);
    expect(full.previous).toHaveLength(5);
    expect(await rotate(id)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await secretsOf(id)).toEqual(full);
    // One that stands among them already takes no further place.
    expect((await rotate(id, { secret: full.previous[2].secret })).status).toBe(200);
    await shift(id, '-2 days');
    expect((await rotate(id)).body.previous).toHaveLength(1);
    expect(await rows('select id from webhook_secrets where webhook_id = $1', id)).toHaveLength(2);
  });

  it('twice at once is two rotations, one after the other', async () => {
    const { id, secret } = await create('twice');
    const answers = await Promise.all([rotate(id), rotate(id)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const { secret: now, previous } = await secretsOf(id);
    const all = [now, ...previous.map((each: { secret: string }) => each.secret)];
    expect(all.sort()).toEqual([secret, ...answers.map(({ body }) => body.secret)].sort());
  });

  it('is written down, without a secret', async () => {
    const { id, secret } = await create('audited');
    const key = await world.key('channel', 'audited');
    const { body } = await rotate(id, { overlap_s: 3600 }, key);
    const audit = await rows(`select * from audit_log where subject_id = $1 and action = 'webhook.secret_rotated'`, id);
    expect(audit).toEqual([expect.objectContaining({ actor: 'channel', subject_kind: 'webhook', details: { overlap_s: 3600 } })]);
    const timeline = await world.call('GET', `/v1/webhooks/${id}/timeline`);
    expect(timeline.body.data).toEqual([
      expect.objectContaining({ kind: 'secret_rotated', details: { by: 'channel', key_id: expect.any(String), overlap_s: 3600 } }),
    ]);
    const written = JSON.stringify(audit) + timeline.text;
    for (const each of [secret, body.secret]) expect(written).not.toContain(each);
  });

  it.each<[string, unknown, string, string]>([
    ['a short secret', { secret: 'short' }, 'invalid_field', '/secret'],
    ['a public key', { secret: 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=' }, 'invalid_field', '/secret'],
    ['a wrong base64', { secret: 'whsec_%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%' }, 'invalid_field', '/secret'],
    ['an overlap of more than a week', { overlap_s: 604_801 }, 'invalid_field', '/overlap_s'],
    ['an overlap before now', { overlap_s: -1 }, 'invalid_field', '/overlap_s'],
    ['half a second', { overlap_s: 0.5 }, 'invalid_field', '/overlap_s'],
    ['an overlap as text', { overlap_s: '60' }, 'invalid_field', '/overlap_s'],
    ['an unknown field', { overlap: 60 }, 'unknown_field', '/overlap'],
    ['a list', [], 'invalid_field', ''],
  ])('with %s is refused, and changes nothing', async (_, body, code, pointer) => {
    const { id, secret } = await create('refused');
    const answer = await rotate(id, body);
    expect(answer).toMatchObject({ status: 422, body: { code, errors: [{ pointer }] } });
    expect(await secretsOf(id)).toEqual({ secret, previous: [] });
  });

  it('of a webhook that is not there, or not yours, is not found', async () => {
    const { id, secret } = await create('mine');
    expect((await rotate(id, {}, await world.key('channel', 'theirs'))).status).toBe(404);
    expect((await rotate(world.newId())).status).toBe(404);
    expect(await secretsOf(id)).toEqual({ secret, previous: [] });
    await world.call('DELETE', `/v1/webhooks/${id}`);
    expect((await rotate(id)).status).toBe(404);
    expect(await rows('select id from webhook_secrets where webhook_id = $1', id)).toEqual([]);
  });
});
