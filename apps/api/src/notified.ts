// Who is told of a webhook: its own address, else its tenant's, else the operator's.
import type { KeyOwner, WebhookRow } from '@posthorn/db';

/** What the installation has for telling people. */
export type Telling = {
  /** There is a mail server. */
  readonly byMail: boolean;
  readonly operatorEmail: string | null;
};

type Viewer = Pick<KeyOwner, 'tenant'>;

/** An address as it is shown: the operator's is not a tenant's to know. */
export const shownAddress = (address: string | null, { operatorEmail }: Telling, { tenant }: Viewer): string | null =>
  tenant !== null && address === operatorEmail ? null : address;

/** `notified` of a webhook. */
export const notifiedOf = (
  { notification_email, tenant_email }: Pick<WebhookRow, 'notification_email' | 'tenant_email'>,
  telling: Telling,
  viewer: Viewer,
) => {
  const by_mail = telling.byMail;
  if (notification_email !== null) return { email: notification_email, source: 'webhook', by_mail } as const;
  if (tenant_email !== null) return { email: tenant_email, source: 'tenant', by_mail } as const;
  if (telling.operatorEmail === null) return { email: null, source: null, by_mail } as const;
  return { email: shownAddress(telling.operatorEmail, telling, viewer), source: 'operator', by_mail } as const;
};
