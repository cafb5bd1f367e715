// What the bell and the page of notifications read.
import { queryOptions } from '@tanstack/react-query';
import { api, type Schema, take } from './client.js';
import { type Filters, listQuery, type Page } from './queries.js';

export type Notification = Schema<'Notification'>;

/** No message tells of mails: where one is on its way, or still gathered, it is looked at so often, in milliseconds. */
const untoldMs = 10_000;
const newestMax = 50;

/** Something of it is not yet told to whom it concerns. */
const isOnItsWay = ({ outcome, mail }: Notification): boolean => outcome === null || mail?.status === 'waiting';

type Read = { readonly state: { readonly data?: { readonly pages: readonly Page<Notification>[] } | undefined } };

export const notificationsQuery = (filters: Filters) => ({
  ...listQuery<Notification>(['notifications'], filters, (query) => take(api.GET('/v1/notifications', { params: { query } }))),
  refetchInterval: ({ state: { data } }: Read): number | false =>
    data?.pages.some((page) => page.data.some(isOnItsWay)) === true ? untoldMs : false,
});

/**
 * The newest of all kinds but what was delivered, which nobody has to look after; a list is under another key. Every page has it: the stream says when to
 * read it again, a look at the window does not.
 */
export const newestNotificationsQuery = queryOptions({
  queryKey: ['notifications', 'newest'],
  refetchOnWindowFocus: false,
  queryFn: async () => {
    const { data } = await take(api.GET('/v1/notifications', { params: { query: { limit: newestMax } } }));
    return data.filter(({ kind }) => kind !== 'deliveries_succeeded');
  },
});
