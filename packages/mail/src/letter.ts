// What a mail is written from, and what it is then. Nothing here knows of the database or of a mail server.

/** What a webhook's owner is told of trouble, as the notification of one kind has gathered it. */
export type Fact = {
  readonly kind: 'webhook_failing' | 'webhook_recovered' | 'circuit_opened' | 'webhook_disabled' | 'delivery_failed';
  readonly count: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  /** The data of the last `posthorn.<kind>` event. */
  readonly details: Readonly<Record<string, unknown>>;
};

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
  readonly webhooks: readonly { readonly webhook: NamedWebhook; readonly facts: readonly Fact[] }[];
  readonly more: number;
};

export type DigestOfWebhook = {
  readonly webhook: NamedWebhook;
  /** Deliveries that succeeded, by event type, most first. */
  readonly byType: readonly { readonly eventType: string; readonly count: number }[];
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly p95Ms: number | null;
  readonly pending: number;
  readonly held: number;
  /** The ten newest, as `<event>.<webhook>`. */
  readonly newest: readonly { readonly deliveryId: string; readonly eventType: string; readonly at: Date }[];
};

export type Digest = Omit<Trouble, 'webhooks'> & { readonly webhooks: readonly DigestOfWebhook[] };

/** `headers` beside those that every mail has. */
export type Letter = {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
};
