// Composing: who is told, when, in how many mails.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { storedStatusCodes } from '@posthorn/core';
import { clearMails, composeAll, letTimePass, letter, newAddress, note, notesOf, options, toldWebhook } from '../tests/mails.js';
import { createWorld, failed, flushLimits, type World } from '../tests/world.js';
import { writeFlush } from './flush.js';
import { composeMails, type MailedTrouble } from './mailroom.js';

let world: World;
beforeAll(async () => {
  world = await createWorld(8);
});
afterAll(() => world.drop());
beforeEach(() => clearMails(world));

const mails = () =>
  world.rows<{ address: string; subject: string; status: string; error: string | null }>(
    'select address, subject, status, error from mails order by id',
  );
const kindsOf = (told: readonly MailedTrouble[]) =>
  told.map(({ webhooks }) => webhooks.map(({ webhook, facts }) => [webhook.id, facts.map(({ kind, count }) => `${kind} ${count}`)]));
/** Makes deliveries fail for good, as the flush tells it. */
const lose = (webhookId: string, count = 1) => {
  const lost = { ...failed(), status: storedStatusCodes.failed, reason: 13, dueInMs: null, threshold: 1_000 };
  return writeFlush(
    world.pool,
    { records: Array.from({ length: count }, () => world.record(webhookId, lost)), reports: [], finished: [] },
    flushLimits,
  );
};

describe('what is to be told', () => {
  it('is gathered for a while, then told in one mail, with its counts and the data of the last', async () => {
    const webhookId = await toldWebhook(world, 'owner@example.com', { name: 'Orders' });
    await note(world, webhookId, 'circuit_opened', 4);
    await note(world, webhookId, 'delivery_failed', 3, 7);
    expect(await composeAll(world)).toEqual([]);
    expect(await notesOf(world, webhookId)).toMatchObject([{ outcome: null }, { outcome: null }]);
    await letTimePass(world, 2_500);
    const told = await composeAll(world);
    expect(told).toMatchObject([
      {
        environment: 'test',
        more: 0,
        webhooks: [
          {
            webhook: { id: webhookId, name: 'Orders', url: 'http://127.0.0.1:9/', tenant: 'acme' },
            facts: [
              { kind: 'circuit_opened', count: 1, details: { webhook_id: webhookId } },
              { kind: 'delivery_failed', count: 7, firstAt: expect.any(Date), lastAt: expect.any(Date) },
            ],
          },
        ],
      },
    ]);
    expect(await mails()).toEqual([{ address: 'owner@example.com', subject: 'trouble', status: 'waiting', error: null }]);
    expect((await notesOf(world, webhookId)).map(({ outcome, address }) => [outcome, address])).toEqual(
      Array.from({ length: 2 }, () => ['mailed', 'owner@example.com']),
    );
  });

  it('waits while its address had a mail in the window, is counted on, and then goes in one mail', async () => {
    const [first, second] = [await toldWebhook(world, 'owner@example.com'), await toldWebhook(world, 'owner@example.com')];
    const other = await toldWebhook(world, 'other@example.com');
    await note(world, first);
    expect(await composeAll(world)).toHaveLength(1);
    for (const each of [first, second, other, first]) await note(world, each);
    // Another address has a window of its own.
    expect(kindsOf(await composeAll(world))).toEqual([[[other, ['delivery_failed 1']]]]);
    await note(world, second, 'delivery_failed', 0);
    await letTimePass(world, 280_000);
    expect(await composeAll(world)).toEqual([]);
    await letTimePass(world, 21_000);
    expect(
      kindsOf(await composeAll(world))
        .flat()
        .sort(),
    ).toEqual(
      [
        [first, ['delivery_failed 2']],
        [second, ['delivery_failed 2']],
      ].sort(),
    );
  });

  it('goes to the address of its webhook, else of its tenant, else of the operator, else to nobody', async () => {
    await world.rows(`update tenants set email = 'tenant@example.com' where id = $1`, [world.tenantId]);
    const webhookId = await toldWebhook(world, 'webhook@example.com');
    await note(world, webhookId);
    await composeAll(world);
    await world.rows('update webhooks set notification_email = null where id = $1', [webhookId]);
    await note(world, webhookId);
    await composeAll(world);
    await world.rows('update tenants set email = null where id = $1', [world.tenantId]);
    await note(world, webhookId);
    await composeAll(world);
    await note(world, webhookId);
    await composeAll(world, { operatorEmail: null });
    expect((await notesOf(world, webhookId)).map(({ outcome, address }) => [outcome, address])).toEqual([
      ['mailed', 'webhook@example.com'],
      ['mailed', 'tenant@example.com'],
      ['mailed', 'operator@example.com'],
      ['nobody', null],
    ]);
  });

  it('is closed unsent where it is switched off, and where there is no mail server', async () => {
    const [off, on, alone] = [
      await toldWebhook(world, newAddress(), { notification_fail: false }),
      await toldWebhook(world, newAddress()),
      await toldWebhook(world),
    ];
    for (const each of [off, on, alone]) await note(world, each);
    expect(await composeAll(world, { canSend: false, operatorEmail: null })).toEqual([]);
    const outcomes = await Promise.all([off, on, alone].map(async (id) => (await notesOf(world, id))[0]?.outcome));
    expect(outcomes).toEqual(['switched_off', 'no_mail_server', 'nobody']);
    expect(await mails()).toEqual([]);
  });

  it('is told of a webhook that was deleted, and of no tenant that is being erased', async () => {
    const deleted = await toldWebhook(world, newAddress());
    await note(world, deleted, 'webhook_disabled');
    await world.rows('update webhooks set deleted_at = now() where id = $1', [deleted]);
    expect(kindsOf(await composeAll(world))).toEqual([[[deleted, ['webhook_disabled 1']]]]);
    await note(world, deleted);
    await world.rows('update tenants set erasing_at = now() where id = $1', [world.tenantId]);
    expect(await composeAll(world)).toEqual([]);
    await world.rows('update tenants set erasing_at = null where id = $1', [world.tenantId]);
    expect((await notesOf(world, deleted)).map(({ outcome }) => outcome)).toEqual(['mailed', 'nobody']);
  });

  it('is told by one of many composers', async () => {
    const webhooks = await Promise.all(Array.from({ length: 30 }, (_, n) => toldWebhook(world, `${n % 3}@example.com`)));
    for (const each of webhooks) await note(world, each);
    const all = await Promise.all(Array.from({ length: 6 }, () => composeAll(world)));
    // Who found the mailroom taken did nothing.
    const told = [...all.flat(), ...(await composeAll(world))];
    expect(told).toHaveLength(3);
    expect(
      kindsOf(told)
        .flat()
        .map(([id]) => id)
        .sort(),
    ).toEqual([...webhooks].sort());
    expect(await mails()).toHaveLength(3);
  });

  it('in more addresses than a transaction takes is told by the next ones', async () => {
    for (let n = 0; n < 7; n++) await note(world, await toldWebhook(world, `${n}@example.com`));
    const bounds = { rowsMax: 100, mailsMax: 3, namedMax: 50 };
    expect(await composeMails(world.pool, options, () => letter(), bounds)).toMatchObject({ mails: 3, more: true });
    expect(await composeAll(world, {}, bounds)).toHaveLength(4);
    expect(new Set((await mails()).map(({ address }) => address)).size).toBe(7);
  });

  it('is in no way of others when its letter cannot be written', async () => {
    const [bad, good] = [await toldWebhook(world, 'bad@example.com'), await toldWebhook(world, 'good@example.com')];
    for (const each of [bad, good]) await note(world, each);
    const failure = new Error('no words');
    const write = ({ webhooks }: MailedTrouble) => {
      if (webhooks[0]?.webhook.id === bad) throw failure;
      return letter();
    };
    expect(await composeMails(world.pool, options, write)).toEqual({ mails: 1, closed: 2, more: false, errors: [failure] });
    expect(await mails()).toEqual(
      expect.arrayContaining([
        { address: 'bad@example.com', subject: '', status: 'failed', error: 'the mail could not be written' },
        { address: 'good@example.com', subject: 'trouble', status: 'waiting', error: null },
      ]),
    );
  });

  it('is counted exactly once however much happens while mails are composed', async () => {
    const webhooks = await Promise.all(Array.from({ length: 4 }, () => toldWebhook(world, newAddress())));
    let happening = true;
    const told = new Map<string, number>();
    const compose = async (): Promise<void> => {
      for (const { webhooks: news } of await composeAll(world, { windowMs: 0, gatherMs: 0 }))
        for (const { webhook, facts } of news)
          for (const { kind, count } of facts) if (kind === 'delivery_failed') told.set(webhook.id, (told.get(webhook.id) ?? 0) + count);
    };
    const composing = [0, 1].map(async () => {
      while (happening) await compose();
    });
    await Promise.all(
      [0, 1, 2, 3].map(async (n) => {
        for (let round = 0; round < 40; round++) await lose(webhooks[(n + round) % webhooks.length]!, 2);
      }),
    );
    happening = false;
    await Promise.all(composing);
    await compose();
    expect(webhooks.map((id) => told.get(id))).toEqual(webhooks.map(() => 80));
    expect((await mails()).length).toBeGreaterThan(webhooks.length);
  }, 30_000);
});

describe('ten thousand webhooks that fail at once', () => {
  const count = 10_000;
  const addAll = async (): Promise<void> => {
    await world.rows(
      `with w as (insert into webhooks (id, environment_id, tenant_id, url) select gen_random_uuid(), $1, $2, 'http://127.0.0.1:9/' from generate_series(1, $3::int) returning id)
       insert into notifications (id, environment_id, tenant_id, webhook_id, kind, count, first_at, last_at, due_at, details)
       select new_uuidv7(), $1, $2, w.id, k, 3, now() - interval '6 s', now(), now() - interval '6 s', '{}' from w cross join unnest(array['webhook_failing', 'circuit_opened']) k`,
      [world.environmentId, world.tenantId, count],
    );
    await world.rows('analyze notifications, webhooks');
  };

  it('are one mail to their address, which names some and counts the others, and wait for the next window together', async () => {
    await addAll();
    const told = await composeAll(world);
    expect(told).toHaveLength(1);
    expect(told[0]!.webhooks).toHaveLength(50);
    expect(told[0]!.webhooks.every(({ facts }) => facts.length === 2)).toBe(true);
    expect(told[0]!.more).toBe(count - 50);
    expect(await world.row('select count(*) as n from notifications where closed_at is null')).toEqual({ n: 0 });
    await world.rows(`insert into notifications (id, environment_id, tenant_id, webhook_id, kind, count, first_at, last_at, due_at, details)
      select new_uuidv7(), environment_id, tenant_id, webhook_id, kind, 1, now(), now(), now() - interval '6 s', '{}' from notifications`);
    expect(await composeAll(world)).toEqual([]);
    const { n } = await world.row<{ n: number }>(
      `select count(*) as n from notifications where closed_at is null and due_at <= now() - interval '5 s'`,
    );
    expect(n).toBe(0);
    await letTimePass(world, 300_000);
    expect(await composeAll(world)).toMatchObject([{ more: count - 50 }]);
  }, 60_000);
});
