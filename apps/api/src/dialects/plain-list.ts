// The list of a dialect whose objects are plain JSON: newest first, in pages.
import { isName } from '@posthorn/core';
import { anyWebhook, listWebhooks } from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import { type Filter, filterParameters, flag, matching } from '../list-filters.js';
import { emptyPage, pageOf, type Query, readLimit, readQuery, tenantOfList } from '../routes/lists.js';
import type { WebhookDependencies } from '../routes/own-webhook.js';
import { pageParameters } from '../schemas/lists.js';
import { configOf, type PlainPlace, tagsOf } from './plain-place.js';
import { shownWebhooks } from './showing.js';

const newestFirst = { by: 'created_at', descending: true } as const;

const tenantFilter = matching(isName, '1 to 128 letters, digits or one of _ . : -');
const environmentFilter = matching(() => true, 'the environment of the key: of another there is nothing to list');

/** Clients of some dialects send what they leave out as empty. */
const given = (query: Query): Query => Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));

const readNamed = <T>(filter: Filter<T>, name: string | null, query: Query): T | null => (name === null ? null : filter.read(name, query));

/** GET at the place. */
export const registerPlainList = (app: FastifyInstance, place: PlainPlace, { db, cursors, origin }: WebhookDependencies): void => {
  const { dialect, path, operation, list } = place;
  const filters: Readonly<Record<string, Filter<unknown>>> = {
    [list.isActive]: flag,
    ...(list.tenant !== null && { [list.tenant]: tenantFilter }),
    ...(list.environment !== null && { [list.environment]: environmentFilter }),
  };
  const nextCursor = Type.Union([Type.String(), Type.Null()], { description: 'Null: this is the last page.' });
  const schema = {
    operationId: `list${operation}s`,
    tags: tagsOf(place),
    summary: 'List webhooks, newest first',
    querystring: Type.Object({ limit: pageParameters.limit, [list.cursor]: pageParameters.cursor, ...filterParameters(filters) }),
    response: {
      200: Type.Object(
        { [list.items]: Type.Array(Type.Ref(place.schemas.shown)), next_cursor: nextCursor },
        { description: 'A page of them.' },
      ),
    },
  };

  app.get(path, { config: configOf(place, 'read_webhooks'), schema }, async (request) => {
    const { owner } = request;
    const query = given(readQuery(request));
    const limit = readLimit(query);
    const isActive = flag.read(list.isActive, query);
    const tenant = readNamed(tenantFilter, list.tenant, query);
    const environment = readNamed(environmentFilter, list.environment, query);
    const bound = [path, reachOf(owner), { isActive, tenant }];
    const position = cursors.read(bound, query[list.cursor]);
    const isElsewhere = environment !== null && environment !== owner.environmentId;
    const reach = isElsewhere ? null : await tenantOfList(db, owner, tenant);
    if (reach === null) return { [list.items]: emptyPage.data, next_cursor: null };
    const rows = await listWebhooks(db, {
      ...reach,
      filters: { ...anyWebhook, isActive },
      sort: newestFirst,
      after: position === null ? null : { value: String(position[0]), id: String(position[1]) },
      limit: limit + 1,
    });
    const page = pageOf(
      rows,
      limit,
      (row) => row,
      (last) => cursors.write(bound, [last.sort_value, last.id]),
    );
    const shown = await shownWebhooks(db, dialect.name, page.data, owner.mode);
    return { [list.items]: shown.map((each) => dialect.show(each, null, origin())), next_cursor: page.next_cursor };
  });
};
