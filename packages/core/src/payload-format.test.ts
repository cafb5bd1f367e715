import { describe, expect, it } from '@jest/globals';
import { CloudEvent, HTTP } from 'cloudevents';
import fc from 'fast-check';
import { eventLimits, parseEvent } from './event.js';
import {
  type BodyEvent,
  type BodyOptions,
  buildBody,
  canCarryResources,
  contentTypeOf,
  envelope,
  isBodyPerWebhook,
  type PayloadFormat,
  payloadFormats,
} from './payload-format.js';

const hostile = '{"n":12345678901234567890,"f":1.0,"b":1,"a":2,"a":3,"s":"\\u0000\\ud800"}';
const event: BodyEvent = {
  id: '01948e4c-7e00-7000-8000-000000000001',
  eventType: 'order.placed',
  eventTimeMs: Date.parse('2025-01-31T12:00:00.000Z'),
  acceptedAtMs: Date.parse('2025-01-31T12:00:00.789Z'),
  environmentId: '01948e4c-7e00-7000-8000-00000000000e',
  currentContext: '{"survey" : 1.0}',
  data: hostile,
  resources: '{"customer": {"id":1.0} ,"line_items":[ {"id":"a"} , {"id":"b"} ],"none":[],"nil":null}',
};
const options: BodyOptions = { includeResources: [], webhookId: '01948e4c-7e00-7000-8000-0000000000aa' };

function including(format: PayloadFormat, includeResources: readonly string[], resources = event.resources): string {
  return buildBody(format, { ...event, resources }, { ...options, includeResources });
}

describe('buildBody', () => {
  const bodies: Readonly<Record<PayloadFormat, string>> = {
    envelope: `{"event_time":"2025-01-31T12:00:00.000Z","event_type":"order.placed","current_context":{"survey" : 1.0},"data":${hostile}}`,
    standard: `{"type":"order.placed","timestamp":"2025-01-31T12:00:00.000Z","data":${hostile}}`,
    jsonapi: `{"data":${hostile},"included":[]}`,
    event_payload: `{"id":"01948e4c-7e00-7000-8000-000000000001","event":"order.placed","payload":${hostile},"environment_id":"01948e4c-7e00-7000-8000-00000000000e","webhook_id":"01948e4c-7e00-7000-8000-0000000000aa","created_at":"2025-01-31T12:00:00.789Z"}`,
    cloudevents: `{"specversion":"1.0","id":"01948e4c-7e00-7000-8000-000000000001","source":"/environments/01948e4c-7e00-7000-8000-00000000000e","type":"order.placed","time":"2025-01-31T12:00:00.000Z","datacontenttype":"application/json","data":${hostile}}`,
    data: hostile,
  };

  it.each(payloadFormats)('has exactly these bytes in format %s', (format) => {
    expect(buildBody(format, event, options)).toBe(bodies[format]);
  });

  it.each(payloadFormats)('is JSON with the right members in format %s, and data stands in it byte for byte', (format) => {
    const data = fc.oneof(
      fc.constant(hostile),
      fc.tuple(fc.jsonValue(), fc.constantFrom(0, 1)).map(([value, indent]) => JSON.stringify(value, null, indent)),
    );
    const time = fc.nat({ max: 4_000_000_000_000 });
    const context = fc.option(fc.jsonValue().map((value) => JSON.stringify(value)));
    fc.assert(
      fc.property(data, fc.string(), time, time, context, (text, eventType, eventTimeMs, acceptedAtMs, currentContext) => {
        const body = buildBody(format, { ...event, data: text, eventType, eventTimeMs, acceptedAtMs, currentContext }, options);
        expect(body.includes(text)).toBe(true);
        // The body with another value in the place of data: nothing but data depends on it.
        const place = buildBody(format, { ...event, data: '"§"', eventType, eventTimeMs, acceptedAtMs, currentContext }, options);
        expect(place.replace('"§"', () => text)).toBe(body);
        const at = new Date(eventTimeMs).toISOString();
        const value = JSON.parse(text) as unknown;
        const expected: Readonly<Record<PayloadFormat, unknown>> = {
          envelope: { event_time: at, event_type: eventType, current_context: JSON.parse(currentContext ?? 'null'), data: value },
          standard: { type: eventType, timestamp: at, data: value },
          jsonapi: { data: value, included: [] },
          event_payload: {
            id: event.id,
            event: eventType,
            payload: value,
            environment_id: event.environmentId,
            webhook_id: options.webhookId,
            created_at: new Date(acceptedAtMs).toISOString(),
          },
          cloudevents: {
            specversion: '1.0',
            id: event.id,
            source: `/environments/${event.environmentId}`,
            type: eventType,
            time: at,
            datacontenttype: 'application/json',
            data: value,
          },
          data: value,
        };
        expect(JSON.stringify(JSON.parse(body))).toBe(JSON.stringify(expected[format]));
      }),
    );
  });

  it.each(payloadFormats)('depends on the webhook in format %s only if it says so', (format) => {
    const other = buildBody(format, event, { ...options, webhookId: '01948e4c-7e00-7000-8000-0000000000bb' });
    expect(other !== bodies[format]).toBe(isBodyPerWebhook(format));
  });

  it('makes events that the CloudEvents SDK takes, whatever the data', () => {
    const texts = [hostile, '[]', '"x"', '1.0', 'true', 'null', '{}'];
    for (const data of texts) {
      const body = buildBody('cloudevents', { ...event, data }, options);
      const read = HTTP.toEvent({ headers: { 'content-type': contentTypeOf('cloudevents') }, body });
      if (!(read instanceof CloudEvent)) throw new Error('not one event');
      expect(read.validate()).toBe(true);
      expect(read.toJSON()).toMatchObject({
        specversion: '1.0',
        id: event.id,
        source: `/environments/${event.environmentId}`,
        type: 'order.placed',
        time: '2025-01-31T12:00:00.000Z',
        datacontenttype: 'application/json',
      });
      // The SDK reads `null` as no data.
      expect(read.data ?? null).toEqual(JSON.parse(data));
    }
  });
});

describe('included', () => {
  it.each(payloadFormats)('changes the body of format %s only if it can carry resources', (format) => {
    expect(including(format, ['customer']) !== including(format, [])).toBe(canCarryResources(format));
  });

  it('is the last member of the envelope, and only if resources are wanted', () => {
    expect(including('envelope', ['customer'])).toBe(`${including('envelope', []).slice(0, -1)},"included":[{"id":1.0}]}`);
    expect(including('envelope', ['unknown'])).toBe(`${including('envelope', []).slice(0, -1)},"included":[]}`);
  });

  it.each<[string[], string]>([
    [[], '[]'],
    [['customer'], '[{"id":1.0}]'],
    [['line_items', 'customer'], '[{"id":"a"},{"id":"b"},{"id":1.0}]'],
    [['customer', 'line_items'], '[{"id":1.0},{"id":"a"},{"id":"b"}]'],
    [['none', 'unknown', 'customer'], '[{"id":1.0}]'],
    [['nil'], '[null]'],
    [['customer', 'customer'], '[{"id":1.0}]'],
    [['constructor', '__proto__', 'toString'], '[]'],
  ])('has the resources %j in their order, lists spliced in, what is lacking left out', (names, expected) => {
    expect(including('jsonapi', names)).toBe(`{"data":${hostile},"included":${expected}}`);
  });

  it('is empty for an event without resources', () => {
    const body = buildBody('jsonapi', { ...event, resources: null }, { ...options, includeResources: ['customer'] });
    expect(body).toBe(`{"data":${hostile},"included":[]}`);
  });

  it('takes the last of several resources of one name, also in disguise', () => {
    expect(including('jsonapi', ['a'], '{"a":1,"b":2,"a":[3]}')).toBe(`{"data":${hostile},"included":[3]}`);
    expect(including('jsonapi', ['a'], '{"a":1,"\\u0061":2}')).toBe(`{"data":${hostile},"included":[2]}`);
  });

  it('keeps the bytes of resources', () => {
    expect(including('jsonapi', ['h', 'l'], `{"l":[[1.0] , ${hostile}],"h": ${hostile} }`)).toBe(
      `{"data":${hostile},"included":[${hostile},[1.0],${hostile}]}`,
    );
  });

  it('has what JSON.parse sees, for whatever resources were accepted', () => {
    const names = fc.constantFrom('a', 'b', 'c', '__proto__', 'é"\\');
    const members = fc.array(fc.tuple(names, fc.jsonValue({ maxDepth: 3 })), { maxLength: 5 });
    fc.assert(
      fc.property(members, fc.uniqueArray(names), fc.constantFrom('', ' ', '\n\t'), (some, wanted, space) => {
        const inner = some.map(([name, value]) => `${JSON.stringify(name)}${space}:${space}${JSON.stringify(value, null, space)}`);
        const resources = `{${inner.join(`${space},`)}${space}}`;
        const parsed = parseEvent(`{"event_type":"a","data":1,"resources":${resources}}`, eventLimits);
        if (!parsed.ok) throw parsed.error;
        const last = new Map(some);
        const expected = wanted.flatMap((name) => (last.has(name) ? [last.get(name)] : [])).flat(1);
        const body = JSON.parse(including('envelope', wanted, parsed.event.resources)) as { included?: unknown };
        expect(JSON.stringify(body.included)).toBe(wanted.length === 0 ? undefined : JSON.stringify(expected));
      }),
    );
  });

  it('throws if resources is no object, which is never stored', () => {
    expect(() => including('jsonapi', ['a'], '[1]')).toThrow(RangeError);
  });
});

describe('envelope', () => {
  it('says null where there is no context', () => {
    expect(envelope({ eventTimeMs: 0, eventType: 'a', currentContext: null, data: '1.0' })).toBe(
      '{"event_time":"1970-01-01T00:00:00.000Z","event_type":"a","current_context":null,"data":1.0}',
    );
  });
});

describe('contentTypeOf', () => {
  it('is the media type of each format', () => {
    expect(payloadFormats.map((format) => [format, contentTypeOf(format)])).toEqual([
      ['envelope', 'application/json'],
      ['standard', 'application/json'],
      ['jsonapi', 'application/vnd.api+json'],
      ['event_payload', 'application/json'],
      ['cloudevents', 'application/cloudevents+json'],
      ['data', 'application/json'],
    ]);
  });
});
