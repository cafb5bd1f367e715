// The mailroom on this worker's Postgres and mail server.
import type { Config } from '@posthorn/config';
import {
  composeDigests,
  composeMails,
  enrolDigests,
  expireMails,
  findMailWork,
  type HotPool,
  type MailResult,
  markMail,
  type TakenMail,
  takeMails,
} from '@posthorn/db';
import { createPost } from '@posthorn/mail';
import type { Logger, Metrics } from '@posthorn/telemetry';
import { limits } from './limits.js';
import { createMailing, type Mailing } from './mailing-loop.js';
import { createLetters } from './mailing-news.js';

/** Whom and how it mails. */
export type MailSettings = Pick<Config, 'smtpUrl' | 'mailFrom' | 'operatorEmail' | 'notificationWindowS' | 'publicUrl'>;

export type MailingOptions = {
  readonly pool: HotPool;
  readonly mail: MailSettings;
  /** Signs the links in mails; the key that seals. */
  readonly linkKey: () => Buffer;
  readonly retentionDays: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly report: (doing: string) => (error: unknown) => void;
};

const bounds = limits.mailing;

/** A server's words without the addresses that it repeats: those stand in the database only. */
export const withoutAddresses = (text: string): string => text.replace(/[^\s<>]+@[^\s<>]+/g, '…');

/** Says what became of a mail, without its address. */
const createTeller = ({ logger, metrics, report }: Pick<MailingOptions, 'logger' | 'metrics' | 'report'>) => {
  const reportLater = report('send mails');
  return ({ id, kind, tries }: TakenMail, result: MailResult, status: 'waiting' | 'sent' | 'failed' | null): void => {
    metrics.mails.inc({ outcome: result.kind });
    if (result.kind === 'sent') logger.info({ mail_id: id, kind, tries }, 'mail.sent');
    else if (status === 'failed') logger.warn({ mail_id: id, kind, tries, error: withoutAddresses(result.error) }, 'mail.failed');
    else reportLater(new Error(withoutAddresses(result.error)));
  };
};

/** A worker without a mail server composes too, so that what is to be told is closed, and sends nothing. */
export const createMailingOn = ({ pool, mail, linkKey, retentionDays, logger, metrics, report }: MailingOptions): Mailing => {
  const { smtpUrl, mailFrom, operatorEmail, publicUrl, notificationWindowS } = mail;
  const post = smtpUrl === null ? null : createPost({ smtpUrl, from: mailFrom, limits: { connectionsMax: bounds.mailsAtOnce } });
  const letters = createLetters({ publicUrl: publicUrl.replace(/\/$/, ''), linkKey });
  const windowMs = notificationWindowS * 1_000;
  const gatherMs = Math.min(bounds.gatherMs, windowMs / 4);
  const options = { operatorEmail, canSend: post !== null, windowMs, gatherMs };
  const tell = createTeller({ logger, metrics, report });
  const mailing = createMailing(
    {
      findWork: () => findMailWork(pool, gatherMs),
      composeMails: () => composeMails(pool, options, letters.trouble),
      composeDigests: () => composeDigests(pool, options, letters.digest),
      enrolDigests: () => enrolDigests(pool, windowMs, bounds.enrolMax),
      expire: async () => (await expireMails(pool, retentionDays, bounds.expireRowsMax)) >= bounds.expireRowsMax,
      takeMails: async () => (post === null ? [] : takeMails(pool, bounds.mailsAtOnce, bounds.leaseMs)),
      send: async (taken) => post?.send(taken) ?? { kind: 'later', error: 'there is no mail server' },
      mark: async (taken, result) => tell(taken, result, await markMail(pool, taken, result)),
      onError: report('mail'),
    },
    { roundMs: Math.min(bounds.roundMs, gatherMs), enrolMs: Math.min(bounds.enrolEveryMs, windowMs) },
  );
  return {
    start: mailing.start,
    stop: async () => {
      await mailing.stop();
      post?.close();
    },
  };
};
