// GET /v1/events: what was accepted, newest first. What a producer sent stands in the event itself; so do the counts of its deliveries, which
// would cost a look at each of them for every event of a page.
import { eventTypeCharsMax, isEventType, isName } from '@posthorn/core';
import { type Database, type KeyOwner, listEvents } from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import { type FilterValues, filterParameters, matching, period, readFilters } from '../list-filters.js';
import { listOf, pageParameters, shortPages } from '../schemas/lists.js';
import { eventFacts, type ReadDependencies } from './deliveries.js';
import { emptyPage, readLimit, readQuery, tenantOfList, walkedPageOf } from './lists.js';

const nameForm = '1 to 128 letters, digits or one of _ . : -';

/** What events may be chosen by. */
export const eventFilters = {
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
  querystring: Type.Object({ ...pageParameters, ...filterParameters(eventFilters) }),
  response: { 200: listOf(Type.Ref('ListedEvent')) },
};

/** The events before an id that are wanted, newest first, at most `limit`; null: nothing of them is in the owner's reach. */
export const walkEvents = async (
  db: Database,
  owner: KeyOwner,
  wanted: FilterValues<typeof eventFilters>,
  beforeId: string | null,
  limit: number,
) => {
  const reach = await tenantOfList(db, owner, wanted.tenant);
  if (reach === null) return null;
  const { event_type: eventType, source_id: sourceId, accepted_at: acceptedAt } = wanted;
  return listEvents(db, { ...reach, eventType, sourceId, acceptedAt, beforeId, limit });
};

/** GET /v1/events. */
export const eventListRoute = (dependencies: ReadDependencies) => async (app: FastifyInstance) => {
  const { db, cursors } = dependencies;

  app.get('/v1/events', { config: { permission: 'read_deliveries' }, schema }, async (request) => {
    const query = readQuery(request);
    const limit = readLimit(query);
    const wanted = readFilters(eventFilters, query);
    const bound = ['events', reachOf(request.owner), wanted];
    const position = cursors.read(bound, query.cursor);
    const walked = await walkEvents(db, request.owner, wanted, position === null ? null : String(position[0]), limit + 1);
    if (walked === null) return emptyPage;
    return walkedPageOf(
      walked,
      limit,
      eventFacts,
      (last) => last.id,
      (id) => cursors.write(bound, [id]),
    );
  });
};
