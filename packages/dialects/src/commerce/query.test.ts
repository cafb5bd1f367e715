import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CommerceQuery, queryLimits, readListQuery, readResourceQuery } from './query.js';
import { queryAttributes } from './query-attributes.js';
import { predicateLimits, predicateNames, type QueryTest } from './query-predicates.js';

type Lists = 'webhooks' | 'event_callbacks';
const listed = (parameters: Record<string, unknown>, resource: Lists = 'webhooks'): CommerceQuery => {
  const reading = readListQuery(resource, parameters);
  if (!reading.ok) throw new Error(JSON.stringify(reading.errors));
  return reading.query;
};
const wrongIn = (parameters: Record<string, unknown>, resource: Lists = 'webhooks'): readonly string[] => {
  const reading = readListQuery(resource, parameters);
  return reading.ok ? [] : reading.errors.map(({ parameter, code }) => `${code} ${parameter}`);
};
const filter = (name: string, value: string, resource: Lists = 'webhooks') =>
  listed({ [`filter[q][${name}]`]: value }, resource).conditions[0];
const among = (values: readonly (string | number)[], not = false, orNull = false): QueryTest => ({ is: 'among', values, not, orNull });
const like = (patterns: readonly (readonly string[])[], not = false): QueryTest => ({ is: 'like', patterns, not });
const id = '019a0000-0000-7000-8000-000000000001';

describe('the query of a list', () => {
  it('is read as the clients of this dialect send it', () => {
    const sent =
      'include=last_event_callbacks&fields[webhooks]=name,topic&sort=-created_at,name&page[number]=2&page[size]=5' +
      '&filter[q][topic_eq]=orders.place&filter[q][circuit_state_eq]=open&filter[q][name_matches_any]=a,b%25';
    expect(listed(Object.fromEntries(new URLSearchParams(sent)))).toEqual({
      conditions: [
        { fields: ['topic'], test: among(['orders.place']) },
        { fields: ['circuit_state'], test: among(['open']) },
        { fields: ['name'], test: like([['a'], ['b', '']]) },
      ],
      sort: [
        { by: 'created_at', descending: true },
        { by: 'name', descending: false },
      ],
      page: { number: 2, size: 5 },
      include: ['last_event_callbacks'],
      fields: { webhooks: ['name', 'topic'] },
    });
    expect(listed({})).toEqual({ conditions: [], sort: [], page: { number: 1, size: 10 }, include: [], fields: {} });
    expect(listed({ 'filter[q][webhook_id_eq]': 'w1', 'page[number]': '1' }, 'event_callbacks').conditions).toEqual([
      { fields: ['webhook_id'], test: among(['w1']) },
    ]);
  });

  it.each<[string, string, readonly string[], QueryTest]>([
    ['name_eq', 'a, b%', ['name'], among(['a, b%'])],
    ['callback_url_not_eq', 'http://a/', ['url'], among(['http://a/'], true)],
    ['topic_in', 'orders.place, *', ['topic'], among(['orders.place', '*'])],
    ['reference_origin_not_in', 'a,b', ['reference_origin'], among(['a', 'b'], true)],
    ['reference_not_in_or_null', 'a', ['reference'], among(['a'], true, true)],
    ['id_eq', id.toUpperCase(), ['id'], among([id])],
    ['id_gt', id, ['id'], { is: 'compared', sign: '>', value: id }],
    ['circuit_failure_count_gteq', '5', ['circuit_failure_count'], { is: 'compared', sign: '>=', value: 5 }],
    ['circuit_failure_count_in', '-1,2', ['circuit_failure_count'], among([-1, 2])],
    ['circuit_state_not_eq', 'closed', ['circuit_state'], among(['closed'], true)],
    ['created_at_lt', '2026-01-02T03:04:05.678Z', ['created_at'], { is: 'compared', sign: '<', value: Date.UTC(2026, 0, 2, 3, 4, 5, 678) }],
    ['updated_at_lteq', '2026-01-02', ['updated_at'], { is: 'compared', sign: '<=', value: Date.UTC(2026, 0, 2) }],
    ['disabled_at_null', 'false', ['disabled_at'], { is: 'null', not: true }],
    ['disabled_at_not_null', 'true', ['disabled_at'], { is: 'null', not: true }],
    ['disabled_at_not_null', '0', ['disabled_at'], { is: 'null', not: false }],
    ['name_present', '1', ['name'], { is: 'blank', not: true }],
    ['name_present', 'f', ['name'], { is: 'blank', not: false }],
    ['name_blank', 't', ['name'], { is: 'blank', not: false }],
    ['name_cont', '50%', ['name'], like([['', '50%', '']])],
    ['name_not_cont', 'a', ['name'], like([['', 'a', '']], true)],
    [
      'name_cont_any',
      'a,b',
      ['name'],
      like([
        ['', 'a', ''],
        ['', 'b', ''],
      ]),
    ],
    ['name_start', 'a', ['name'], like([['a', '']])],
    ['topic_not_end', 'a', ['topic'], like([['', 'a']], true)],
    ['name_matches', '%a%b', ['name'], like([['', 'a', 'b']])],
    ['name_does_not_match', 'a', ['name'], like([['a']], true)],
    ['name_or_topic_cont', 'a', ['name', 'topic'], like([['', 'a', '']])],
    ['reference_or_reference_origin_or_name_eq', 'a', ['reference', 'reference_origin', 'name'], among(['a'])],
  ])('takes %s=%s', (name, value, fields, test) => {
    expect(filter(name, value)).toEqual({ fields, test });
  });

  it('has filters of event callbacks too', () => {
    expect(filter('id_in', `${id}.${id}.1,x`, 'event_callbacks')).toEqual({ fields: ['id'], test: among([`${id}.${id}.1`, 'x']) });
    expect(filter('response_code_not_eq', '200', 'event_callbacks')).toEqual({ fields: ['response_code'], test: among(['200'], true) });
    expect(filter('callback_url_start', 'http:', 'event_callbacks')).toEqual({ fields: ['url'], test: like([['http:', '']]) });
    expect(listed({ sort: '-updated_at', include: 'webhook', 'fields[webhooks]': 'name' }, 'event_callbacks')).toMatchObject({
      sort: [{ by: 'updated_at', descending: true }],
      include: ['webhook'],
    });
  });

  it.each<[string, string]>([
    ['colour', 'red'],
    ['limit', '5'],
    ['filter[q]', 'a'],
    ['filter[name_eq]', 'a'],
    ['filter[q][name_eq][]', 'a'],
    ['fields[orders]', 'id'],
    ['fields[__proto__]', 'id'],
    ['page', '1'],
    ['page[offset]', '1'],
    ['__proto__x', 'a'],
  ])('does not know %s', (parameter, value) => {
    expect(wrongIn({ [parameter]: value })).toEqual([`unknown_parameter ${parameter}`]);
  });

  it.each<[string, unknown]>([
    ['page[number]', '0'],
    ['page[number]', '-1'],
    ['page[number]', '1.5'],
    ['page[number]', ''],
    ['page[number]', String(queryLimits.pageNumberMax + 1)],
    ['page[size]', '26'],
    ['page[size]', '0'],
    ['page[size]', '1e1'],
    ['sort', 'colour'],
    ['sort', '--name'],
    ['sort', 'metadata'],
    ['sort', 'hasOwnProperty'],
    ['sort', 'id,name,topic,created_at,updated_at,reference'],
    ['include', 'event_stores'],
    ['include', 'last_event_callbacks,orders'],
    ['fields[webhooks]', 'name,colour'],
    ['filter[q][colour_eq]', 'a'],
    ['filter[q][name]', 'a'],
    ['filter[q][name_eqq]', 'a'],
    ['filter[q][metadata_eq]', 'a'],
    ['filter[q][metadata_jcont]', '{}'],
    ['filter[q][toString_eq]', 'a'],
    ['filter[q][_eq]', 'a'],
    ['filter[q][]', 'a'],
    ['filter[q][name_eq]', ''],
    ['filter[q][name_eq]', 'a\0b'],
    ['filter[q][name_eq]', 'a\ud800'],
    ['filter[q][name_eq]', 'x'.repeat(predicateLimits.filterCharsMax + 1)],
    ['filter[q][name_in]', 'a,,b'],
    ['filter[q][name_in]', Array.from({ length: predicateLimits.valuesMax + 1 }, () => 'a').join(',')],
    ['filter[q][name_matches]', '%'.repeat(predicateLimits.wildcardsMax + 1)],
    ['filter[q][name_null]', 'yes'],
    ['filter[q][name_or_created_at_eq]', 'a'],
    ['filter[q][name_or_colour_eq]', 'a'],
    ['filter[q][name_or_name_or_name_or_name_or_name_or_name_eq]', 'a'],
    ['filter[q][created_at_eq]', 'yesterday'],
    ['filter[q][created_at_eq]', '2026-02-30'],
    ['filter[q][created_at_cont]', '2026'],
    ['filter[q][circuit_state_eq]', 'half_open'],
    ['filter[q][circuit_state_in]', 'open,ajar'],
    ['filter[q][circuit_state_gt]', 'closed'],
    ['filter[q][circuit_failure_count_eq]', '1.5'],
    ['filter[q][circuit_failure_count_gt]', '1e9'],
    ['filter[q][id_gt]', 'w1'],
    ['filter[q][id_null]', 'true'],
    ['filter[q][name_eq]', ['a', 'b']],
  ])('refuses %s=%j', (parameter, value) => {
    expect(wrongIn({ [parameter]: value })).toEqual([`invalid_parameter ${parameter}`]);
  });

  it('knows no attributes but its own', () => {
    const reading = readListQuery('webhooks', { 'filter[q][toString_eq]': 'a' });
    expect(reading.ok ? [] : reading.errors).toMatchObject([{ message: expect.stringContaining('begins with no attribute') }]);
  });

  it('says everything that is wrong', () => {
    const reading = readListQuery('webhooks', { colour: 'red', 'page[size]': '26' });
    expect(reading.ok ? [] : reading.errors).toEqual([
      { parameter: 'colour', code: 'unknown_parameter', message: expect.stringContaining('colour is not known here') },
      { parameter: 'page[size]', code: 'invalid_parameter', message: 'page[size] must be a number from 1 to 25' },
    ]);
  });

  it('is bounded: filters, errors, and how far event callbacks go back', () => {
    const filters = ['name', 'topic', 'callback_url', 'reference', 'reference_origin'].flatMap((name) =>
      ['eq', 'not_eq', 'in', 'not_in', 'cont', 'start', 'end', 'matches'].map((each) => [`filter[q][${name}_${each}]`, 'a']),
    );
    expect(wrongIn(Object.fromEntries(filters.slice(0, queryLimits.filtersMax)))).toEqual([]);
    expect(wrongIn(Object.fromEntries(filters))).toHaveLength(filters.length - queryLimits.filtersMax);
    expect(wrongIn(Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x${index}`, 'a'])))).toHaveLength(20);
    const lastPage = queryLimits.callbacksMax / queryLimits.pageSizeMax;
    const page = (number: number) => ({ 'page[number]': String(number), 'page[size]': String(queryLimits.pageSizeMax) });
    expect(wrongIn(page(lastPage), 'event_callbacks')).toEqual([]);
    expect(wrongIn(page(lastPage + 1), 'event_callbacks')).toEqual(['invalid_parameter page[number]']);
    expect(wrongIn(page(lastPage + 1), 'webhooks')).toEqual([]);
  });

  it('is read whatever it is, and never throws', () => {
    const name = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'sort',
        'include',
        'page[size]',
        'page[number]',
        'fields[webhooks]',
        'filter[q][__proto___eq]',
        'filter[q][constructor_in]',
      ),
      fc
        .tuple(fc.constantFrom(...Object.keys(queryAttributes.webhooks), 'x', '_or_'), fc.constantFrom(...predicateNames))
        .map((parts) => `filter[q][${parts.join('_')}]`),
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('name', '-id', '5', 'a,b', 'true', id, '2026-01-01'),
      fc.anything(),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value), fc.constantFrom('webhooks' as const, 'event_callbacks' as const), (parameters, resource) => {
        for (const reading of [readListQuery(resource, parameters), readResourceQuery(resource, parameters)])
          if (!reading.ok) expect(reading.errors.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the query of one resource', () => {
  it('has includes and fields, and nothing of lists', () => {
    const reading = readResourceQuery('webhooks', { include: 'last_event_callbacks', 'fields[event_callbacks]': 'response_code,id' });
    expect(reading).toMatchObject({
      ok: true,
      query: { include: ['last_event_callbacks'], fields: { event_callbacks: ['response_code', 'id'] } },
    });
    const refused = readResourceQuery('webhooks', { 'page[number]': '1', sort: 'name', 'filter[q][name_eq]': 'a' });
    expect(refused.ok ? [] : refused.errors.map(({ code }) => code)).toEqual(Array(3).fill('unknown_parameter'));
    expect(readResourceQuery('webhooks', { include: '', 'fields[webhooks]': '' })).toMatchObject({
      query: { include: [], fields: { webhooks: [] } },
    });
  });
});
