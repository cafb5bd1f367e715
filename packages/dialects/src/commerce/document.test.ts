import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { JsonText, type ListPage, listDocument, type Resource, resourceDocument, sparse, withLinkage, writeDocument } from './document.js';
import { callbackIdOf, readCallbackId, type ShownCallback, showEventCallback } from './event-callback.js';
import { type ShownVersion, showEventStore, showVersion } from './version.js';

const origin = 'https://hooks.example';
const webhook = (id: string): Resource => ({
  id,
  type: 'webhooks',
  links: { self: `${origin}/api/webhooks/${id}` },
  attributes: { name: `name of ${id}`, topic: '*' },
  relationships: { last_event_callbacks: { links: { related: 'x' } }, versions: { links: { related: 'y' } } },
  meta: { mode: 'test' },
});
const callback = (id: string): Resource => ({ id, type: 'event_callbacks', attributes: { response_code: '200', payload: null } });
const place = { origin, path: '/api/webhooks', parameters: {} };
const linksOf = (
  page: ListPage,
  parameters: Readonly<Record<string, string>> = {},
): readonly (readonly [string, Record<string, string>])[] =>
  Object.entries(listDocument([], null, {}, page, { ...place, parameters }).links).map(([name, link]) => {
    const { origin: at, pathname, searchParams } = new URL(String(link));
    expect([at, pathname]).toEqual([origin, '/api/webhooks']);
    return [name, Object.fromEntries(searchParams)];
  });

describe('a document', () => {
  it('of a list has its page, its count, and links to other pages of the same query', () => {
    const document = listDocument([webhook('a')], null, {}, { number: 2, size: 1, count: 3 }, place);
    expect(document).toMatchObject({ data: [webhook('a')], meta: { record_count: 3, page_count: 3 } });
    expect(document).not.toHaveProperty('included');
    const parameters = { 'filter[q][name_eq]': 'a&b=%', sort: '-id', 'page[number]': '2', 'page[size]': '2' };
    const to = (number: number) => ({ ...parameters, 'page[number]': String(number) });
    const page = { number: 2, size: 2, count: 5 };
    expect(linksOf(page, parameters)).toEqual([
      ['first', to(1)],
      ['prev', to(1)],
      ['next', to(3)],
      ['last', to(3)],
    ]);
    const names = (number: number, count: number) =>
      linksOf({ number, size: 2, count }).map(([name, { 'page[number]': at }]) => `${name} ${at}`);
    expect(names(1, 0)).toEqual(['first 1', 'last 1']);
    expect(names(1, 2)).toEqual(['first 1', 'last 1']);
    expect(names(1, 3)).toEqual(['first 1', 'next 2', 'last 2']);
    expect(names(9, 3)).toEqual(['first 1', 'prev 2', 'last 2']);
    expect(listDocument([], null, {}, { number: 1, size: 10, count: 0 }, place).meta).toEqual({ record_count: 0, page_count: 0 });
  });

  it('includes each resource once, and none that is its data', () => {
    const linked = ['a', 'b'].map((id) => withLinkage(webhook(id), 'last_event_callbacks', [callback('x'), callback('y')]));
    const document = listDocument(
      linked,
      [callback('x'), callback('y'), callback('x'), webhook('a')],
      {},
      { number: 1, size: 2, count: 2 },
      place,
    );
    expect(document).toMatchObject({ included: [callback('x'), callback('y')] });
    expect(document.data[0]?.relationships).toEqual({
      last_event_callbacks: {
        links: { related: 'x' },
        data: [
          { type: 'event_callbacks', id: 'x' },
          { type: 'event_callbacks', id: 'y' },
        ],
      },
      versions: { links: { related: 'y' } },
    });
    expect(resourceDocument(webhook('a'), [], {})).toEqual({ data: webhook('a'), included: [] });
    expect(withLinkage(callback('x'), 'webhook', webhook('a')).relationships).toEqual({ webhook: { data: { type: 'webhooks', id: 'a' } } });
    expect(withLinkage(callback('x'), 'webhook', null).relationships).toEqual({ webhook: { data: null } });
  });

  it('is cut down to the fields that were asked for, of data and of what is included', () => {
    const fields = { webhooks: ['name', 'last_event_callbacks'], event_callbacks: [] };
    const { data, included } = resourceDocument(webhook('a'), [callback('x')], fields) as { data: Resource; included: Resource[] };
    expect(data).toEqual({
      ...webhook('a'),
      attributes: { name: 'name of a' },
      relationships: { last_event_callbacks: { links: { related: 'x' } } },
    });
    expect(included).toEqual([{ ...callback('x'), attributes: {} }]);
    expect(sparse({ ...webhook('a'), type: 'toString' }, fields).attributes).toEqual(webhook('a').attributes);
  });

  it('is written as JSON, what a producer sent to the byte', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => expect(writeDocument(value)).toBe(JSON.stringify(value))));
    const text = '{"a":12345678901234567890, "a":1.0,"é":"\\u00e9"}';
    expect(writeDocument({ payload: new JsonText(text), none: undefined, list: [new JsonText('1.0')] })).toBe(
      `{"payload":${text},"list":[1.0]}`,
    );
  });
});

const sentAttempt: ShownCallback = {
  eventId: '019a0000-0000-7000-8000-000000000002',
  webhookId: '019a0000-0000-7000-8000-000000000001',
  attempt: 3,
  url: 'https://example.com/callback',
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:00:00.012Z',
  statusCode: 200,
  error: null,
  body: '{"data":{"id":12345678901234567890},"included":[]}',
  mode: 'test',
};
const attributesOf = (changes: Partial<ShownCallback>) => showEventCallback({ ...sentAttempt, ...changes }, origin).attributes;

describe('an event callback', () => {
  it('is an attempt: what was called, what was sent, what came back', () => {
    const id = `${sentAttempt.eventId}.${sentAttempt.webhookId}.3`;
    const self = `${origin}/api/event_callbacks/${id}`;
    expect(JSON.parse(writeDocument(showEventCallback({ ...sentAttempt, body: '{"data":1}' }, origin)))).toEqual({
      id,
      type: 'event_callbacks',
      links: { self },
      attributes: {
        callback_url: 'https://example.com/callback',
        payload: { data: 1 },
        response_code: '200',
        response_message: 'OK',
        created_at: '2026-01-01T00:00:00.000Z',
        updated_at: '2026-01-01T00:00:00.012Z',
        reference: null,
        reference_origin: null,
        metadata: {},
      },
      relationships: {
        webhook: {
          links: { self: `${self}/relationships/webhook`, related: `${self}/webhook` },
          data: { type: 'webhooks', id: sentAttempt.webhookId },
        },
      },
      meta: { mode: 'test' },
    });
    expect(writeDocument(attributesOf({}))).toContain('"id":12345678901234567890');
  });

  it.each([
    [{ statusCode: 503 }, '503', 'Service Unavailable'],
    [{ statusCode: 599 }, '599', 'HTTP 599'],
    [{ statusCode: null, error: 'timed out after 15000 ms' }, null, 'timed out after 15000 ms'],
    [{ statusCode: 200, error: 'the body was cut off' }, '200', 'the body was cut off'],
  ])('of %j has an answer in two texts', (changes, code, message) => {
    expect(attributesOf(changes)).toMatchObject({ response_code: code, response_message: message });
  });

  it('has no payload where none is there, or where it is no object', () => {
    for (const body of [null, '[1]', '"text"', '7']) expect(attributesOf({ body }).payload).toBeNull();
  });

  it('has an id that says where the attempt stands', () => {
    const { eventId, webhookId, attempt } = sentAttempt;
    expect(readCallbackId(callbackIdOf(sentAttempt))).toEqual({ eventId, webhookId, attempt });
    for (const id of ['', eventId, `${eventId}.${webhookId}`, `${eventId}.${webhookId}.0`, `${eventId}.${webhookId}.01`, `${eventId}.x.1`])
      expect(readCallbackId(id)).toBeNull();
    expect(readCallbackId(`${eventId}.${webhookId}.1.1`)).toBeNull();
    expect(readCallbackId(`${eventId}.${webhookId}.9999999999`)).toBeNull();
  });
});

const firstVersion: ShownVersion = {
  webhookId: sentAttempt.webhookId,
  version: 1,
  changes: {},
  snapshot: { name: 'n', url: 'https://a/', event_types: [], include_resources: [], reference: null, metadata: { a: 1 }, timeout_ms: 5 },
  keyId: 'key',
  role: 'admin',
  changedAt: '2026-01-01T00:00:00.000Z',
  mode: 'live',
};

describe('a version', () => {
  it('that made the webhook tells what it was given', () => {
    expect(showVersion(firstVersion)).toEqual({
      id: `${firstVersion.webhookId}.1`,
      type: 'versions',
      attributes: {
        resource_type: 'webhooks',
        resource_id: firstVersion.webhookId,
        event: 'create',
        changes: { name: [null, 'n'], topic: [null, '*'], callback_url: [null, 'https://a/'], metadata: [null, { a: 1 }] },
        who: { application: { id: 'key', kind: 'integration', public: false }, role: 'admin' },
        created_at: '2026-01-01T00:00:00.000Z',
        updated_at: '2026-01-01T00:00:00.000Z',
        reference: null,
        reference_origin: null,
        metadata: {},
      },
      meta: { mode: 'live' },
    });
  });

  it('that changed it tells before and after, in this dialect’s words', () => {
    const changes = {
      url: { from: 'https://a/', to: 'https://b/' },
      event_types: { from: [], to: ['a', 'b.*'] },
      timeout_ms: { from: 5, to: null },
    };
    const { type, attributes } = showEventStore({ ...firstVersion, version: 2, changes, role: 'channel' });
    expect(type).toBe('event_stores');
    expect(attributes).toMatchObject({
      event: 'update',
      payload: { callback_url: ['https://a/', 'https://b/'], topic: ['*', 'a,b.*'], timeout_ms: [5, null] },
      who: { application: { kind: 'sales_channel' } },
    });
    expect(attributes).not.toHaveProperty('changes');
  });
});
