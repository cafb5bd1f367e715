// GET /v1/deliveries/export and GET /v1/events/export: a list as one CSV file (RFC 4180), read page by page while it is sent. What strangers wrote may
// stand in a cell: one that a spreadsheet would take for a formula gets an apostrophe.
import { pipeline } from 'node:stream/promises';
import type { Walked } from '@posthorn/db';
import { stringify } from 'csv-stringify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { limits } from '../limits.js';
import { filterParameters, readFilters } from '../list-filters.js';
import { deliveryObject, eventFacts, type ReadDependencies } from './deliveries.js';
import { deliveryFilters, walkDeliveries } from './delivery-lists.js';
import { eventFilters, walkEvents } from './events-list.js';
import { readQuery } from './lists.js';

const csv = (what: string) => ({
  tags: [what === 'events' ? 'Events' : 'Deliveries'],
  produces: ['text/csv'],
  description:
    `The newest ${limits.exportRowsMax} at most, newest first, with a line of names before them; narrow the time for older ones. ` +
    'A cell that a spreadsheet would take for a formula begins with an apostrophe. A file that ends in a broken connection is not whole.',
  response: { 200: Type.String({ description: `The ${what}, as CSV.` }) },
});
const deliveriesSchema = {
  operationId: 'exportDeliveries',
  summary: 'Export deliveries as CSV',
  ...csv('deliveries'),
  querystring: Type.Object(filterParameters(deliveryFilters)),
};
const eventsSchema = {
  operationId: 'exportEvents',
  summary: 'Export events as CSV',
  ...csv('events'),
  querystring: Type.Object(filterParameters(eventFilters)),
};

const deliveryColumns = [
  ...['event_id', 'webhook_id', 'tenant', 'event_type', 'status', 'reason', 'created_at', 'attempts'],
  ...['next_attempt_at', 'last_status_code', 'last_error_kind', 'ended_at'],
];
const eventColumns = ['id', 'source_id', 'tenant', 'event_type', 'event_time', 'accepted_at', 'project_flow', 'fan_out'];

/** All rows, page after page. @param read the page behind a position; null: there is none */
async function* rowsOf<Row, Position>(
  read: (before: Position | null, limit: number) => Promise<Walked<Row, Position> | null>,
  positionOf: (last: Row) => Position,
): AsyncGenerator<Row> {
  let before: Position | null = null;
  for (let left: number = limits.exportRowsMax; left > 0; ) {
    const limit = Math.min(left, limits.exportPageRows);
    const page: Walked<Row, Position> | null = await read(before, limit);
    if (page === null) return;
    yield* page.rows;
    left -= page.rows.length;
    const last = page.rows.at(-1);
    before = page.rows.length === limit && last !== undefined ? positionOf(last) : page.lookedTo;
    if (before === null) return;
  }
}

/** Answers with the rows once the first was read: what cannot be read at all is answered as such. */
const sendCsv = async (
  reply: FastifyReply,
  name: string,
  columns: readonly string[],
  rows: AsyncGenerator<object>,
): Promise<FastifyReply> => {
  const first = await rows.next();
  const cells = stringify({ header: true, columns: [...columns], escape_formulas: true, record_delimiter: 'windows' });
  // A page that cannot be read, or a reader who is gone, ends both.
  void pipeline(wholeOf(first, rows), cells).catch(() => undefined);
  return reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}.csv"`)
    .header('cache-control', 'no-store')
    .send(cells);
};

async function* wholeOf<Row>(first: IteratorResult<Row>, rest: AsyncGenerator<Row>): AsyncGenerator<Row> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}

/** GET /v1/deliveries/export and /v1/events/export. */
export const exportRoutes =
  ({ db }: ReadDependencies) =>
  async (app: FastifyInstance) => {
    const config = { permission: 'read_deliveries' } as const;

    app.get('/v1/deliveries/export', { config, schema: deliveriesSchema }, (request, reply) => {
      const wanted = readFilters(deliveryFilters, readQuery(request));
      const rows = rowsOf(
        (before: { readonly eventId: string; readonly webhookId: string } | null, limit) =>
          walkDeliveries(db, request.owner, { wanted, place: {}, before, limit }),
        (last) => ({ eventId: last.event_id, webhookId: last.webhook_id }),
      );
      return sendCsv(reply, 'deliveries', deliveryColumns, map(rows, deliveryObject));
    });

    app.get('/v1/events/export', { config, schema: eventsSchema }, (request, reply) => {
      const wanted = readFilters(eventFilters, readQuery(request));
      const rows = rowsOf(
        (before: string | null, limit) => walkEvents(db, request.owner, wanted, before, limit),
        (last) => last.id,
      );
      const flat = map(rows, (row) => {
        const facts = eventFacts(row);
        return { ...facts, project_flow: facts.project_flow.join(' ') };
      });
      return sendCsv(reply, 'events', eventColumns, flat);
    });
  };

async function* map<Row, Shown>(rows: AsyncIterable<Row>, show: (row: Row) => Shown): AsyncGenerator<Shown> {
  for await (const row of rows) yield show(row);
}
