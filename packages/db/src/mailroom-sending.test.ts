// Mails on their way: one worker at a time has one, a refusal is final, what is not taken waits longer each time.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { clearMails, composeAll, letTimePass, newAddress, note, toldWebhook } from '../tests/mails.js';
import { createWorld, type World } from '../tests/world.js';
import { eraseNotifications, expireMails } from './mailroom-keeping.js';
import { findMailWork, markMail, takeMails } from './mailroom-sending.js';

const leaseMs = 60_000;
let world: World;
beforeAll(async () => {
  world = await createWorld(8);
});
afterAll(() => world.drop());
beforeEach(() => clearMails(world));

const addMail = async (): Promise<string> => {
  await note(world, await toldWebhook(world, newAddress()));
  await composeAll(world);
  return (await world.row<{ id: string }>('select id from mails order by id desc limit 1')).id;
};
const take = () => takeMails(world.pool, 10, leaseMs);
const stateOf = (id: string) =>
  world.row<{ status: string; tries: number; error: string | null; due_s: number; ended: boolean }>(
    `select status, tries, error, round(extract(epoch from due_at - now()))::int as due_s, ended_at is not null as ended from mails where id = $1`,
    [id],
  );

describe('a mail', () => {
  it('is with one worker at a time, and with the next one once the lease has run out', async () => {
    const id = await addMail();
    // Another one that comes before the first has committed neither waits nor gets it.
    const taken = await world.transaction(async (connection) => {
      const first = await takeMails(connection, 10, leaseMs);
      expect(await take()).toEqual([]);
      return first;
    });
    expect(taken).toMatchObject([
      { id, kind: 'trouble', subject: 'trouble', text: 'a', html: '<p>a', headers: { 'X-Kind': 'trouble' }, tries: 1 },
    ]);
    expect(await findMailWork(world.pool, 0)).toEqual({ notifications: false, digests: false });
    await letTimePass(world, leaseMs);
    const [again] = await take();
    expect(again).toMatchObject({ id, tries: 2 });
    // The first was only frozen: what it says of its try counts no more, unless it is that the mail is out.
    expect(await markMail(world.pool, taken[0]!, { kind: 'later', error: 'busy' })).toBeNull();
    expect(await markMail(world.pool, taken[0]!, { kind: 'sent' })).toBe('sent');
    expect(await markMail(world.pool, again!, { kind: 'refused', error: '550 twice' })).toBeNull();
    expect(await stateOf(id)).toMatchObject({ status: 'sent', error: null, ended: true });
    await letTimePass(world, leaseMs);
    expect(await take()).toEqual([]);
  });

  it('that is refused is never sent again, and keeps what the server said', async () => {
    const id = await addMail();
    const [mail] = await take();
    expect(await markMail(world.pool, mail!, { kind: 'refused', error: '550 no such\0 user' })).toBe('failed');
    expect(await stateOf(id)).toMatchObject({ status: 'failed', tries: 1, error: '550 no such user', ended: true });
    await letTimePass(world, 86_400_000);
    expect(await take()).toEqual([]);
  });

  it('that could not be sent waits twice as long each time, at most an hour, and is given up after a day', async () => {
    const id = await addMail();
    const waits: number[] = [];
    let passedMs = 0;
    for (;;) {
      const [mail] = await take();
      const status = await markMail(world.pool, mail!, { kind: 'later', error: 'ECONNREFUSED' });
      if (status === 'failed') break;
      const { due_s } = await stateOf(id);
      waits.push(due_s);
      passedMs += due_s * 1_000;
      await letTimePass(world, due_s * 1_000);
    }
    expect(waits.slice(0, 9)).toEqual([30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
    expect(passedMs).toBeGreaterThanOrEqual(86_400_000);
    expect(passedMs).toBeLessThan(86_400_000 + 3_600_000);
    expect(await stateOf(id)).toMatchObject({ status: 'failed', error: 'ECONNREFUSED', tries: waits.length + 1 });
  });
});

it('takes no more than it was asked to, the oldest first', async () => {
  const ids = [await addMail(), await addMail(), await addMail()];
  for (const [n, id] of ids.entries())
    await world.rows('update mails set due_at = now() - make_interval(secs => $2) where id = $1', [id, 10 - n]);
  expect((await takeMails(world.pool, 2, leaseMs)).map(({ id }) => id).sort()).toEqual(ids.slice(0, 2).sort());
});

it('keeps what was told as long as it is to, in steps, and gives up mails that nobody sends', async () => {
  const [old, waiting, kept] = [await addMail(), await addMail(), await addMail()];
  await world.rows(`update mails set status = 'sent', ended_at = now(), created_at = now() - interval '31 days' where id = $1`, [old]);
  await world.rows(`update mails set created_at = now() - interval '31 days' where id = $1`, [waiting]);
  await world.rows(
    `update notifications set id = (overlay(uuidv7_floor(now() - interval '31 days')::text placing substr(id::text, 20) from 20))::uuid where mail_id = any ($1)`,
    [[old, waiting]],
  );
  expect(await expireMails(world.pool, 30, 1)).toBe(1);
  while ((await expireMails(world.pool, 30, 1)) > 0);
  expect((await world.rows<{ id: string }>('select id from mails')).map(({ id }) => id)).toEqual([kept]);
  expect((await world.rows<{ mail_id: string }>('select mail_id from notifications')).map((row) => row.mail_id)).toEqual([kept]);
});

it('erases what a tenant was told, and the mails that told of no other tenant', async () => {
  const erased = randomUUID();
  await world.rows('insert into tenants (id, environment_id, key) values ($1, $2, $3)', [erased, world.environmentId, erased]);
  const ofTenant = async (address: string): Promise<string> => {
    const id = await toldWebhook(world, address);
    await world.rows('update webhooks set tenant_id = $2 where id = $1', [id, erased]);
    return id;
  };
  for (let n = 0; n < 3; n++) await note(world, await ofTenant('own@example.com'));
  for (const id of [await ofTenant('shared@example.com'), await toldWebhook(world, 'shared@example.com')]) await note(world, id);
  await composeAll(world);
  await note(world, await ofTenant('open@example.com'));
  const steps: number[] = [];
  do steps.push(await eraseNotifications(world.pool, erased, 2));
  while (steps.at(-1) === 2);
  expect(steps).toEqual([2, 2, 1]);
  expect(await world.rows('select tenant_id from notifications')).toEqual([{ tenant_id: world.tenantId }]);
  expect((await world.rows<{ address: string }>('select address from mails')).map(({ address }) => address)).toEqual([
    'shared@example.com',
  ]);
});
