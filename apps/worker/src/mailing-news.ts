// What the database has to tell, as letters are written from it: with links, and without what is nobody's business.
import { type Letter, unsubscribeToken } from '@posthorn/core';
import type { MailedDigest, MailedTrouble, MailedWebhook } from '@posthorn/db';
import { type Digest, type NamedWebhook, type Trouble, writeDigest, writeTrouble } from '@posthorn/mail';

export type LetterOptions = {
  /** How people reach the console and the unsubscribe links; without a slash at its end. */
  readonly publicUrl: string;
  /** Signs those links. */
  readonly linkKey: () => Buffer;
};

/** A URL without its query, user and password, which may be secrets. */
export const shownUrl = (url: string): string => {
  if (!URL.canParse(url)) return '';
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
};

/** The writers of a worker's letters. */
export const createLetters = ({ publicUrl, linkKey }: LetterOptions) => {
  const named = ({ id, name, url, tenant }: MailedWebhook): NamedWebhook => ({
    id,
    name,
    url: shownUrl(url),
    tenant,
    unsubscribeUrl: `${publicUrl}/unsubscribe/${unsubscribeToken(linkKey(), id)}`,
  });
  return {
    trouble: (told: MailedTrouble): Letter => {
      const trouble: Trouble = {
        ...told,
        publicUrl,
        webhooks: told.webhooks.map(({ webhook, facts }) => ({ webhook: named(webhook), facts })),
      };
      return writeTrouble(trouble);
    },
    digest: (told: MailedDigest): Letter => {
      const digest: Digest = { ...told, publicUrl, webhooks: told.webhooks.map((each) => ({ ...each, webhook: named(each.webhook) })) };
      return writeDigest(digest);
    },
  };
};
