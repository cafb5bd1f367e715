// Notifications, and webhooks that somebody is told of, for tests of the mailroom.
import { randomUUID } from 'node:crypto';
import type { Letter } from '@posthorn/core';
import { composeMails, type MailedTrouble, type MailroomBounds, type MailroomOptions } from '../src/mailroom.js';
import type { World } from './world.js';

export const letter = (subject = 'trouble'): Letter => ({ subject, text: 'a', html: '<p>a', headers: { 'X-Kind': subject } });

export const options: MailroomOptions = { operatorEmail: 'operator@example.com', canSend: true, windowMs: 300_000, gatherMs: 5_000 };

/** Composes until there is nothing more, and returns what the mails told, in their order. */
export const composeAll = async (
  world: World,
  changes: Partial<MailroomOptions> = {},
  bounds?: MailroomBounds,
): Promise<readonly MailedTrouble[]> => {
  const told: MailedTrouble[] = [];
  const write = (trouble: MailedTrouble): Letter => {
    told.push(trouble);
    return letter();
  };
  while ((await composeMails(world.pool, { ...options, ...changes }, write, bounds)).more);
  return told;
};

/** A webhook that may have an address of its own. */
export const toldWebhook = async (world: World, email: string | null = null, columns: Readonly<Record<string, unknown>> = {}) => {
  const id = await world.webhook();
  const names = ['notification_email', ...Object.keys(columns)].map((name, index) => `${name} = $${index + 2}`);
  await world.rows(`update webhooks set ${names.join(', ')} where id = $1`, [id, email, ...Object.values(columns)]);
  return id;
};

/** Says that something happened, as our own events do; `agoS` seconds ago. */
export const note = (world: World, webhookId: string, kind = 'delivery_failed', agoS = 6, count = 1) =>
  world.rows(
    `insert into notifications as n (id, environment_id, tenant_id, webhook_id, kind, count, first_at, last_at, due_at, details)
     select new_uuidv7(), environment_id, tenant_id, id, $2, $4, now() - make_interval(secs => $3), now() - make_interval(secs => $3),
            now() - make_interval(secs => $3), jsonb_build_object('webhook_id', id)
       from webhooks where id = $1
     on conflict (webhook_id, kind) where closed_at is null do update set count = n.count + excluded.count, last_at = now()`,
    [webhookId, kind, agoS, count],
  );

export type Noted = { readonly kind: string; readonly count: number; readonly outcome: string | null; readonly address: string | null };

/** The notifications of a webhook, oldest first, with the address to which they were told. */
export const notesOf = (world: World, webhookId: string): Promise<Noted[]> =>
  world.rows<Noted>(
    `select n.kind, n.count, n.outcome, m.address from notifications n left join mails m on m.id = n.mail_id where webhook_id = $1 order by n.id`,
    [webhookId],
  );

/** The injected clock: everything in the mailroom happened `ms` earlier. */
export const letTimePass = async (world: World, ms: number): Promise<void> => {
  const ago = `make_interval(secs => ${ms / 1_000})`;
  await world.rows(`update notifications set due_at = due_at - ${ago}, first_at = first_at - ${ago} where closed_at is null`);
  await world.rows(`update mails set created_at = created_at - ${ago}, due_at = due_at - ${ago}, lease_until = lease_until - ${ago}`);
  await world.rows(`update digests set due_at = due_at - ${ago}`);
};

export const clearMails = async (world: World): Promise<void> => {
  await world.rows('delete from notifications');
  await world.rows('delete from mails');
  await world.rows('delete from digests');
};

export const newAddress = (): string => `${randomUUID()}@example.com`;
