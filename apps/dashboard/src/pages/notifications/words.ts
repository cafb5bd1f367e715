// Notifications in words.
import type { Notification } from '../../api/notification-queries.js';
import { count } from '../../shared/numbers.js';

export const notificationsPath = '/notifications';

export const kinds = [
  'webhook_failing',
  'webhook_recovered',
  'circuit_opened',
  'webhook_disabled',
  'delivery_failed',
  'deliveries_expiring',
  'deliveries_expired',
  'deliveries_succeeded',
] as const satisfies readonly Notification['kind'][];

const numberOf = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

const becauseOf: Readonly<Record<string, string>> = {
  by_hand: 'by hand',
  gone: 'its endpoint answered 410',
  no_success: 'nothing succeeded for 120 hours',
};

const inARow = (failures: number | null): string =>
  failures === null || failures === 0 ? '' : `: ${count(failures)} ${failures === 1 ? 'failure' : 'failures'} in a row`;

const times = (many: number): string => (many === 1 ? '' : `, ${count(many)} times`);

/** What happened, and how often. */
export const whatOf = ({ kind, count: many, details }: Pick<Notification, 'kind' | 'count' | 'details'>): string => {
  const failures = numberOf(details.circuit_failure_count);
  switch (kind) {
    case 'webhook_failing':
      return `Failing${inARow(failures)}${times(many)}`;
    case 'webhook_recovered':
      return `Works again${times(many)}`;
    case 'circuit_opened':
      return `Circuit opened${inARow(failures)}${times(many)}`;
    case 'webhook_disabled': {
      const because = becauseOf[String(details.disabled_reason)];
      return `Disabled${because === undefined ? '' : `: ${because}`}${times(many)}`;
    }
    case 'delivery_failed':
      return many === 1 ? 'A delivery failed for good' : `${count(many)} deliveries failed for good`;
    case 'deliveries_expiring': {
      const waiting = numberOf(details.count);
      return waiting === null
        ? 'Deliveries are about to expire'
        : `${count(waiting)} ${waiting === 1 ? 'delivery is' : 'deliveries are'} about to expire`;
    }
    case 'deliveries_expired':
      return many === 1 ? 'A delivery expired' : `${count(many)} deliveries expired`;
    case 'deliveries_succeeded':
      return 'What was delivered';
  }
};

/** The delivery that the last of them is about; null: it is about none. */
export const deliveryOf = ({ kind, details }: Pick<Notification, 'kind' | 'details'>): string | null =>
  kind === 'delivery_failed' && typeof details.delivery_id === 'string' ? details.delivery_id : null;

/** Why nobody was told by e-mail; null: somebody was, or will be. */
export const whyNobody = ({ outcome }: Pick<Notification, 'outcome'>): string | null => {
  switch (outcome) {
    case 'nobody':
      return 'Neither the webhook nor its tenant nor the operator has an address.';
    case 'switched_off':
      return 'The webhook’s e-mails are switched off.';
    case 'no_mail_server':
      return 'There is no mail server: SMTP_URL is not set.';
    default:
      return null;
  }
};
