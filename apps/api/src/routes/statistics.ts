// Statistics: of the environment or a part of it, and of one webhook.
import { eventTypeCharsMax, formatRfc3339, isEventType, isName, parseRfc3339, problem } from '@posthorn/core';
import {
  findWebhook,
  latencyBoundsMs,
  readBacklog,
  readStatistics,
  readStatisticsGroups,
  readWebhookStatistics,
  type StatisticsQuery,
  sumOfCounts,
} from '@posthorn/db';
import type { FastifyContextConfig, FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import { limits } from '../limits.js';
import { filterParameters, id, matching, oneOf, readFilters } from '../list-filters.js';
import { webhookPath } from '../schemas/parameters.js';
import { groupings, intervals } from '../schemas/statistics.js';
import { backlogObject, countsObject } from '../statistics-object.js';
import { webhookObject } from '../webhook-object.js';
import { type Query, readQuery, tenantOfList } from './lists.js';
import { requireOwn, type WebhookDependencies } from './own-webhook.js';

const intervalMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
const dayMs = 86_400_000;

const timeParameters = {
  from: Type.Optional(Type.String({ format: 'date-time', description: 'By default 24 h before `to`.' })),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'By default now.' })),
};
const intervalFilter = {
  interval: oneOf(
    intervals,
    `By default the finest whose intervals are at most ${limits.statisticsBucketsMax / 4}. Minutes are kept for a day, hours for 35 days, days for 400.`,
  ),
};
const scopeFilters = {
  tenant: matching(isName, '1 to 128 letters, digits or one of _ . : -'),
  webhook_id: id,
  event_type: matching(isEventType, `an event type of at most ${eventTypeCharsMax} characters`),
  group_by: oneOf(groupings),
};

const readTime = (name: string, text: string | undefined, fallbackMs: number): number => {
  const atMs = text === undefined ? fallbackMs : parseRfc3339(text);
  if (atMs === null) throw problem('invalid_request', `${name} must be an RFC 3339 time`);
  return atMs;
};

type Times = Pick<StatisticsQuery, 'from' | 'to' | 'interval'>;

/** The time asked about, from the beginning of an interval; throws `invalid_request`. */
const readTimes = (query: Query, nowMs: number): Times => {
  const wanted = readFilters(intervalFilter, query).interval;
  const toMs = readTime('to', query.to, nowMs + intervalMs.minute);
  const fromMs = readTime('from', query.from, toMs - dayMs);
  if (fromMs >= toMs) throw problem('invalid_request', 'from must be before to');
  const isKept = (interval: (typeof intervals)[number]): boolean => fromMs >= nowMs - limits.statisticsKeptMs[interval];
  const finest = intervals.find((each) => isKept(each) && (toMs - fromMs) / intervalMs[each] <= limits.statisticsBucketsMax / 4);
  const interval = wanted ?? finest ?? 'day';
  if (!isKept(interval))
    throw problem('invalid_request', `from is too early: ${interval}s are kept for ${limits.statisticsKeptMs[interval] / 3_600_000} h`);
  if ((toMs - fromMs) / intervalMs[interval] > limits.statisticsBucketsMax)
    throw problem('invalid_request', `at most ${limits.statisticsBucketsMax} intervals can be asked for; take longer ones`);
  const startMs = Math.floor(fromMs / intervalMs[interval]) * intervalMs[interval];
  return { interval, from: new Date(startMs), to: new Date(toMs) };
};

const timesObject = ({ interval, from, to }: Times) => ({
  interval,
  from: formatRfc3339(from.getTime()),
  to: formatRfc3339(to.getTime()),
  latency_bounds_ms: latencyBoundsMs,
});

const schema = {
  operationId: 'getStatistics',
  tags: ['Statistics'],
  summary: 'Read statistics, and how things stand now',
  description: 'Of the environment, or of the tenant, webhook or event type that is named. `now` is of the environment, or of the tenant.',
  querystring: Type.Object({ ...timeParameters, ...filterParameters({ ...intervalFilter, ...scopeFilters }) }),
  response: { 200: Type.Ref('Statistics') },
};
const webhookSchema = {
  operationId: 'getWebhookStatistics',
  tags: ['Statistics'],
  summary: 'Read the statistics of a webhook',
  params: webhookPath,
  querystring: Type.Object({ ...timeParameters, ...filterParameters(intervalFilter) }),
  response: { 200: Type.Ref('WebhookStatistics') },
};

/** GET /v1/stats and GET /v1/webhooks/{id}/stats. */
export const statisticsRoutes = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, nowMs } = dependencies;
  const config: FastifyContextConfig = { permission: 'read_webhooks', problems: ['not_found'] };

  app.get('/v1/stats', { config, schema }, async (request) => {
    const { owner } = request;
    const query = readQuery(request);
    const times = readTimes(query, nowMs());
    const { tenant, webhook_id: webhookId, event_type: eventType, group_by: grouping } = readFilters(scopeFilters, query);
    const reach = await tenantOfList(db, owner, tenant);
    if (reach === null) throw problem('not_found', 'there is no such tenant');
    if (webhookId !== null && (await findWebhook(db, reach.environmentId, reach.tenantId, webhookId)) === undefined)
      throw problem('not_found', 'there is no such webhook');
    const asked = { ...reach, webhookId, eventType, ...times };
    const [buckets, groups, backlog] = await Promise.all([
      readStatistics(db, asked),
      grouping === null ? null : readStatisticsGroups(db, asked, grouping, limits.statisticsGroupsMax),
      readBacklog(db, reach),
    ]);
    return {
      ...timesObject(times),
      group_by: grouping,
      now: backlogObject(backlog),
      totals: countsObject(sumOfCounts(buckets)),
      data: buckets.map((bucket) => ({ at: formatRfc3339(bucket.at.getTime()), ...countsObject(bucket) })),
      groups: groups?.map((group) => ({ key: group.key, ...countsObject(group) })) ?? null,
    };
  });

  app.get('/v1/webhooks/:id/stats', { config, schema: webhookSchema }, async (request) => {
    const query = readQuery(request);
    const { owner, row } = await requireOwn(dependencies, request);
    const times = readTimes(query, nowMs());
    const buckets = await readStatistics(db, { ...reachOf(owner), webhookId: row.id, eventType: null, ...times });
    return {
      webhook_id: row.id,
      ...timesObject(times),
      lifetime: webhookObject(row, owner.mode, (await readWebhookStatistics(db, [row.id])).get(row.id)).statistics,
      totals: countsObject(sumOfCounts(buckets)),
      data: buckets.map((bucket) => ({ at: formatRfc3339(bucket.at.getTime()), ...countsObject(bucket) })),
    };
  });
};
