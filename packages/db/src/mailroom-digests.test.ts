// Digests: exactly what was delivered since the last one, however late it is recorded, and nothing twice.
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDeliveries, addEvent } from '../tests/events.js';
import { clearMails, letTimePass, letter, newAddress, options, toldWebhook } from '../tests/mails.js';
import { createWorld, failed, flushLimits, sent, type World } from '../tests/world.js';
import { writeFlush } from './flush.js';
import type { MailroomOptions } from './mailroom.js';
import { composeDigests, type MailedDigest as Digest, type DigestBounds, enrolDigests } from './mailroom-digests.js';
import { settleStatistics } from './settling.js';

let world: World;
beforeAll(async () => {
  world = await createWorld(8);
  await world.rows('select make_partitions(current_date - 3, current_date)');
});
afterAll(() => world.drop());
beforeEach(async () => {
  await world.rows('update webhooks set notification_success = false');
  await clearMails(world);
});

const windowMs = 300_000;
const subscribed = (email: string | null = 'owner@example.com') => toldWebhook(world, email, { notification_success: true });
const enrol = () => enrolDigests(world.pool, windowMs, 100);
/** What is told when the window is over. */
const tell = async (changes: Partial<MailroomOptions> = {}, bounds?: DigestBounds): Promise<readonly Digest[]> => {
  const told: Digest[] = [];
  await letTimePass(world, windowMs + 1_000);
  const write = (digest: Digest) => {
    told.push(digest);
    return letter('digest');
  };
  while ((await composeDigests(world.pool, { ...options, ...changes }, write, bounds)).more);
  return told;
};
const deliver = (webhookId: string, eventType = 'order.placed', changes: Parameters<World['record']>[1] = {}) =>
  writeFlush(world.pool, { records: [world.record(webhookId, { eventType, ...changes })], reports: [], finished: [] }, flushLimits);
const typesOf = (digests: readonly Digest[]) =>
  digests.map(({ webhooks }) => webhooks.map(({ byType }) => Object.fromEntries(byType.map(({ eventType, count }) => [eventType, count]))));

it('tells how many were delivered by type, when, how fast, what still waits, and the newest', async () => {
  const webhookId = await subscribed();
  await enrol();
  const events = [];
  for (let n = 0; n < 12; n++)
    events.push(await addEvent(world, { eventType: n < 9 ? 'order.placed' : 'order.paid', atMs: Date.now() - 20_000 + n }));
  await addDeliveries(world, webhookId, events.slice(0, 9), 'succeeded', { eventType: 'order.placed', sent: sent({ durationMs: 12 }) });
  await addDeliveries(world, webhookId, events.slice(9), 'succeeded', { eventType: 'order.paid', sent: sent({ durationMs: 12 }) });
  await addDeliveries(world, webhookId, [await addEvent(world), await addEvent(world)], 'waiting');
  const [digest, ...others] = await tell();
  expect(others).toEqual([]);
  expect(digest).toMatchObject({ environment: 'test', more: 0 });
  expect(digest!.webhooks).toMatchObject([
    {
      webhook: { id: webhookId, tenant: 'acme' },
      byType: [
        { eventType: 'order.placed', count: 9 },
        { eventType: 'order.paid', count: 3 },
      ],
      pending: 2,
      held: 0,
      newest: events
        .slice(2)
        .reverse()
        .map((id, n) => ({ deliveryId: `${id}.${webhookId}`, eventType: n < 3 ? 'order.paid' : 'order.placed' })),
    },
  ]);
  const { firstAt, lastAt, p95Ms } = digest!.webhooks[0]!;
  expect(lastAt.getTime()).toBeGreaterThanOrEqual(firstAt.getTime());
  expect(p95Ms).toBeGreaterThan(8);
  expect(p95Ms).toBeLessThanOrEqual(16);
  const note = await world.row(
    `select n.kind, n.count, n.outcome, n.closed_at is not null as closed, n.details -> 'by_type' as types, m.kind as mail, m.address
       from notifications n join mails m on m.id = n.mail_id where webhook_id = $1`,
    [webhookId],
  );
  expect(note).toEqual({
    ...{ kind: 'deliveries_succeeded', count: 12, outcome: 'mailed', closed: true, mail: 'digest', address: 'owner@example.com' },
    types: [
      { event_type: 'order.placed', count: 9 },
      { event_type: 'order.paid', count: 3 },
    ],
  });
});

it('says nothing where nothing was delivered, and of held deliveries that they are held', async () => {
  const webhookId = await subscribed();
  await enrol();
  expect(await tell()).toEqual([]);
  await deliver(webhookId, 'order.placed', failed());
  expect(await tell()).toEqual([]);
  await deliver(webhookId);
  await world.rows('update webhook_state set paused_at = now() where webhook_id = $1', [webhookId]);
  expect((await tell())[0]!.webhooks).toMatchObject([{ pending: 0, held: 1 }]);
  expect(await tell()).toEqual([]);
});

it('tells of what came since digests were wanted, and of that which came late in the next one', async () => {
  const webhookId = await toldWebhook(world, 'owner@example.com');
  const agoMs = 10 * 60_000;
  for (const atMs of [3 * 86_400_000, agoMs]) await deliver(webhookId, 'old', { sent: sent({ startedAtMs: Date.now() - atMs }) });
  await settleStatistics(world.pool, 500);
  await deliver(webhookId, 'old', { sent: sent({ startedAtMs: Date.now() - agoMs }) });
  await world.rows('update webhooks set notification_success = true, updated_at = now() where id = $1', [webhookId]);
  await deliver(webhookId, 'new');
  // Settled before it was seen that digests are wanted.
  await settleStatistics(world.pool, 500, -60);
  await enrol();
  await deliver(webhookId, 'new');
  expect(typesOf(await tell())).toEqual([[{ new: 2 }]]);
  // A day late, after its day was settled and told.
  await deliver(webhookId, 'late', { sent: sent({ startedAtMs: Date.now() - agoMs }) });
  await settleStatistics(world.pool, 500);
  await deliver(webhookId, 'late', { sent: sent({ startedAtMs: Date.now() - 86_400_000 }) });
  expect(typesOf(await tell())).toEqual([[{ late: 2 }]]);
  expect(await tell()).toEqual([]);
});

it('counts every delivery once, whatever is settled in between', async () => {
  type Step = { readonly kind: 'deliver'; readonly type: string; readonly agoMin: number } | { readonly kind: 'settle' | 'tell' };
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('deliver' as const),
        type: fc.constantFrom('a', 'b'),
        agoMin: fc.integer({ min: 0, max: 2_000 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('settle' as const, 'tell' as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const webhookId = await subscribed(newAddress());
      await world.rows(`update webhooks set updated_at = now() - interval '2 days' where id = $1`, [webhookId]);
      await enrol();
      const [told, expected]: Record<string, number>[] = [{}, {}];
      const add = async (): Promise<void> => {
        for (const { webhooks } of await tell())
          for (const { byType } of webhooks) for (const { eventType, count } of byType) told![eventType] = (told![eventType] ?? 0) + count;
      };
      for (const each of steps)
        if (each.kind === 'deliver') {
          await deliver(webhookId, each.type, { sent: sent({ startedAtMs: Date.now() - each.agoMin * 60_000 }) });
          expected![each.type] = (expected![each.type] ?? 0) + 1;
        } else if (each.kind === 'settle') await settleStatistics(world.pool, 500, 0);
        else await add();
      await add();
      expect(told).toEqual(expected);
      await world.rows('update webhooks set notification_success = false where id = $1', [webhookId]);
    }),
    { numRuns: 25 },
  );
}, 60_000);

it('is one mail to an address in a window, of all its webhooks, the most delivered first', async () => {
  const [some, more, other] = [await subscribed(), await subscribed(), await subscribed('other@example.com')];
  await enrol();
  for (const each of [some, more, more, other]) await deliver(each);
  const bounds = { webhooksMax: 100, namedMax: 1, newestMax: 10, lookedAtMax: 200 };
  const digests = await tell({}, bounds);
  expect(digests.map(({ webhooks, more: unnamed }) => [webhooks[0]!.webhook.id, unnamed]).sort()).toEqual(
    [
      [more, 1],
      [other, 0],
    ].sort(),
  );
  // One that is new has its time while the address has had its mail.
  const late = await subscribed();
  await enrol();
  await deliver(late);
  await world.rows('update digests set due_at = now() where webhook_id = $1', [late]);
  await composeDigests(world.pool, options, () => letter());
  expect(await world.row('select count(*) as n from mails')).toEqual({ n: 2 });
  expect(await world.row('select due_at > now() as put_off from digests where webhook_id = $1', [late])).toEqual({ put_off: true });
  expect((await tell()).map(({ webhooks }) => webhooks.map(({ webhook }) => webhook.id))).toEqual([[late]]);
});

it('is written once by many composers', async () => {
  const webhooks = await Promise.all(Array.from({ length: 20 }, (_, n) => subscribed(`${n % 4}@example.com`)));
  await Promise.all([enrol(), enrol(), enrol()]);
  for (const each of webhooks) await deliver(each);
  await Promise.all(Array.from({ length: 5 }, () => tell()));
  await tell();
  expect(await world.row('select count(*) as n, sum(count)::int as delivered from notifications')).toEqual({ n: 20, delivered: 20 });
  expect(await world.row('select count(*) as n from mails')).toEqual({ n: 4 });
});

it('is kept as told to nobody where nobody can be told, and forgets who does not want it any more', async () => {
  const [alone, mute, off] = [await subscribed(null), await subscribed(), await subscribed()];
  await enrol();
  for (const each of [alone, mute, off]) await deliver(each);
  await world.rows('update webhooks set notification_success = false where id = $1', [off]);
  expect(await tell({ operatorEmail: null, canSend: false })).toEqual([]);
  const outcomes = await world.rows<{ webhook_id: string; outcome: string }>('select webhook_id, outcome from notifications');
  expect(new Map(outcomes.map((row) => [row.webhook_id, row.outcome]))).toEqual(
    new Map([
      [alone, 'nobody'],
      [mute, 'no_mail_server'],
    ]),
  );
  expect((await world.rows('select webhook_id from digests')).length).toBe(2);
});
