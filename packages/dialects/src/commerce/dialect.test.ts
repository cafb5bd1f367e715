import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newRules, right, stored } from '../../tests/stored.js';
import { commerce } from './dialect.js';

const origin = 'https://hooks.example';
const document = (attributes: unknown) => ({ data: { type: 'webhooks', attributes, relationships: {} } });
const sample = {
  name: 'My Webhook',
  topic: 'orders.place',
  callback_url: 'https://example.com/callback',
  include_resources: ['customer', 'shipping_address'],
};
const made = (attributes: object = {}) => stored(commerce.read(document({ ...sample, ...attributes }), newRules));
const change = (attributes: object, before = made(), role: 'admin' | 'channel' = 'admin') =>
  commerce.read(document(attributes), { ...newRules, isNew: false, before, role });
const attributesOf = (shown: unknown) => (shown as { readonly attributes: Readonly<Record<string, unknown>> }).attributes;
const wrongIn = (body: unknown, rules = newRules): readonly string[] => {
  const reading = commerce.read(body, rules);
  return reading.ok ? [] : reading.errors.map(({ pointer, code }) => `${code} ${pointer}`);
};

describe('dialect 001', () => {
  it('reads what its clients send and shows the resource of its document', () => {
    const reading = right(commerce.read(document(sample), newRules));
    expect(reading.webhook).toEqual({
      name: sample.name,
      url: sample.callback_url,
      event_types: ['orders.place'],
      include_resources: sample.include_resources,
      payload_format: 'jsonapi',
      signature_header: { name: 'x-commercelayer-signature', value: '{base64}' },
      headers: { 'x-commercelayer-topic': '{event_type}' },
      secret: '000102030405060708090a0b0c0d0e0f',
    });
    const self = `${origin}/api/webhooks/${made().id}`;
    expect(commerce.show(made(), 'secret', origin)).toEqual({
      id: made().id,
      type: 'webhooks',
      links: { self },
      attributes: {
        ...sample,
        disabled_at: null,
        circuit_state: 'closed',
        circuit_failure_count: 0,
        shared_secret: 'secret',
        created_at: '2026-01-01T00:00:00.000Z',
        updated_at: '2026-01-01T00:00:00.000Z',
        reference: null,
        reference_origin: null,
        metadata: {},
      },
      relationships: {
        last_event_callbacks: { links: { self: `${self}/relationships/last_event_callbacks`, related: `${self}/last_event_callbacks` } },
        versions: { links: { self: `${self}/relationships/versions`, related: `${self}/versions` } },
      },
      meta: { mode: 'test' },
    });
  });

  it('has one topic, all or several', () => {
    const topics = [
      ['*', []],
      ['orders.place', ['orders.place']],
      ['orders.*, customers.create', ['orders.*', 'customers.create']],
    ] as const;
    for (const [topic, eventTypes] of topics) {
      expect(right(change({ topic })).webhook).toEqual({ event_types: eventTypes });
      expect(attributesOf(commerce.show({ ...made(), event_types: eventTypes }, null, origin)).topic).toBe(topic.replace(' ', ''));
    }
  });

  it('takes wishes: to disable, to enable, to reset; false and null wish for nothing', () => {
    expect(right(change({ _disable: true })).webhook).toEqual({ is_active: false });
    expect(right(change({ _enable: true, _disable: false })).webhook).toEqual({ is_active: true });
    expect(right(change({ _disable: false, _enable: null, _reset_circuit: false }))).toMatchObject({ webhook: {}, resetCircuit: false });
    expect(right(change({ _reset_circuit: true })).resetCircuit).toBe(true);
    expect(right(commerce.read(document({ ...sample, _disable: true }), newRules)).webhook.is_active).toBe(false);
    expect(change({ _disable: true, _enable: true })).toMatchObject({
      ok: false,
      status: 422,
      errors: [{ pointer: '/data/attributes/_enable' }],
    });
  });

  it('lets no sales channel reset the circuit', () => {
    const reading = change({ name: 'x', _reset_circuit: true }, made(), 'channel');
    expect(reading).toMatchObject({ ok: false, status: 403, errors: [{ pointer: '/data/attributes/_reset_circuit' }] });
    expect(change({ _reset_circuit: false }, made(), 'channel').ok).toBe(true);
  });

  it('shows half open as open, of which its clients know nothing else', () => {
    const states = ['closed', 'open', 'half_open'] as const;
    expect(states.map((circuit_state) => attributesOf(commerce.show({ ...made(), circuit_state }, null, origin)).circuit_state)).toEqual([
      'closed',
      'open',
      'open',
    ]);
  });

  it('writes metadata whole', () => {
    const before = { ...made(), metadata: { a: 1, b: 2 } };
    expect(right(change({ metadata: { b: 3 } }, before)).webhook).toEqual({ metadata: { a: null, b: 3 } });
    expect(right(change({ metadata: null }, before)).webhook).toEqual({ metadata: { a: null, b: null } });
    expect(right(change({ name: 'x' }, before)).webhook).toEqual({ name: 'x' });
  });

  it('takes a secret that is brought along, on creation alone, and what it shows as a change', () => {
    expect(right(commerce.read(document({ ...sample, shared_secret: 'f'.repeat(32) }), newRules)).webhook.secret).toBe('f'.repeat(32));
    const shown = commerce.show(made(), 'secret', origin);
    const again = right(commerce.read({ data: shown }, { ...newRules, isNew: false, before: made() }));
    expect(again.webhook).toEqual({
      name: sample.name,
      url: sample.callback_url,
      include_resources: sample.include_resources,
      event_types: ['orders.place'],
      reference: null,
      reference_origin: null,
      metadata: {},
    });
  });

  it.each([
    [null, ['invalid_field ']],
    [{}, ['missing_field /data']],
    [{ data: [] }, ['invalid_field /data']],
    [{ data: { type: 'webhooks' } }, ['missing_field /data/attributes']],
    [{ data: { type: 'orders', attributes: sample } }, ['invalid_field /data/type']],
    [document({}), ['missing_field /data/attributes/topic', 'missing_field /data/attributes/callback_url']],
    [document({ ...sample, callback_url: 7 }), ['invalid_field /data/attributes/callback_url']],
    [document({ ...sample, _disable: 'yes' }), ['invalid_field /data/attributes/_disable']],
    [document({ ...sample, include_resources: ['a', 1] }), ['invalid_field /data/attributes/include_resources']],
    [document({ ...sample, colour: 1 }), ['unknown_field /data/attributes/colour']],
  ])('says what is wrong with %j', (body, wrong) => {
    expect(wrongIn(body)).toEqual(wrong);
  });

  it('reads back what was sent, and never throws', () => {
    const word = fc.stringMatching(/^[a-z]+\.[a-z]+$/);
    const bodies = fc.record({
      name: fc.option(fc.string()),
      topic: fc.oneof(word, fc.constant('*')),
      callback_url: fc.webUrl(),
      include_resources: fc.array(fc.string()),
      reference: fc.option(fc.string()),
      reference_origin: fc.option(fc.string()),
      metadata: fc.dictionary(word, fc.oneof(fc.string(), fc.integer())),
    });
    fc.assert(
      fc.property(bodies, (attributes) => {
        expect(attributesOf(commerce.show(stored(commerce.read(document(attributes), newRules)), null, origin))).toMatchObject(attributes);
      }),
    );
    fc.assert(fc.property(fc.anything(), (body) => commerce.read(body, newRules) !== undefined));
    fc.assert(fc.property(fc.anything(), (attributes) => commerce.read(document(attributes), newRules) !== undefined));
  });

  it('says errors in its own form, at its own places', () => {
    const places = ['/url', '/event_types/3', '/metadata/a', '/name', '/is_active', '/filter'].map(commerce.placeOf);
    expect(places).toEqual(
      ['callback_url', 'topic', 'metadata/a', 'name', '_disable'].map((name) => `/data/attributes/${name}`).concat('/data/attributes'),
    );
    const problem = { status: 422, code: 'conflict', title: 'No', detail: 'that is no', errors: [] };
    const errors = [{ pointer: '/data/attributes/name', code: 'conflict', message: 'name is taken' }];
    expect(commerce.errorBody({ ...problem, errors })).toEqual({
      errors: [
        {
          title: 'No',
          detail: 'name is taken',
          code: 'VALIDATION_ERROR',
          status: '422',
          source: { pointer: '/data/attributes/name' },
          meta: { error: 'conflict' },
        },
      ],
    });
    expect(commerce.errorBody({ ...problem, status: 404, code: 'not_found' })).toEqual({
      errors: [{ title: 'No', detail: 'that is no', code: 'NOT_FOUND', status: '404', meta: { error: 'not_found' } }],
    });
  });
});
