// What the pages read, each under a key that tells what it is of. No clock reads it again: pages say what concerns them (live.ts).
import { infiniteQueryOptions, keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query';
import { api, type Schema, take } from './client.js';
import { ApiProblem } from './problem.js';

export type Webhook = Schema<'Webhook'>;
export type Delivery = Schema<'Delivery'>;
export type Attempt = Schema<'Attempt'>;
export type Page<Item> = { readonly data: readonly Item[]; readonly next_cursor: string | null };

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

/** A list by pages: `read` gets the filters and the cursor. What the stream tells has it read again, or a button does: never that somebody looks at it. */
export const listQuery = <Item>(key: readonly unknown[], filters: Filters, read: (query: LooseQuery) => Promise<Page<Item>>) =>
  infiniteQueryOptions({
    queryKey: [...key, 'list', filters],
    queryFn: ({ pageParam }) => read({ ...given(filters), ...(pageParam !== '' && { cursor: pageParam }) } as LooseQuery),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
  });

const given = (filters: Filters): Record<string, string> =>
  Object.fromEntries(Object.entries(filters).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''));

export const webhookQuery = (id: string) =>
  queryOptions({
    queryKey: ['webhooks', id],
    queryFn: () => take(api.GET('/v1/webhooks/{id}', { params: { path: { id } } })),
  });

export const webhooksQuery = (filters: Filters) =>
  listQuery<Webhook>(['webhooks'], filters, (query) => take(api.GET('/v1/webhooks', { params: { query } })));

const hourMs = 3_600_000;
export type Range = { readonly hours: number; readonly interval: 'minute' | 'hour' | 'day' };

const fromOf = ({ hours }: Range): string => new Date(Date.now() - hours * hourMs).toISOString();

export const webhookStatisticsQuery = (id: string, range: Range) =>
  queryOptions({
    queryKey: ['webhooks', id, 'stats', range],
    queryFn: () =>
      take(api.GET('/v1/webhooks/{id}/stats', { params: { path: { id }, query: { from: fromOf(range), interval: range.interval } } })),
    placeholderData: keepPreviousData,
  });

export const statisticsQuery = (range: Range) =>
  queryOptions({
    queryKey: ['stats', range],
    queryFn: () =>
      take(api.GET('/v1/stats', { params: { query: { from: fromOf(range), interval: range.interval, group_by: 'webhook' } } })),
    placeholderData: keepPreviousData,
  });

export const webhookDeliveriesQuery = (id: string, limit: number) =>
  queryOptions({
    queryKey: ['webhooks', id, 'deliveries', limit],
    queryFn: () => take(api.GET('/v1/webhooks/{id}/deliveries', { params: { path: { id }, query: { limit } } })),
  });

export const webhookVersionsQuery = (id: string) =>
  listQuery<Schema<'WebhookVersionSummary'>>(['webhooks', id, 'versions'], {}, (query) =>
    take(api.GET('/v1/webhooks/{id}/versions', { params: { path: { id }, query } })),
  );

export const timelineQuery = (id: string) =>
  listQuery<Schema<'TimelineEntry'>>(['webhooks', id, 'timeline'], {}, (query) =>
    take(api.GET('/v1/webhooks/{id}/timeline', { params: { path: { id }, query } })),
  );

type TimelineEntry = Schema<'TimelineEntry'>;
const timelinePage = 200;
const timelinePagesMax = 5;

/** Oldest first, back to before `fromMs` (Unix milliseconds); `isWhole`: there are no others since then. */
const readTimeline = async (
  id: string,
  fromMs: number,
): Promise<{ readonly entries: readonly TimelineEntry[]; readonly isWhole: boolean }> => {
  const found: TimelineEntry[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < timelinePagesMax; page += 1) {
    const query: { limit: number; cursor?: string } = { limit: timelinePage, ...(cursor !== null && { cursor }) };
    const read: Page<TimelineEntry> = await take(api.GET('/v1/webhooks/{id}/timeline', { params: { path: { id }, query } }));
    found.push(...read.data);
    cursor = read.next_cursor;
    const last = read.data.at(-1);
    if (cursor === null || last === undefined || Date.parse(last.at) < fromMs) return { entries: found.reverse(), isWhole: true };
  }
  return { entries: found.reverse(), isWhole: false };
};

/** What happened in a range of time, and what it began with. */
export const pastQuery = (id: string, range: Range) =>
  queryOptions({
    queryKey: ['webhooks', id, 'timeline', 'past', range],
    queryFn: async () => {
      const toMs = Date.now();
      const fromMs = toMs - range.hours * hourMs;
      const { entries, isWhole } = await readTimeline(id, fromMs);
      const oldest = entries[0];
      return { entries, toMs, fromMs: isWhole || oldest === undefined ? fromMs : Math.max(fromMs, Date.parse(oldest.at)) };
    },
    placeholderData: keepPreviousData,
  });

export const eventTypesQuery = queryOptions({
  queryKey: ['event-types'],
  queryFn: () => take(api.GET('/v1/event-types', { params: { query: { limit: 200 } } })),
  staleTime: 60_000,
});
