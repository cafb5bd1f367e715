import { describe, expect, it } from '@jest/globals';
import { formatRfc3339, ProblemError } from '@posthorn/core';
import fc from 'fast-check';
import { Type } from 'typebox';
import { codeOf, exactly, filterParameters, flag, id, matching, oneOf, period, readFilters, sortBy } from './list-filters.js';

const table = {
  active: flag,
  status: oneOf(['on', 'off']),
  kind: codeOf({ first: 0, second: 7 }),
  webhook_id: id,
  name: exactly(5),
  tenant: matching((text) => text === 'acme', 'acme'),
  at: period,
  sort: sortBy(['at', 'name'], { by: 'at', descending: true }),
};
const nothing = { active: null, status: null, kind: null, webhook_id: null, name: null, tenant: null, at: null };
const byDefault = { by: 'at', descending: true };
const refusal = (query: Record<string, string>): string | null => {
  try {
    readFilters(table, query);
    return null;
  } catch (error) {
    return error instanceof ProblemError && error.code === 'invalid_request' ? error.message : String(error);
  }
};

describe('filters of a list', () => {
  it('say nothing when nothing is asked', () => {
    expect(readFilters(table, {})).toEqual({ ...nothing, sort: byDefault });
  });

  it('are named in the schema with every operator', () => {
    expect(Object.keys(Type.Object(filterParameters(table)).properties)).toEqual([
      ...['active', 'status', 'kind', 'webhook_id', 'name', 'tenant', 'at[gt]', 'at[gte]', 'at[lt]', 'at[lte]', 'sort'],
    ]);
  });

  it.each<[Record<string, string>, Record<string, unknown>]>([
    [{ active: 'false' }, { active: false }],
    [
      { active: 'true', status: 'off' },
      { active: true, status: 'off' },
    ],
    [{ kind: 'first' }, { kind: 0 }],
    [{ kind: 'second' }, { kind: 7 }],
    [{ webhook_id: '0190a000-0000-7000-8000-000000000001' }, { webhook_id: '0190a000-0000-7000-8000-000000000001' }],
    [{ name: '' }, { name: '' }],
    [{ name: 'a*[]' }, { name: 'a*[]' }],
    [{ sort: '-name' }, { sort: { by: 'name', descending: true } }],
    [{ sort: 'at' }, { sort: { by: 'at', descending: false } }],
  ])('read %j', (query, expected) => {
    expect(readFilters(table, query)).toEqual({ ...nothing, sort: byDefault, ...expected });
  });

  it.each<[Record<string, string>, string]>([
    [{ active: 'yes' }, 'active must be true or false'],
    [{ active: '' }, 'active must be true or false'],
    [{ status: 'gone' }, 'status must be one of on, off'],
    [{ status: 'toString' }, 'status must be one of on, off'],
    [{ kind: '7' }, 'kind must be one of first, second'],
    [{ kind: '__proto__' }, 'kind must be one of first, second'],
    [{ webhook_id: '1' }, 'webhook_id must be an id'],
    [{ name: '123456' }, 'name must be a text of at most 5 characters'],
    [{ name: 'a\0' }, 'name must be a text of at most 5 characters'],
    [{ tenant: 'a b' }, 'tenant must be acme'],
    [{ 'at[gte]': 'yesterday' }, 'at[gte] must be an RFC 3339 time'],
    [{ 'at[lt]': '' }, 'at[lt] must be an RFC 3339 time'],
    [{ sort: 'url' }, 'sort must be one of at, -at, name, -name'],
    [{ sort: '--at' }, 'sort must be one of at, -at, name, -name'],
    [{ sort: '' }, 'sort must be one of at, -at, name, -name'],
  ])('refuse %j', (query, message) => {
    expect(refusal(query)).toBe(message);
  });

  it('take a period for what its operators say of times that are shown to the millisecond', () => {
    const ms = fc.integer({ min: 1_000, max: 1_010 });
    const bounds = fc.record({ gt: ms, gte: ms, lt: ms, lte: ms }, { requiredKeys: [] });
    fc.assert(
      fc.property(bounds, ms, fc.integer({ min: 0, max: 999 }), (given, shownMs, us) => {
        const query = Object.fromEntries(Object.entries(given).map(([operator, atMs]) => [`at[${operator}]`, formatRfc3339(atMs)]));
        const { at } = readFilters(table, query);
        const meant =
          (given.gt === undefined || shownMs > given.gt) &&
          (given.gte === undefined || shownMs >= given.gte) &&
          (given.lt === undefined || shownMs < given.lt) &&
          (given.lte === undefined || shownMs <= given.lte);
        const stored = shownMs + us / 1_000;
        expect((at?.fromMs ?? 0) <= stored && stored < (at?.toMs ?? Number.POSITIVE_INFINITY)).toBe(meant);
      }),
      { numRuns: 3_000 },
    );
  });
});
