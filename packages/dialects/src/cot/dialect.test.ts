import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newRules, right, shown, stored } from '../../tests/stored.js';
import { compoundTriggers, eventTypeCatalogue } from '../catalogue.js';
import { cot } from './dialect.js';

const sample = {
  _id: '62685990d918fb5557f9f992',
  company: '625be93a286ef83c1c0e845f',
  isActive: true,
  trigger: 'create-edit-delete-task',
  url: 'https://www.server.com',
  name: 'Work Orders Update',
  code: 'wo_update',
  context: { survey: '', group: '', taskGroup: '6261612a8f1e99002e5c8cce' },
  __v: 0,
  description: 'Sends updates on Work Orders',
};
const { _id, __v, ...written } = sample;
const wrongIn = (body: unknown, rules = newRules): readonly string[] => {
  const reading = cot.read(body, rules);
  return reading.ok ? [] : reading.errors.map(({ pointer, code }) => `${code} ${pointer}`);
};

describe('dialect 003', () => {
  it("reads its document's sample and shows the same", () => {
    const reading = right(cot.read(sample, newRules));
    expect(reading.webhook).toEqual({
      tenant: sample.company,
      is_active: true,
      event_types: ['create-edit-delete-task', 'create-task', 'edit-task', 'delete-task'],
      url: sample.url,
      name: sample.name,
      code: sample.code,
      context: { taskGroup: '6261612a8f1e99002e5c8cce' },
      description: sample.description,
    });
    expect(shown(cot, stored(reading), null)).toEqual(sample);
  });

  it('shows what was changed by another way as it is now', () => {
    const webhook = stored(cot.read(sample, newRules));
    const after = (changes: object) => shown(cot, { ...webhook, ...changes }, null);
    expect(after({ event_types: ['create-task'] })).toMatchObject({ trigger: 'create-task' });
    expect(after({ event_types: ['a', 'b.*'] })).toMatchObject({ trigger: 'a,b.*' });
    expect(after({ event_types: [] })).toMatchObject({ trigger: '*' });
    expect(after({ context: { group: 'g' } })).toMatchObject({ context: { survey: '', group: 'g', taskGroup: '' } });
    expect(after({ kept: null })).toMatchObject({ trigger: 'create-edit-delete-task,create-task,edit-task,delete-task' });
  });

  it('changes what is named alone, and keeps the rest of what it kept', () => {
    const before = stored(cot.read(sample, newRules));
    const rules = { ...newRules, isNew: false, before };
    const renamedOne = cot.read({ name: 'Other' }, rules);
    expect(right(renamedOne).webhook).toEqual({ name: 'Other' });
    expect(shown(cot, stored(renamedOne, before), null)).toEqual({ ...sample, name: 'Other', __v: 1 });
    const retriggered = stored(cot.read({ trigger: 'logout-user' }, rules), before);
    expect(shown(cot, retriggered, null)).toMatchObject({ trigger: 'logout-user', context: sample.context });
    expect(retriggered.event_types).toEqual(['logout-user']);
    expect(right(cot.read(sample, rules)).webhook).not.toHaveProperty('tenant');
  });

  it.each<[string, readonly string[]]>([
    ['*', []],
    ['a, b.*', ['a', 'b.*']],
    ['order.placed', ['order.placed']],
  ])('reads the trigger %p of what was made in other words', (trigger, types) => {
    expect(right(cot.read({ ...sample, trigger }, newRules)).webhook.event_types).toEqual(types);
  });

  it.each([
    [{}, ['missing_field /isActive', 'missing_field /trigger', 'missing_field /url', 'missing_field /name']],
    [{ ...written, company: undefined }, ['invalid_field /company']],
    [{ ...written, trigger: '' }, ['invalid_field /trigger']],
    [{ ...written, context: { survey: 1, other: '' } }, ['invalid_field /context/survey', 'unknown_field /context/other']],
    [{ ...written, context: 'x' }, ['invalid_field /context']],
    [{ ...written, isActive: 'true', colour: 1 }, ['invalid_field /isActive', 'unknown_field /colour']],
  ])('says what is wrong with %j', (body, wrong) => {
    expect(wrongIn(body)).toEqual(wrong);
  });

  it('wants its company: of a new webhook unless the key is bound, the same ever after, and never another than the bound one', () => {
    const { company, ...rest } = written;
    expect(wrongIn(rest)).toEqual(['missing_field /company']);
    const bound = { ...newRules, boundTenant: company };
    expect(right(cot.read(rest, bound)).webhook).not.toHaveProperty('tenant');
    expect(cot.read(written, { ...newRules, boundTenant: 'other' })).toMatchObject({ ok: false, status: 403 });
    const before = stored(cot.read(sample, newRules));
    expect(wrongIn({ company: 'other' }, { ...newRules, isNew: false, before })).toEqual(['invalid_field /company']);
  });

  it('reads back what was sent, whatever it is, and never throws', () => {
    const text = fc.string({ minLength: 1 });
    const bodies = fc.record({
      company: text,
      isActive: fc.boolean(),
      trigger: fc.oneof(text, fc.constantFrom(...compoundTriggers.keys(), 'logout-user')),
      url: text,
      name: text,
      code: fc.option(text),
      context: fc.record({ survey: fc.string(), group: fc.string(), taskGroup: fc.string() }, { requiredKeys: [] }),
      description: fc.option(fc.string()),
    });
    fc.assert(
      fc.property(bodies, (body) => {
        expect(shown(cot, stored(cot.read(body, newRules)), null)).toMatchObject(body);
      }),
    );
    fc.assert(fc.property(fc.anything(), (body) => cot.read(body, newRules) !== undefined));
  });

  it('says errors at its own places', () => {
    expect(['/url', '/event_types/1', '/tenant', '/context/a', '/filter'].map(cot.placeOf)).toEqual([
      '/url',
      '/trigger',
      '/company',
      '/context/a',
      '',
    ]);
    const errors = ['/context/survey', '/a~1b~0c'].map((pointer) => ({ pointer, code: 'invalid_field', message: 'no' }));
    expect(cot.errorBody({ status: 422, code: 'invalid_field', title: 't', detail: 'no', errors })).toEqual({
      error: 'invalid_field',
      title: 't',
      message: 'no',
      fields: [
        { path: 'context.survey', message: 'no' },
        { path: 'a/b~c', message: 'no' },
      ],
    });
  });

  it('has the 6 triggers of its document', () => {
    expect(eventTypeCatalogue('003').map(({ name }) => name)).toEqual([
      'create-edit-delete-user',
      'create-edit-delete-task',
      'create-edit-delete-survey',
      'create-edit-delete-property',
      'create-edit-delete-note',
      'logout-user',
    ]);
  });
});
