// GET /v1/events: what was accepted, newest first. What a producer sent stands in the event itself; so do the counts of its deliveries, which
// would cost a look at each of them for every event of a page.
import { eventTypeCharsMax, isEventType, isName } from '@posthorn/core';
import { listEvents } from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import { filterParameters, matching, period, readFilters } from '../list-filters.js';
import { listOf, pageParameters, shortPages } from '../schemas/lists.js';
import { eventFacts, type ReadDependencies } from './deliveries.js';
import { emptyPage, readLimit, readQuery, tenantOfList, walkedPageOf } from './lists.js';

const nameForm = '1 to 128 letters, digits or one of _ . : -';

const filters = {
  event_type: matching(isEventType, `an event type of at most ${eventTypeCharsMax} characters`),
  source_id: matching(isName, nameForm),
  tenant: matching(isName, nameForm),
  accepted_at: period,
};

const schema = {
  operationId: 'listEvents',
  tags: ['Events'],
  summary: 'List events',
  description: `Newest first, without what their producers sent. \`accepted_at\` is compared with the time in the id, some milliseconds earlier. ${shortPages}`,
  querystring: Type.Object({ ...pageParameters, ...filterParameters(filters) }),
  response: { 200: listOf(Type.Ref('ListedEvent')) },
};

/** GET /v1/events. */
export const eventListRoute = (dependencies: ReadDependencies) => async (app: FastifyInstance) => {
  const { db, cursors } = dependencies;

  app.get('/v1/events', { config: { permission: 'read_deliveries' }, schema }, async (request) => {
    const query = readQuery(request);
    const limit = readLimit(query);
    const wanted = readFilters(filters, query);
    const bound = ['events', reachOf(request.owner), wanted];
    const position = cursors.read(bound, query.cursor);
    const reach = await tenantOfList(db, request.owner, wanted.tenant);
    if (reach === null) return emptyPage;
    const walked = await listEvents(db, {
      ...reach,
      eventType: wanted.event_type,
      sourceId: wanted.source_id,
      acceptedAt: wanted.accepted_at,
      beforeId: position === null ? null : String(position[0]),
      limit: limit + 1,
    });
    return walkedPageOf(
      walked,
      limit,
      eventFacts,
      (last) => last.id,
      (id) => cursors.write(bound, [id]),
    );
  });
};
