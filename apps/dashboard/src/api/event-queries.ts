// What the pages of events, deliveries and replays read.
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, type Schema, take } from './client.js';
import { ApiProblem } from './problem.js';
import { type Attempt, type Delivery, type Filters, listQuery, type Page, type Webhook } from './queries.js';
import { membersOf } from './raw-json.js';

export type ListedEvent = Schema<'ListedEvent'>;
export type Explanation = Schema<'Explanation'>;
export type Replay = Schema<'Replay'>;
export type ReplaySummary = Schema<'ReplaySummary'>;
export type ReplayForecast = Schema<'ReplayForecast'>;
export type NewReplay = Schema<'NewReplay'>;
export type Status = Delivery['status'];

/** An event, with what its producer sent as the text that came. */
export type EventWithTexts = {
  readonly facts: Schema<'Event'>;
  readonly texts: { readonly data: string; readonly current_context: string; readonly resources: string };
};

/** How often what goes on is looked at where no message tells of it: fan-out without a match, and the steps of a replay. */
const untoldMs = 2_000;
const namesMax = 200;
const lookedAtMax = 20;

export const eventQuery = (id: string) =>
  queryOptions({
    queryKey: ['events', 'one', id],
    queryFn: async (): Promise<EventWithTexts> => {
      const text = await take(api.GET('/v1/events/{id}', { params: { path: { id } }, parseAs: 'text' }));
      const { data = 'null', current_context = 'null', resources = 'null' } = membersOf(text);
      return { facts: JSON.parse(text) as Schema<'Event'>, texts: { data, current_context, resources } };
    },
    refetchInterval: ({ state: { data } }) => (data?.facts.fan_out === 'waiting' ? untoldMs : false),
  });

export const eventsQuery = (filters: Filters) =>
  listQuery<ListedEvent>(['events'], filters, (query) => take(api.GET('/v1/events', { params: { query } })));

export const deliveriesQuery = (filters: Filters) =>
  listQuery<Delivery>(['deliveries'], filters, (query) => take(api.GET('/v1/deliveries', { params: { query } })));

export const eventDeliveriesQuery = (id: string) =>
  listQuery<Delivery>(['events', 'one', id, 'deliveries'], {}, (query) =>
    take(api.GET('/v1/events/{id}/deliveries', { params: { path: { id }, query } })),
  );

export const deliveryQuery = (id: string) =>
  queryOptions({
    queryKey: ['deliveries', 'one', id],
    queryFn: () => take(api.GET('/v1/deliveries/{id}', { params: { path: { id } } })),
  });

/** Attempts as they are listed: webhook by webhook, the newest first. `isWhole`: there are no others. */
export type Attempts = { readonly attempts: readonly Attempt[]; readonly isWhole: boolean };

const attemptPagesMax = 5;
const attemptsOfPage = 200;

const readAttempts = async (
  readPage: (query: { limit: number; cursor?: string }) => Promise<Page<Attempt>>,
  cursor: string | null = null,
  pagesLeft = attemptPagesMax,
): Promise<Attempts> => {
  const { data, next_cursor: next } = await readPage({ limit: attemptsOfPage, ...(cursor !== null && { cursor }) });
  if (next === null || pagesLeft === 1) return { attempts: data, isWhole: next === null };
  const rest = await readAttempts(readPage, next, pagesLeft - 1);
  return { attempts: [...data, ...rest.attempts], isWhole: rest.isWhole };
};

/** Read again only when `made` says that there are others. */
const attemptsQuery = (id: string, made: number, readPage: Parameters<typeof readAttempts>[0]) =>
  queryOptions({
    queryKey: ['attempts', id, made],
    queryFn: () => readAttempts(readPage),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: made > 0,
    placeholderData: keepPreviousData,
  });

export const deliveryAttemptsQuery = ({ id, attempts }: Pick<Delivery, 'id' | 'attempts'>) =>
  attemptsQuery(id, attempts, (query) => take(api.GET('/v1/deliveries/{id}/attempts', { params: { path: { id }, query } })));

/** The newest attempt of a webhook that failed, tests left out; null: none did. */
export const lastFailureQuery = (id: string) =>
  queryOptions({
    queryKey: ['webhooks', id, 'last-failure'],
    queryFn: async () => {
      const query = { succeeded: false, limit: lookedAtMax };
      const { data } = await take(api.GET('/v1/webhooks/{id}/attempts', { params: { path: { id }, query } }));
      return data.find(({ kind }) => kind !== 'test') ?? null;
    },
    staleTime: 0,
    gcTime: 0,
  });

/** What each attempt of a delivery sends; it never changes. */
export const deliveryBodyQuery = (id: string) =>
  queryOptions({
    queryKey: ['delivery-body', id],
    queryFn: () => take(api.GET('/v1/deliveries/{id}/body', { params: { path: { id } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The URL that a version of a webhook calls; it never changes. */
export const versionUrlQuery = (id: string, version: number) =>
  queryOptions({
    queryKey: ['webhook-version-url', id, version],
    queryFn: async () => {
      const { webhook } = await take(api.GET('/v1/webhooks/{id}/versions/{version}', { params: { path: { id, version } } }));
      return webhook.url;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** @param made how many attempts its deliveries are known to have */
export const eventAttemptsQuery = (id: string, made: number) =>
  attemptsQuery(id, made, (query) => take(api.GET('/v1/events/{id}/attempts', { params: { path: { id }, query } })));

export const explainQuery = (eventId: string, webhookId: string) =>
  queryOptions({
    queryKey: ['events', 'one', eventId, 'explain', webhookId],
    queryFn: async () =>
      (await take(
        api.GET('/v1/events/{id}/explain', { params: { path: { id: eventId }, query: { webhook_id: webhookId } } }),
      )) as Explanation,
  });

/** The names of the newest webhooks, of a tenant or of all; `isWhole`: there are no others. */
export const webhookNamesQuery = (tenant: string | null) =>
  queryOptions({
    queryKey: ['webhooks', 'names', tenant],
    queryFn: async () => {
      const query = { limit: namesMax, ...(tenant !== null && { tenant }) };
      const { data, next_cursor } = await take(api.GET('/v1/webhooks', { params: { query } }));
      return { names: new Map(data.map((webhook) => [webhook.id, nameOf(webhook)])), isWhole: next_cursor === null };
    },
    staleTime: 60_000,
  });

export const nameOf = ({ name, code, url }: Pick<Webhook, 'name' | 'code' | 'url'>): string => name ?? code ?? url;

export const replaysQuery = () => listQuery<ReplaySummary>(['replays'], {}, (query) => take(api.GET('/v1/replays', { params: { query } })));

export const replayQuery = (id: string) =>
  queryOptions({
    queryKey: ['replays', 'one', id],
    queryFn: () => take(api.GET('/v1/replays/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state: { data } }) => (data?.status === 'running' ? untoldMs : false),
  });

/** What a replay would do; nothing is done. */
export const forecastQuery = (body: NewReplay) =>
  queryOptions({
    queryKey: ['replays', 'forecast', body],
    queryFn: async () => (await take(api.POST('/v1/replays', { body: { ...body, dry_run: true } }))) as ReplayForecast,
    gcTime: 0,
    retry: (count, error) => count < 1 && !(error instanceof ApiProblem),
  });

export const startReplay = async (body: NewReplay): Promise<Replay> => (await take(api.POST('/v1/replays', { body }))) as Replay;
