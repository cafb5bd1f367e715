// GET /v1/stream: what happens, as server-sent events (WHATWG HTML, 9.2), for those who may see it.
import { errorKindOfCode, formatRfc3339, problem, reasonOfCode, shownStatus } from '@posthorn/core';
import type { LiveMessage } from '@posthorn/db';
import { createSession, type Session } from 'better-sse';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Access } from '../access.js';
import { limits } from '../limits.js';
import { filterParameters, id as idFilter, matching, readFilters } from '../list-filters.js';
import type { StreamHub } from '../stream/hub.js';
import { readQuery } from './lists.js';

export type StreamDependencies = {
  readonly hub: StreamHub;
  readonly access: Pick<Access, 'require'>;
  readonly onError: (error: unknown) => void;
};

const kinds = ['event', 'attempt', 'delivery', 'circuit'] as const;
const filters = {
  webhook_id: idFilter,
  event_id: idFilter,
  kinds: matching(
    (text) => text.split(',').every((kind) => kinds.includes(kind as never)),
    `some of ${kinds.join(', ')}, joined by commas; by default all`,
  ),
};

const schema = {
  operationId: 'streamActivity',
  tags: ['Statistics'],
  summary: 'Follow what happens, live',
  description:
    'Server-sent events: `event` (accepted), `attempt` (recorded), `delivery` (made, skipped, retried or cancelled without an attempt, one at a time), `circuit` (a webhook was switched, paused, or its circuit changed), `dropped` (so many were not told), `reset` (read again what you show). `Last-Event-ID` resumes after a break, as far as it is known here. What a replay opens, and what waited at a webhook that is switched off, is not told delivery by delivery.',
  querystring: Type.Object(filterParameters(filters)),
  headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ description: 'Of the last message seen.' })) }),
  response: {
    200: { description: 'The stream.', content: { 'text/event-stream': { schema: Type.String() } } },
  },
};

/** As people see it: without the environment, which is theirs, and without a count that others have part in. */
const shown = ({ kind, environment_id: _, ...facts }: LiveMessage, isBound: boolean): unknown => {
  if (kind === 'dropped') return isBound ? {} : { count: facts.count };
  if (kind === 'delivery') {
    const { status, gated, reason, ...rest } = facts;
    return { ...rest, status: shownStatus(Number(status), gated === true), reason: reason === null ? null : reasonOfCode(Number(reason)) };
  }
  if (kind !== 'attempt') return facts;
  const { status, gated, error_kind, started_at_ms, ...rest } = facts;
  return {
    ...rest,
    status: shownStatus(Number(status), gated === true),
    error_kind: error_kind === null ? null : errorKindOfCode(Number(error_kind)),
    started_at: formatRfc3339(Number(started_at_ms)),
  };
};

const wantsOf = (request: FastifyRequest): ((message: LiveMessage) => boolean) => {
  const { webhook_id: webhookId, event_id: eventId, kinds: named } = readFilters(filters, readQuery(request));
  const wanted = new Set<string>(named === null ? kinds : named.split(','));
  return (message) =>
    message.kind === 'dropped' ||
    (wanted.has(message.kind) &&
      (webhookId === null || message.webhook_id === webhookId) &&
      (eventId === null || message.event_id === eventId));
};

const lastIdOf = (request: FastifyRequest): string | undefined => {
  const given = request.headers['last-event-id'];
  return typeof given === 'string' && given.length <= 128 ? given : undefined;
};

/** GET /v1/stream. */
export const streamRoute =
  ({ hub, access, onError }: StreamDependencies) =>
  async (app: FastifyInstance) => {
    app.get('/v1/stream', { config: { permission: 'read_deliveries', problems: ['overloaded'] }, schema }, async (request, reply) => {
      const wants = wantsOf(request);
      if (hub.subscribers() >= limits.streamsMax)
        throw problem('overloaded', 'too many streams at once', { headers: { 'retry-after': String(limits.retryAfterS) } });
      const { owner, raw } = request;
      reply.hijack();
      const headers = Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]));
      const session: Session = await createSession(raw, reply.raw, { keepAlive: limits.streamKeepAliveMs, retry: 2_000, headers });
      const push = (name: string, data: unknown, id: string): void => {
        // Who does not read is cut off and comes back, rather than be remembered without end.
        if (reply.raw.writableLength > limits.streamWaitingBytesMax) reply.raw.destroy();
        else session.push(data, name, id);
      };
      const leave = hub.subscribe(
        {
          owner,
          wants,
          push: ({ id, message }) => push(message.kind, shown(message, owner.tenant !== null), id),
          reset: (id) => push('reset', {}, id),
          end: () => reply.raw.end(),
        },
        lastIdOf(request),
      );
      // A key that is revoked or expired is not listened with any longer.
      const checking = setInterval(() => {
        access.require(request, 'read_deliveries').catch(() => reply.raw.end());
      }, limits.streamKeyMs);
      reply.raw.once('close', () => {
        clearInterval(checking);
        leave();
      });
      reply.raw.on('error', onError);
      if (reply.raw.destroyed) leave();
    });
  };
