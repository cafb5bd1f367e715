// What is to be told becomes mails. One worker at a time composes: the row of `mailroom` is locked for the length of the transaction that closes
// notifications and writes the mail that tells them, so a notification is in one mail, and an address has one mail of trouble in a window. Whoever flushes
// meanwhile waits for that commit only where it counts in a notification that is just being closed, and then begins another one.
import type { Letter, TroubleFact } from '@posthorn/core';
import type { HotPool } from './pools.js';
import { inTransaction } from './transaction.js';

export type MailroomOptions = {
  /** Who is told where neither the webhook nor its tenant names anybody. */
  readonly operatorEmail: string | null;
  /** False: there is no mail server, and what is to be told is closed as such. */
  readonly canSend: boolean;
  /** At most one mail of a kind to an address in so long. */
  readonly windowMs: number;
  /** How long what fails together is gathered. */
  readonly gatherMs: number;
};

/** A webhook as a mail names it. */
export type MailedWebhook = { readonly id: string; readonly name: string | null; readonly url: string; readonly tenant: string };

/** All that one mail tells. @param environment its name; @param more webhooks beyond those that are named */
export type News<Each> = { readonly environment: string; readonly webhooks: readonly Each[]; readonly more: number };
export type MailedTrouble = News<{ readonly webhook: MailedWebhook; readonly facts: readonly TroubleFact[] }>;

/** @param more there is more that could be composed now; @param errors of letters that could not be written */
export type Composed = { readonly mails: number; readonly closed: number; readonly more: boolean; readonly errors: readonly unknown[] };

export type MailroomBounds = {
  /** Notifications that a transaction looks at; mails that it makes; webhooks that a mail names. */
  readonly rowsMax: number;
  readonly mailsMax: number;
  readonly namedMax: number;
};
export const mailroomBounds: MailroomBounds = { rowsMax: 30_000, mailsMax: 20, namedMax: 50 };

/** Runs `compose` in a transaction that has the mailroom for itself; does nothing while somebody else has it. */
export const inMailroom = (pool: HotPool, compose: (connection: HotPool) => Promise<Composed>): Promise<Composed> =>
  inTransaction(pool, async (connection) => {
    const { rowCount } = await connection.query('select from mailroom for update skip locked');
    return rowCount === 1 ? compose(connection) : { mails: 0, closed: 0, more: false, errors: [] };
  });

export type NewMail = { readonly id: string; readonly environmentId: string; readonly address: string };

/**
 * Writes the letters and adds them as mails; `write` throws nothing that another try would not throw, too. One that cannot be written is there as failed: it would be in the way of all others if it were tried again.
 * Returns the errors of such.
 */
export const addMails = async <Mail extends NewMail>(
  connection: HotPool,
  kind: 'trouble' | 'digest',
  mails: readonly Mail[],
  write: (mail: Mail) => Letter,
): Promise<readonly unknown[]> => {
  const errors: unknown[] = [];
  const rows = mails.map((mail) => {
    const { id, environmentId: environment_id, address } = mail;
    try {
      const { subject, text: text_body, html: html_body, headers } = write(mail);
      return { id, environment_id, address, subject, text_body, html_body, headers, error: null };
    } catch (error) {
      errors.push(error);
      return {
        id,
        environment_id,
        address,
        subject: '',
        text_body: '',
        html_body: '',
        headers: {},
        error: 'the mail could not be written',
      };
    }
  });
  if (rows.length > 0)
    await connection.query(
      `insert into mails (id, environment_id, address, kind, subject, text_body, html_body, headers, status, error, ended_at)
       select id, environment_id, address, $2, subject, text_body, html_body, headers, case when error is null then 'waiting' else 'failed' end, error,
              case when error is not null then now() end
         from jsonb_to_recordset($1::jsonb) as m (id uuid, environment_id uuid, address text, subject text, text_body text, html_body text, headers jsonb, error text)`,
      [JSON.stringify(rows), kind],
    );
  return errors;
};

// $1 operator's address, $2 whether there is a mail server, $3 window, $4 time of gathering, both ms, $5 notifications looked at, $6 mails, $7 webhooks named.
// Rows that a flush has locked just now are passed over: they are told later, and nobody waits for anybody.
const composeSql = `
with aged as materialized (
  select id, environment_id, webhook_id from notifications
   where closed_at is null and due_at <= now() - make_interval(secs => $4 / 1000.0) order by due_at limit $5
),
resolved as materialized (
  select a.id, a.environment_id, w.notification_fail as wanted,
         case when t.erasing_at is null then coalesce(w.notification_email, t.email, $1::text) end as address
    from aged a join webhooks w on w.id = a.webhook_id join tenants t on t.id = w.tenant_id
),
addresses as materialized (
  select environment_id, address,
         (select max(m.created_at) from mails m
           where m.environment_id = r.environment_id and m.address = r.address and m.kind = 'trouble'
             and m.created_at > now() - make_interval(secs => $3 / 1000.0)) as mailed_at
    from (select distinct environment_id, address from resolved where wanted and address is not null and $2) r
),
letters as materialized (
  select *, new_uuidv7() as mail_id
    from (select environment_id, address from addresses where mailed_at is null order by 1, 2 limit $6) first
),
fates as materialized (
  select r.id, l.mail_id, a.mailed_at + make_interval(secs => ($3 - $4) / 1000.0) as put_off,
         case when not wanted then 'switched_off' when r.address is null then 'nobody' when not $2 then 'no_mail_server' when l.mail_id is not null then 'mailed' end
           as outcome
    from resolved r
    left join addresses a on a.environment_id = r.environment_id and a.address = r.address and r.wanted
    left join letters l on l.environment_id = r.environment_id and l.address = r.address and r.wanted
),
locked as materialized (
  select f.* from fates f join notifications n on n.id = f.id
   where n.closed_at is null and (f.outcome is not null or f.put_off is not null) for update of n skip locked
),
changed as (
  update notifications n
     set closed_at = case when l.outcome is not null then now() end, outcome = l.outcome, mail_id = l.mail_id, due_at = coalesce(l.put_off, n.due_at)
    from locked l where n.id = l.id
  returning n.environment_id, n.webhook_id, n.kind, n.count, n.first_at, n.last_at, n.details, n.outcome, n.mail_id
),
placed as (
  select *, dense_rank() over (partition by mail_id order by begun_at, webhook_id) as place
    from (select *, min(first_at) over (partition by mail_id, webhook_id) as begun_at from changed where mail_id is not null) c
),
told as materialized (
  select p.*, l.address, e.name as environment, w.name, w.url, t.key as tenant
    from (select *, (max(place) over (partition by mail_id))::int as webhooks from placed) p join letters l on l.mail_id = p.mail_id join environments e on e.id = p.environment_id
    join webhooks w on w.id = p.webhook_id join tenants t on t.id = w.tenant_id
   where p.place <= $7
)
select (select count(*) from changed where outcome is not null)::int as closed,
       (select count(*) from addresses where mailed_at is null) > $6 or (select count(*) from aged) = $5 as more, told.*
  from (select) one left join told on true order by mail_id, place, first_at, kind`;

type ToldRow = {
  closed: number;
  more: boolean;
  mail_id: string | null;
  environment_id: string;
  environment: string;
  address: string;
  webhook_id: string;
  name: string | null;
  url: string;
  tenant: string;
  webhooks: number;
  kind: TroubleFact['kind'];
  count: number;
  first_at: Date;
  last_at: Date;
  details: Record<string, unknown>;
};

/** The values by key, keys in the order of their first. */
export const groupBy = <T>(values: readonly T[], keyOf: (value: T) => string): ReadonlyMap<string, readonly T[]> => {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group === undefined) groups.set(keyOf(value), [value]);
    else group.push(value);
  }
  return groups;
};

const factOf = ({ kind, count, first_at, last_at, details }: ToldRow): TroubleFact => ({
  kind,
  count,
  firstAt: first_at,
  lastAt: last_at,
  details,
});

const troubleOf = (rows: readonly ToldRow[]): MailedTrouble => {
  const webhooks = [...groupBy(rows, (row) => row.webhook_id).values()].map((facts) => {
    const { webhook_id: id, name, url, tenant } = facts[0]!;
    return { webhook: { id, name, url, tenant }, facts: facts.map(factOf) };
  });
  return { environment: rows[0]!.environment, webhooks, more: rows[0]!.webhooks - webhooks.length };
};

/**
 * Closes the notifications whose time has come, and adds the mails that tell them: one an address, unless it had one in the window; then they stay open,
 * are counted on, and are looked at when the window is over. Does nothing while somebody else composes.
 */
export const composeMails = (
  pool: HotPool,
  { operatorEmail, canSend, windowMs, gatherMs }: MailroomOptions,
  write: (trouble: MailedTrouble) => Letter,
  { rowsMax, mailsMax, namedMax }: MailroomBounds = mailroomBounds,
): Promise<Composed> =>
  inMailroom(pool, async (connection) => {
    const { rows } = await connection.query<ToldRow>(composeSql, [operatorEmail, canSend, windowMs, gatherMs, rowsMax, mailsMax, namedMax]);
    const { closed = 0, more = false } = rows[0] ?? {};
    const mails = [
      ...groupBy(
        rows.filter((row) => row.mail_id !== null),
        (row) => row.mail_id ?? '',
      ),
    ].map(([id, told]) => ({ id, environmentId: told[0]!.environment_id, address: told[0]!.address, told }));
    const errors = await addMails(connection, 'trouble', mails, ({ told }) => write(troubleOf(told)));
    return { mails: mails.length - errors.length, closed, more, errors };
  });
