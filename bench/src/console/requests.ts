// What the pages of the console ask the API for, and the lists with each of their filters.
import { eventTypeName, eventTypes, rare, type Seeded, tenantKey, tenants } from './seed.js';

/** One kind of request; `pathOf` gets the number of the read, so that reads differ where people's do. */
export interface ListRequest {
  readonly page: 'overview' | 'deliveries' | 'events' | 'webhooks';
  readonly name: string;
  readonly pathOf: (read: number) => string;
  /** The page behind the first one. */
  readonly isSecondPage?: boolean;
}

const hourMs = 3_600_000;
/** Spreads reads over what there is, in no order. */
const spread = (read: number, count: number): number => (read * 7_919) % count;

/** All of them, in the order of the report. */
export const requestsOf = (seeded: Seeded): readonly ListRequest[] => [
  ...overview(seeded),
  ...deliveries(seeded),
  ...events(seeded),
  ...webhooks(seeded),
];

const ago = (hours: number): string => new Date(Date.now() - hours * hourMs).toISOString();
const some = ({ webhookIds }: Seeded, read: number): string => webhookIds[spread(read, webhookIds.length)]!;
const momentOf = ({ fromMs, toMs }: Seeded, read: number): number => fromMs + ((spread(read, 97) + 1) / 99) * (toMs - fromMs);
const timeOf = (seeded: Seeded, read: number): string => new Date(momentOf(seeded, read)).toISOString();
const hourOf = (name: string, seeded: Seeded, read: number): string =>
  `${name}[gte]=${timeOf(seeded, read)}&${name}[lt]=${new Date(momentOf(seeded, read) + hourMs).toISOString()}`;

/** Name, path without what belongs to a read. */
const fixed = (page: ListRequest['page'], path: string, filters: readonly (readonly [string, string])[]): readonly ListRequest[] =>
  filters.map(([name, query]) => ({ page, name, pathOf: () => `${path}${query === '' ? '' : `?${query}`}` }));

const overview = (seeded: Seeded): readonly ListRequest[] => {
  const statistics = (name: string, query: () => string): ListRequest => ({ page: 'overview', name, pathOf: () => `/v1/stats?${query()}` });
  return [
    statistics('statistics, last hour, by webhook', () => `from=${ago(1)}&interval=minute&group_by=webhook`),
    statistics('statistics, 24 hours, by webhook', () => `from=${ago(24)}&interval=hour&group_by=webhook`),
    statistics('statistics, 7 days, by webhook', () => `from=${ago(7 * 24)}&interval=hour&group_by=webhook`),
    statistics('statistics, 30 days, by webhook', () => `from=${ago(30 * 24)}&interval=day&group_by=webhook`),
    statistics('statistics, 24 hours in minutes', () => `from=${ago(24)}&interval=minute`),
    statistics('statistics, 7 days, by event type', () => `from=${ago(7 * 24)}&interval=day&group_by=event_type`),
    statistics('statistics, 7 days, by tenant', () => `from=${ago(7 * 24)}&interval=day&group_by=tenant`),
    statistics('statistics of a tenant', () => `tenant=${tenantKey(0)}`),
    {
      page: 'overview',
      name: 'statistics of a webhook',
      pathOf: (read) => `/v1/webhooks/${some(seeded, read)}/stats?from=${ago(24)}&interval=hour`,
    },
    { page: 'overview', name: 'one webhook', pathOf: (read) => `/v1/webhooks/${some(seeded, read)}` },
  ];
};

const deliveries = (seeded: Seeded): readonly ListRequest[] => {
  const page = 'deliveries';
  const by = (name: string, queryOf: (read: number) => string): ListRequest => ({
    page,
    name,
    pathOf: (read) => `/v1/deliveries?${queryOf(read)}`,
  });
  const statuses = ['pending', 'held', 'succeeded', 'failed', 'skipped', 'cancelled'];
  return [
    ...fixed(page, '/v1/deliveries', [
      ['all', ''],
      ['200 of all', 'limit=200'],
      ...statuses.map((status) => [`status ${status}`, `status=${status}`] as const),
      ['reason, frequent', 'reason=exhausted'],
      ['reason, rare', 'reason=rejected'],
      ['reason that none has', 'reason=erased'],
      ['code class 2xx', 'status_code=2xx'],
      ['code class 5xx', 'status_code=5xx'],
      ['code, rare', `status_code=${rare.statusCode}`],
      ['code that none has', 'status_code=404'],
      ['error kind, frequent', 'error_kind=timeout'],
      ['error kind, rare', `error_kind=${rare.errorKind}`],
      ['error kind that none has', 'error_kind=dns'],
      ['event type, rare', `event_type=${rare.eventType}`],
      ['event type that none has', 'event_type=never.seen'],
      ['tenant, rare', `tenant=${rare.tenant}`],
      ['webhook, rare', `webhook_id=${seeded.rareWebhookId}`],
    ]),
    by('event type, frequent', (read) => `event_type=${eventTypeName(spread(read, eventTypes - 1))}`),
    by('tenant', (read) => `tenant=${tenantKey(spread(read, tenants))}`),
    by('webhook', (read) => `webhook_id=${some(seeded, read)}`),
    by('webhook, failed', (read) => `webhook_id=${some(seeded, read)}&status=failed`),
    by('tenant, event type, failed', (read) => `tenant=${tenantKey(spread(read, tenants))}&event_type=${eventTypeName(1)}&status=failed`),
    by('an hour', (read) => hourOf('created_at', seeded, read)),
    by('an hour, failed', (read) => `${hourOf('created_at', seeded, read)}&status=failed`),
    { ...by('before some time, second page', (read) => `created_at[lt]=${timeOf(seeded, read)}`), isSecondPage: true },
    { ...by('failed before some time, second page', (read) => `created_at[lt]=${timeOf(seeded, read)}&status=failed`), isSecondPage: true },
  ];
};

const events = (seeded: Seeded): readonly ListRequest[] => {
  const page = 'events';
  const by = (name: string, queryOf: (read: number) => string): ListRequest => ({
    page,
    name,
    pathOf: (read) => `/v1/events?${queryOf(read)}`,
  });
  return [
    ...fixed(page, '/v1/events', [
      ['all', ''],
      ['200 of all', 'limit=200'],
      ['event type, rare', `event_type=${rare.eventType}`],
      ['event type that none has', 'event_type=never.seen'],
      ['tenant, rare', `tenant=${rare.tenant}`],
      ['source id', 'source_id=source-4242'],
      ['source id that none has', 'source_id=nobody'],
    ]),
    by('event type, frequent', (read) => `event_type=${eventTypeName(spread(read, eventTypes - 1))}`),
    by('tenant', (read) => `tenant=${tenantKey(spread(read, tenants))}`),
    by('an hour', (read) => hourOf('accepted_at', seeded, read)),
    by('an hour, event type', (read) => `${hourOf('accepted_at', seeded, read)}&event_type=${eventTypeName(2)}`),
    { ...by('before some time, second page', (read) => `accepted_at[lt]=${timeOf(seeded, read)}`), isSecondPage: true },
  ];
};

const webhooks = (seeded: Seeded): readonly ListRequest[] => {
  const page = 'webhooks';
  const of = (name: string, path: string): ListRequest => ({ page, name, pathOf: (read) => `/v1/webhooks/${some(seeded, read)}/${path}` });
  const ofRare = (name: string, path: string): ListRequest => ({
    page,
    name,
    pathOf: () => `/v1/webhooks/${seeded.rareWebhookId}/${path}`,
  });
  return [
    ...fixed(page, '/v1/webhooks', [
      ['all', ''],
      ['200 of all', 'limit=200'],
      ['with an open circuit', 'circuit_state=open'],
      ['of a tenant', `tenant=${tenantKey(1)}`],
    ]),
    of('deliveries of a webhook', 'deliveries?limit=10'),
    of('attempts of a webhook', 'attempts'),
    of('attempts of a webhook, failed', 'attempts?succeeded=false'),
    of('retries of a webhook', 'attempts?kind=retry'),
    of('tests of a webhook, of which there are none', 'attempts?kind=test'),
    ofRare('deliveries of a webhook with few', 'deliveries'),
    ofRare('attempts of a webhook with few', 'attempts'),
    ofRare('probes of a webhook with few, of which there are none', 'attempts?kind=probe'),
  ];
};
