import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newRules, right, shown, stored } from '../../tests/stored.js';
import { eventTypeCatalogue } from '../catalogue.js';
import { flat } from './dialect.js';

const pointersOf = (body: unknown, rules = newRules): readonly string[] => {
  const reading = flat.read(body, rules);
  return reading.ok ? [] : reading.errors.map(({ pointer, code }) => `${code} ${pointer}`);
};

describe('dialect 004', () => {
  it("reads its document's sample and shows it again, with the secret that it made", () => {
    const sample = { target_url: 'https://example.com/webhook', is_active: true, event_types: ['record:created'] };
    const reading = right(flat.read(sample, newRules));
    expect(reading.webhook).toEqual({
      url: sample.target_url,
      is_active: true,
      event_types: ['record:created'],
      payload_format: 'event_payload',
      signature_header: { name: 'x-truto-signature', value: 'format=sha256,v={base64}' },
      secret: '00010203-0405-4607-8809-0a0b0c0d0e0f',
    });
    expect(shown(flat, stored(reading), String(reading.webhook.secret))).toEqual({
      id: expect.any(String),
      ...sample,
      environment_id: newRules.environmentId,
      secret: '00010203-0405-4607-8809-0a0b0c0d0e0f',
      created_at: '2026-01-01T00:00:00.000Z',
      updated_at: '2026-01-01T00:00:00.000Z',
    });
    expect(shown(flat, stored(reading), null)).not.toHaveProperty('secret');
  });

  it('takes what it shows as a change, and changes what is named alone', () => {
    const before = stored(flat.read({ target_url: 'https://a.example/', event_types: ['a'] }, newRules));
    const rules = { ...newRules, isNew: false, before };
    expect(right(flat.read(shown(flat, before, 'secret'), rules)).webhook).toEqual({
      url: 'https://a.example/',
      is_active: true,
      event_types: ['a'],
    });
    expect(right(flat.read({ is_active: false }, rules)).webhook).toEqual({ is_active: false });
    expect(right(flat.read({}, rules)).webhook).toEqual({});
  });

  it('takes a secret that is brought along, on creation alone', () => {
    const body = { target_url: 'https://a.example/', secret: 'x'.repeat(20) };
    expect(right(flat.read(body, newRules)).webhook.secret).toBe(body.secret);
    expect(right(flat.read(body, { ...newRules, isNew: false })).webhook).not.toHaveProperty('secret');
  });

  it.each([
    [null, ['invalid_field ']],
    [[], ['invalid_field ']],
    [{}, ['missing_field /target_url']],
    [{ target_url: 1, is_active: 'yes' }, ['invalid_field /target_url', 'invalid_field /is_active']],
    [{ target_url: 'x', event_types: 'a' }, ['invalid_field /event_types']],
    [{ target_url: 'x', event_types: [1] }, ['invalid_field /event_types']],
    [{ target_url: 'x', colour: 1 }, ['unknown_field /colour']],
    [JSON.parse('{"target_url":"x","__proto__":{"a":1}}'), ['unknown_field /__proto__']],
  ])('says what is wrong with %j', (body, wrong) => {
    expect(pointersOf(body)).toEqual(wrong);
  });

  it('knows no other environment', () => {
    const reading = flat.read({ target_url: 'x', environment_id: 'other' }, newRules);
    expect(reading).toMatchObject({ ok: false, status: 404, errors: [{ pointer: '/environment_id' }] });
    expect(flat.read({ target_url: 'x', environment_id: newRules.environmentId }, newRules).ok).toBe(true);
  });

  it('reads back what was sent, and never throws', () => {
    const bodies = fc.record({ target_url: fc.webUrl(), is_active: fc.boolean(), event_types: fc.array(fc.string()) });
    fc.assert(
      fc.property(bodies, (body) => {
        expect(shown(flat, stored(flat.read(body, newRules)), null)).toMatchObject(body);
      }),
    );
    fc.assert(fc.property(fc.anything(), (body) => flat.read(body, newRules) !== undefined));
  });

  it('says errors in its own form, at its own places', () => {
    expect(['/url', '/event_types/0', '/is_active', '/secret', '/filter', ''].map(flat.placeOf)).toEqual([
      '/target_url',
      '/event_types/0',
      '/is_active',
      '/secret',
      '',
      '',
    ]);
    const errors = [{ pointer: '/target_url', code: 'invalid_field', message: 'no' }];
    expect(flat.errorBody({ status: 422, code: 'invalid_field', title: 'A field is not valid', detail: 'no', errors })).toEqual({
      statusCode: 422,
      code: 'invalid_field',
      error: 'A field is not valid',
      message: 'no',
      errors: [{ path: '/target_url', code: 'invalid_field', message: 'no' }],
    });
  });

  it('has the 22 event types of its document', () => {
    const names = eventTypeCatalogue('004').map(({ name }) => name);
    expect([names.length, new Set(names).size, names[0], names.at(-1)]).toEqual([22, 22, 'sync_job_run:created', 'batch_job:failed']);
  });
});
