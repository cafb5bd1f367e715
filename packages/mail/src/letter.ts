// What a mail is written from. Nothing here knows of the database or of a mail server.
import type { DigestFacts, TroubleFact } from '@posthorn/core';

export type NamedWebhook = {
  readonly id: string;
  readonly name: string | null;
  /** Without its query, which may hold secrets. */
  readonly url: string;
  readonly tenant: string;
  /** Ends the mails of this webhook. */
  readonly unsubscribeUrl: string;
};

/** @param more how many webhooks beyond these have something to tell */
export type Trouble = {
  readonly environment: string;
  /** How people reach the console, without a slash at its end. */
  readonly publicUrl: string;
  readonly webhooks: readonly { readonly webhook: NamedWebhook; readonly facts: readonly TroubleFact[] }[];
  readonly more: number;
};

export type DigestOfWebhook = DigestFacts & { readonly webhook: NamedWebhook };

export type Digest = Omit<Trouble, 'webhooks'> & { readonly webhooks: readonly DigestOfWebhook[] };
