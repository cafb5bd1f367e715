import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newRules, right, shown, stored } from '../../tests/stored.js';
import { flow } from './dialect.js';

// The document's object, with a URL: its own is empty, which it says is required.
const sample = {
  client: '613a4b978482f60fd31bd7b7',
  projectFlow: ['613a4b978482f60fd31bd7b8', '613a4b978482f60fd31bd7b9'],
  statistics: {},
  isActive: true,
  name: 'Payment Processor Webhook',
  url: 'https://payments.example/hook',
  description: 'This webhook handles payment processing notifications.',
  notification: { email: '', success: true, fail: false },
};
const wrongIn = (body: unknown, rules = newRules): readonly string[] => {
  const reading = flow.read(body, rules);
  return reading.ok ? [] : reading.errors.map(({ pointer, code }) => `${code} ${pointer}`);
};

describe('dialect 000', () => {
  it("reads its document's object and shows the same", () => {
    const reading = right(flow.read(sample, newRules));
    expect(reading.webhook).toEqual({
      tenant: sample.client,
      project_flows: sample.projectFlow,
      is_active: true,
      name: sample.name,
      url: sample.url,
      description: sample.description,
      notification: { email: null, success: true, fail: false },
    });
    expect(shown(flow, stored(reading), null)).toMatchObject(sample);
  });

  it("refuses its document's own empty URL", () => {
    expect(wrongIn({ ...sample, url: '' })).toEqual(['invalid_field /url']);
  });

  it('counts from the first delivery on', () => {
    const webhook = stored(flow.read(sample, newRules));
    const statistics = { succeeded: 1, failed: 0, last_attempt_at: '2026-01-01T00:00:00.000Z' };
    expect(shown(flow, { ...webhook, statistics }, null)).toMatchObject({ statistics });
  });

  it('changes what is named alone; an address that was given later stands for the empty one', () => {
    const before = stored(flow.read(sample, newRules));
    const rules = { ...newRules, isNew: false, before };
    expect(right(flow.read({ notification: { fail: true } }, rules)).webhook).toEqual({ notification: { fail: true } });
    expect(shown(flow, stored(flow.read({ name: 'x' }, rules), before), null)).toMatchObject({
      name: 'x',
      notification: sample.notification,
    });
    const told = stored(flow.read({ notification: { email: 'a@b.example' } }, rules), before);
    expect(shown(flow, told, null)).toMatchObject({ notification: { email: 'a@b.example', success: true, fail: false } });
  });

  it.each([
    [{}, ['missing_field /isActive', 'missing_field /name', 'missing_field /url']],
    [{ ...sample, client: 5 }, ['invalid_field /client']],
    [{ ...sample, projectFlow: 'x' }, ['invalid_field /projectFlow']],
    [{ ...sample, isActive: null }, ['invalid_field /isActive']],
    [{ ...sample, notification: { success: 'yes', sms: 1 } }, ['invalid_field /notification/success', 'unknown_field /notification/sms']],
    [{ ...sample, event_types: [] }, ['unknown_field /event_types']],
  ])('says what is wrong with %j', (body, wrong) => {
    expect(wrongIn(body)).toEqual(wrong);
  });

  it('wants its client unless the key is bound', () => {
    const { client, ...rest } = sample;
    expect(wrongIn(rest)).toEqual(['missing_field /client']);
    expect(right(flow.read(rest, { ...newRules, boundTenant: client })).webhook).not.toHaveProperty('tenant');
    expect(flow.read(sample, { ...newRules, boundTenant: 'other' })).toMatchObject({ ok: false, status: 403 });
  });

  it('reads back what was sent, and never throws', () => {
    const text = fc.string({ minLength: 1 });
    const bodies = fc.record({
      client: text,
      projectFlow: fc.array(text),
      isActive: fc.boolean(),
      name: text,
      url: text,
      description: fc.option(fc.string()),
      notification: fc.record({ email: fc.option(fc.string()), success: fc.boolean(), fail: fc.boolean() }, { requiredKeys: [] }),
    });
    fc.assert(
      fc.property(bodies, (body) => {
        expect(shown(flow, stored(flow.read(body, newRules)), null)).toMatchObject(body);
      }),
    );
    fc.assert(fc.property(fc.anything(), (body) => flow.read(body, newRules) !== undefined));
  });
});
