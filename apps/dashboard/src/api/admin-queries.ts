// What the pages of those who administer read. Their lists are read again after what one does oneself and not by a clock, so no row moves.
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, type Schema, take } from './client.js';
import { type Filters, listQuery } from './queries.js';
import { membersOf } from './raw-json.js';

export type EventType = Schema<'EventType'>;
export type Tenant = Schema<'Tenant'>;
export type ApiKey = Schema<'ApiKey'>;
export type AuditEntry = Schema<'AuditEntry'>;
export type Environment = Schema<'Environment'>;
export type Readiness = Schema<'Readiness'>;
export type Deployment = Schema<'Deployment'>;

/** No message tells of processes: they are looked at while somebody looks. */
const processesMs = 5_000;
const weekMs = 7 * 86_400_000;
const suggestionsMax = 200;
const namesShown = 10;

/** What is typed into the search is a part of a name, unless it is a pattern already. */
const patternOf = (text: string | undefined): string | undefined =>
  text === undefined || text === '' || text.includes('*') ? text : `*${text}*`;

export const eventTypeListQuery = (filters: Filters) =>
  listQuery<EventType>(['event-types'], { ...filters, name: patternOf(filters.name) }, (query) =>
    take(api.GET('/v1/event-types', { params: { query } })),
  );

/** An event type, with schema and example as the text that stands there; null: none. */
export type EventTypeWithTexts = Omit<EventType, 'schema' | 'example'> & {
  readonly schema: string | null;
  readonly example: string | null;
};

const textOrNull = (text: string | undefined): string | null => (text === undefined || text === 'null' ? null : text);

export const eventTypeQuery = (name: string) =>
  queryOptions({
    queryKey: ['event-types', 'one', name],
    queryFn: async (): Promise<EventTypeWithTexts> => {
      const text = await take(api.GET('/v1/event-types/{name}', { params: { path: { name } }, parseAs: 'text' }));
      const { schema, example } = membersOf(text);
      return { ...(JSON.parse(text) as EventType), schema: textOrNull(schema), example: textOrNull(example) };
    },
  });

const weekAgo = (): string => new Date(Date.now() - weekMs).toISOString();

/** Deliveries by event type, of the last seven days. */
export const eventTypeUseQuery = queryOptions({
  queryKey: ['stats', 'event-types'],
  queryFn: () => take(api.GET('/v1/stats', { params: { query: { from: weekAgo(), interval: 'day', group_by: 'event_type' } } })),
  staleTime: 60_000,
});

/** What was delivered of one type in the last seven days. */
export const eventTypeStatisticsQuery = (name: string) =>
  queryOptions({
    queryKey: ['stats', 'event-types', name],
    queryFn: () => take(api.GET('/v1/stats', { params: { query: { from: weekAgo(), interval: 'day', event_type: name } } })),
    staleTime: 60_000,
  });

/** The first webhooks that want a type, of a tenant or of all. */
export const subscribersQuery = (name: string, tenant?: string) =>
  queryOptions({
    queryKey: ['webhooks', 'of-type', name, tenant],
    queryFn: () =>
      take(
        api.GET('/v1/webhooks', { params: { query: { event_type: name, limit: namesShown, ...(tenant !== undefined && { tenant }) } } }),
      ),
  });

export const tenantListQuery = (filters: Filters) =>
  listQuery<Tenant>(['tenants'], filters, (query) => take(api.GET('/v1/tenants', { params: { query } })));

export const tenantQuery = (tenant: string) =>
  queryOptions({
    queryKey: ['tenants', 'one', tenant],
    queryFn: () => take(api.GET('/v1/tenants/{tenant}', { params: { path: { tenant } } })),
  });

/** For choosing one. */
export const tenantNamesQuery = queryOptions({
  queryKey: ['tenants', 'names'],
  queryFn: () => take(api.GET('/v1/tenants', { params: { query: { limit: suggestionsMax } } })),
  staleTime: 60_000,
});

/** What a tenant has at present: `now`. */
export const tenantBacklogQuery = (tenant: string) =>
  queryOptions({
    queryKey: ['stats', 'tenants', tenant],
    queryFn: () => take(api.GET('/v1/stats', { params: { query: { tenant } } })),
  });

export const keyListQuery = (filters: Filters) =>
  listQuery<ApiKey>(['api-keys'], filters, (query) => take(api.GET('/v1/api-keys', { params: { query } })));

export const keyQuery = (id: string) =>
  queryOptions({
    queryKey: ['api-keys', 'one', id],
    queryFn: () => take(api.GET('/v1/api-keys/{id}', { params: { path: { id } } })),
  });

export const auditListQuery = (filters: Filters) =>
  listQuery<AuditEntry>(['audit'], filters, (query) => take(api.GET('/v1/audit', { params: { query } })));

export const environmentQuery = (id: string) =>
  queryOptions({
    queryKey: ['environments', id],
    queryFn: () => take(api.GET('/v1/environments/{id}', { params: { path: { id } } })),
  });

/** Answered with 503 it still says what is missing. */
export const readinessQuery = queryOptions({
  queryKey: ['readyz'],
  queryFn: async (): Promise<Readiness> => {
    const answer = await api.GET('/readyz');
    return answer.response.status === 503 && answer.error !== undefined ? (answer.error as Readiness) : take(Promise.resolve(answer));
  },
  refetchInterval: processesMs,
});

export const backlogQuery = queryOptions({
  queryKey: ['stats', 'now'],
  queryFn: async () => (await take(api.GET('/v1/stats', { params: { query: {} } }))).now,
  placeholderData: keepPreviousData,
});

/** What runs, and how it is kept up. */
export const deploymentQuery = queryOptions({
  queryKey: ['deployment'],
  queryFn: () => take(api.GET('/v1/deployment')),
  refetchInterval: processesMs,
});
