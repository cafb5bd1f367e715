// Mails on their way to the mail server. A worker takes a mail for the length of a lease, sends it, and marks it; so it is sent once, unless a process dies, or
// is frozen for longer than its lease, between sending and marking. Then it is sent again with the same Message-ID.
import type { HotPool } from './pools.js';

/** @param tries which try this is, beginning at 1: a result counts under this number only */
export type TakenMail = {
  readonly id: string;
  readonly kind: 'trouble' | 'digest';
  readonly address: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tries: number;
};

export type MailResult = { readonly kind: 'sent' } | { readonly kind: 'refused' | 'later'; readonly error: string };

/** How long after a try that failed the next one is due: at first, doubling, at most; and when there is none any more. */
export const mailBackOff = { firstS: 30, mostS: 3_600, givenUpAfterS: 86_400 } as const;

const errorCharsMax = 1_000;

/** Takes up to `mailsMax` mails that are due and that nobody sends. */
export const takeMails = async (pool: HotPool, mailsMax: number, leaseMs: number): Promise<readonly TakenMail[]> => {
  const { rows } = await pool.query<TakenMail>({
    name: 'take-mails',
    text: `with due as materialized (
             select id from mails where status = 'waiting' and due_at <= now() order by due_at limit $1 for update skip locked
           )
           update mails m set due_at = now() + make_interval(secs => $2 / 1000.0), lease_until = now() + make_interval(secs => $2 / 1000.0), tries = tries + 1
             from due where m.id = due.id
           returning m.id, m.kind, m.address, m.subject, m.text_body as text, m.html_body as html, m.headers, m.tries`,
    values: [mailsMax, leaseMs],
  });
  return rows;
};

/** Postgres text cannot hold a NUL, which servers may send. */
const kept = (error: string): string => error.replaceAll('\0', '').slice(0, errorCharsMax);

/**
 * Marks what came of a try; returns what the mail is now. `sent` counts whoever says it: the mail is out. Other results count only while nobody else has taken
 * it; null: somebody has, or it has ended.
 */
export const markMail = async (
  pool: HotPool,
  { id, tries }: Pick<TakenMail, 'id' | 'tries'>,
  result: MailResult,
): Promise<'waiting' | 'sent' | 'failed' | null> => {
  const error = result.kind === 'sent' ? null : kept(result.error);
  const { rows } = await pool.query<{ status: 'waiting' | 'sent' | 'failed' }>({
    name: 'mark-mail',
    text: `update mails m set status = r.status, lease_until = null, ended_at = case when r.status <> 'waiting' then now() end,
                  error = $4,
                  due_at = now() + make_interval(secs => least(${mailBackOff.firstS} * 2.0 ^ least(m.tries - 1, 20), ${mailBackOff.mostS}))
             from (select id, case when $3 = 'sent' then 'sent'
                                   when $3 = 'refused' or created_at <= now() - interval '${mailBackOff.givenUpAfterS} s' then 'failed'
                                   else 'waiting' end as status
                     from mails where id = $1 and case when $3 = 'sent' then status <> 'sent' else status = 'waiting' and tries = $2 end for update) r
            where m.id = r.id
           returning m.status`,
    values: [id, tries, result.kind, error],
  });
  return rows[0]?.status ?? null;
};

/** Whether there is something to compose, or a webhook to look at for its digest, now. A look that locks nothing. */
export const findMailWork = async (
  pool: HotPool,
  gatherMs: number,
): Promise<{ readonly notifications: boolean; readonly digests: boolean }> => {
  const { rows } = await pool.query<{ notifications: boolean; digests: boolean }>({
    name: 'find-mail-work',
    text: `select exists (select from notifications where closed_at is null and due_at <= now() - make_interval(secs => $1 / 1000.0)) as notifications,
                  exists (select from digests where due_at <= now()) as digests`,
    values: [gatherMs],
  });
  return rows[0]!;
};
