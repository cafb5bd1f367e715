// Notifications: what somebody was to be told.
import { notificationKinds } from '@posthorn/db';
import { Type } from 'typebox';
import { anyObject, count, nullable, oneOf, time, timeOrNull, uuid } from './fields.js';

const outcomes = ['mailed', 'nobody', 'switched_off', 'no_mail_server'] as const;

const mailSchema = Type.Object(
  {
    to: nullable(Type.String(), { description: 'Null: the operator, whose address is not for a key that is bound to a tenant.' }),
    status: oneOf(['waiting', 'sent', 'failed']),
    tries: count('How often the mail server has been asked so far.'),
    error: nullable(Type.String(), { description: 'What the mail server said last, if it did not take it.' }),
    sent_at: timeOrNull(),
  },
  { description: 'The mail that tells it, perhaps with others.' },
);

export const notificationSchema = Type.Object(
  {
    id: uuid(),
    webhook_id: uuid(),
    tenant: Type.String(),
    kind: oneOf(notificationKinds, {
      description: 'What happened; but for `deliveries_succeeded`, our own event of the same name tells it too.',
    }),
    count: Type.Integer({ minimum: 1, description: 'How often it happened from `first_at` to `last_at`.' }),
    first_at: time(),
    last_at: time(),
    details: anyObject({ description: 'What the last of our own events said; of `deliveries_succeeded`, the digest.' }),
    outcome: nullable(oneOf(outcomes), {
      description:
        'Null: it is still being gathered. `nobody`: no webhook, tenant or operator has an address; `switched_off`: the webhook wants no mails; ' +
        '`no_mail_server`: there is no SMTP_URL.',
    }),
    mail: nullable(mailSchema),
  },
  { $id: 'Notification', description: 'What there was to tell of a webhook, and whom it was told.' },
);
