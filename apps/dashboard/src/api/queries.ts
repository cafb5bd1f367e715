// What the pages read, each under a key that tells what it is of. Lists that change by themselves are read again while somebody looks.
import { infiniteQueryOptions, keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query';
import { api, type Schema, take } from './client.js';
import { ApiProblem } from './problem.js';

export type Webhook = Schema<'Webhook'>;
export type Delivery = Schema<'Delivery'>;
export type Attempt = Schema<'Attempt'>;
export type Page<Item> = { readonly data: readonly Item[]; readonly next_cursor: string | null };

/** How old what is shown may be, in milliseconds. */
const freshMs = 5_000;
const retriesMax = 2;

/** What the API has judged is not asked again. */
export const createQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      // The API may be on this machine, whatever the browser thinks of its network.
      mutations: { networkMode: 'always' },
      queries: {
        networkMode: 'always',
        staleTime: 2_000,
        retry: (count, error) => count < retriesMax && !(error instanceof ApiProblem && error.status >= 400 && error.status < 500),
      },
    },
  });

/** Filters as they stand in the URL: empty ones are none. */
export type Filters = Readonly<Record<string, string | undefined>>;

/** The API judges what stands in a URL, whoever wrote it there; that it is text is all that is known of it here. */
type LooseQuery = never;

/** A list by pages: `read` gets the filters and the cursor. */
export const listQuery = <Item>(key: readonly unknown[], filters: Filters, read: (query: LooseQuery) => Promise<Page<Item>>) =>
  infiniteQueryOptions({
    queryKey: [...key, 'list', filters],
    queryFn: ({ pageParam }) => read({ ...given(filters), ...(pageParam !== '' && { cursor: pageParam }) } as LooseQuery),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    refetchInterval: freshMs,
  });

const given = (filters: Filters): Record<string, string> =>
  Object.fromEntries(Object.entries(filters).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''));

export const webhookQuery = (id: string) =>
  queryOptions({
    queryKey: ['webhooks', id],
    queryFn: () => take(api.GET('/v1/webhooks/{id}', { params: { path: { id } } })),
    // One that is not there is not asked for again.
    refetchInterval: ({ state }) => (state.error === null ? freshMs : false),
  });

export const webhooksQuery = (filters: Filters) =>
  listQuery<Webhook>(['webhooks'], filters, (query) => take(api.GET('/v1/webhooks', { params: { query } })));

export type Range = { readonly hours: number; readonly interval: 'minute' | 'hour' | 'day' };

const fromOf = ({ hours }: Range): string => new Date(Date.now() - hours * 3_600_000).toISOString();

export const webhookStatisticsQuery = (id: string, range: Range) =>
  queryOptions({
    queryKey: ['webhooks', id, 'stats', range],
    queryFn: () =>
      take(api.GET('/v1/webhooks/{id}/stats', { params: { path: { id }, query: { from: fromOf(range), interval: range.interval } } })),
    placeholderData: keepPreviousData,
    refetchInterval: freshMs,
  });

export const statisticsQuery = (range: Range) =>
  queryOptions({
    queryKey: ['stats', range],
    queryFn: () =>
      take(api.GET('/v1/stats', { params: { query: { from: fromOf(range), interval: range.interval, group_by: 'webhook' } } })),
    placeholderData: keepPreviousData,
    refetchInterval: freshMs,
  });

export const webhookDeliveriesQuery = (id: string, limit: number) =>
  queryOptions({
    queryKey: ['webhooks', id, 'deliveries', limit],
    queryFn: () => take(api.GET('/v1/webhooks/{id}/deliveries', { params: { path: { id }, query: { limit } } })),
    refetchInterval: freshMs,
  });

export const webhookVersionsQuery = (id: string) =>
  listQuery<Schema<'WebhookVersionSummary'>>(['webhooks', id, 'versions'], {}, (query) =>
    take(api.GET('/v1/webhooks/{id}/versions', { params: { path: { id }, query } })),
  );

export const timelineQuery = (id: string) =>
  listQuery<Schema<'TimelineEntry'>>(['webhooks', id, 'timeline'], {}, (query) =>
    take(api.GET('/v1/webhooks/{id}/timeline', { params: { path: { id }, query } })),
  );

export const eventTypesQuery = queryOptions({
  queryKey: ['event-types'],
  queryFn: () => take(api.GET('/v1/event-types', { params: { query: { limit: 200 } } })),
  staleTime: 60_000,
});
