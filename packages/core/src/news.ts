// What mails are written from, and what they are then: the words between those who know what happened, those who write and those who send.

/** What a webhook's owner is told of trouble, as the notification of one kind has gathered it. */
export type TroubleFact = {
  readonly kind:
    | 'webhook_failing'
    | 'webhook_recovered'
    | 'circuit_opened'
    | 'webhook_disabled'
    | 'delivery_failed'
    | 'deliveries_expiring'
    | 'deliveries_expired';
  readonly count: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  /** The data of the last `posthorn.<kind>` event. */
  readonly details: Readonly<Record<string, unknown>>;
};

/** What was delivered to a webhook since it was told last. */
export type DigestFacts = {
  /** Deliveries that succeeded, by event type, most first. */
  readonly byType: readonly { readonly eventType: string; readonly count: number }[];
  /** To the minute. */
  readonly firstAt: Date;
  readonly lastAt: Date;
  /** Of all attempts; null: none. */
  readonly p95Ms: number | null;
  readonly pending: number;
  readonly held: number;
  /** The newest, as `<event>.<webhook>`. */
  readonly newest: readonly { readonly deliveryId: string; readonly eventType: string; readonly at: Date }[];
};

/** A mail as it was written. `headers` beside those that every mail has. */
export type Letter = {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
};
