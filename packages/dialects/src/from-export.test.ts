import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dialects } from '../tests/bodies.js';
import { newRules, right, shown, stored } from '../tests/stored.js';
import { commerce } from './commerce/dialect.js';
import { cot } from './cot/dialect.js';
import { flat } from './flat/dialect.js';
import { flow } from './flow/dialect.js';

const secret = 'a secret of 24 characters';
const throughFile = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe.each(dialects.map(({ dialect, bodies }) => [dialect.name, dialect, bodies] as const))(
  'an export of dialect %s',
  (_name, dialect, bodies) => {
    const elsewhere = { ...newRules, environmentId: '019a0000-0000-7000-8000-00000000000e' };

    it('makes the same webhook again, with the same secret and activity, in another environment', () => {
      fc.assert(
        fc.property(bodies, (body) => {
          const webhook = stored(dialect.read(body, newRules));
          const exported = dialect.fromExport(throughFile(shown(dialect, webhook, secret)));
          const again = right(dialect.read(exported.body, elsewhere));
          expect(exported.hasSecret).toBe(true);
          expect(again.webhook.secret).toBe(secret);
          const { kept: _, ...imported } = { ...stored(again), secret: undefined };
          const { kept: _kept, ...original } = { ...webhook, secret: undefined };
          expect(imported).toEqual(original);
          // Where they are kept, empty words read back as they were too.
          expect(shown(dialect, stored(again), secret)).toEqual(shown(dialect, webhook, secret));
          expect(exported.oldId).toBe(dialect.name === '000' || dialect.name === '003' ? webhook.object_id : webhook.id);
        }),
      );
    });

    it('without secrets makes webhooks with new ones', () => {
      const body = fc.sample(bodies, { numRuns: 1, seed: 1 })[0];
      const exported = dialect.fromExport(throughFile(shown(dialect, stored(dialect.read(body, newRules)), null)));
      expect(exported.hasSecret).toBe(false);
      expect(right(dialect.read(exported.body, elsewhere)).webhook.secret).not.toBe(secret);
    });

    it('never throws, and leaves what is no object to be refused by read', () => {
      fc.assert(
        fc.property(fc.anything(), (value) => {
          const { body, objectId } = dialect.fromExport(value);
          expect(objectId === null || /^[0-9a-f]{24}$/.test(objectId)).toBe(true);
          expect(dialect.read(body, newRules)).toBeDefined();
        }),
      );
      for (const value of [null, 5, 'text', []]) {
        expect(dialect.fromExport(value)).toEqual({ body: value, objectId: null, oldId: null, hasSecret: false });
        expect(dialect.read(value, newRules).ok).toBe(false);
      }
    });
  },
);

describe('ids of other systems', () => {
  it.each([
    ['62685990D918FB5557F9F992', { objectId: '62685990d918fb5557f9f992', oldId: '62685990D918FB5557F9F992' }],
    ['7', { objectId: null, oldId: '7' }],
    [7, { objectId: null, oldId: null }],
    [undefined, { objectId: null, oldId: null }],
  ])('%j is kept where ids look so', (_id, ids) => {
    for (const dialect of [flow, cot]) expect(dialect.fromExport({ _id })).toMatchObject(ids);
    for (const dialect of [commerce, flat]) {
      expect(dialect.fromExport({ id: _id })).toMatchObject({ objectId: null, oldId: ids.oldId });
    }
  });
});

describe('exports of dialect 001', () => {
  const attributes = { name: 'Orders', topic: 'orders.place', callback_url: 'https://example.com/callback', metadata: { a: 1 } };
  const wanted = { data: { id: 'xYZk', type: 'webhooks', attributes } };

  it.each([
    ['a resource', { id: 'xYZk', type: 'webhooks', attributes }],
    ['a document', { data: { id: 'xYZk', type: 'webhooks', attributes } }],
    ['a flattened resource', { id: 'xYZk', type: 'webhooks', ...attributes, last_event_callbacks: [{ id: 'c' }], versions: [] }],
  ])('may be %s', (_what, object) => {
    expect(commerce.fromExport(object)).toEqual({ body: wanted, objectId: null, oldId: 'xYZk', hasSecret: false });
  });

  it('that were disabled stay so, and a secret that was hidden is made anew', () => {
    const object = { type: 'webhooks', ...attributes, disabled_at: '2026-01-01T00:00:00.000Z', shared_secret: null };
    const { webhook } = right(commerce.read(commerce.fromExport(object).body, newRules));
    expect(webhook).toMatchObject({ is_active: false, secret: newRules.random.toString('hex') });
    const active = commerce.fromExport({ ...object, disabled_at: null, shared_secret: 's'.repeat(32) });
    expect(right(commerce.read(active.body, newRules)).webhook).toMatchObject({ secret: 's'.repeat(32) });
    expect(right(commerce.read(active.body, newRules)).webhook).not.toHaveProperty('is_active');
  });

  it.each([
    [{ data: 5 }, '/data'],
    [{ data: { id: 'a' } }, '/data/type'],
    [{ id: 'a', attributes: 7 }, '/data/attributes'],
    [{ id: 'a', type: 'orders', topic: 'a', callback_url: 'b' }, '/data/type'],
    [{}, '/data/attributes/topic'],
  ])('with faults are refused by read at their place: %j', (object, pointer) => {
    const reading = commerce.read(commerce.fromExport(object).body, newRules);
    expect(reading.ok ? [] : reading.errors.map((error) => error.pointer)).toContain(pointer);
  });
});

describe('a secret of dialects that do not name it', () => {
  const bodies = [
    [flow, { client: 'c', isActive: true, name: 'n', url: 'https://a.example/' }],
    [cot, { company: 'c', isActive: true, trigger: 't', name: 'n', url: 'https://a.example/' }],
  ] as const;

  it.each(bodies)('is taken when the webhook is made, and not shown unless it is given', (dialect, body) => {
    const reading = right(dialect.read({ ...body, secret }, newRules));
    expect(reading.webhook.secret).toBe(secret);
    expect(right(dialect.read(body, newRules)).webhook).not.toHaveProperty('secret');
    expect(shown(dialect, stored(reading), secret)).toHaveProperty('secret', secret);
    expect(shown(dialect, stored(reading), null)).not.toHaveProperty('secret');
    expect(dialect.placeOf('/secret')).toBe('/secret');
  });

  it.each(bodies)('is a text, and not changed afterwards', (dialect, body) => {
    expect(dialect.read({ ...body, secret: 5 }, newRules)).toMatchObject({ errors: [{ pointer: '/secret', code: 'invalid_field' }] });
    const reading = dialect.read({ secret }, { ...newRules, isNew: false, before: stored(dialect.read(body, newRules)) });
    const error = { pointer: '/secret', code: 'unknown_field', message: '/secret cannot be changed' };
    expect(reading).toEqual({ ok: false, status: 422, errors: [error] });
  });
});
