import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { codeCharsMax, freeNames, type Names, nameCharsMax, rowsOf, type TakenNames } from './import-plan.js';

const taken = (names: readonly string[] = [], codes: readonly string[] = []): ReadonlyMap<string, TakenNames> =>
  new Map([['acme', { names: new Set(names), codes: new Set(codes) }]]);
const ofAcme = (rows: readonly Names[]) => rows.map((row) => ({ ...row, tenant: 'acme' }));

/** Half a character does not survive UTF-8. */
const hasWholeCharacters = (text: string): boolean => Buffer.from(text).toString() === text;

describe('rowsOf', () => {
  it.each([
    [
      [1, 2],
      [1, 2],
    ],
    [{ data: [1] }, [1]],
    [{ result: [1], next_cursor: null }, [1]],
    [{ data: { type: 'webhooks' } }, [{ data: { type: 'webhooks' } }]],
    [{ _id: 'x' }, [{ _id: 'x' }]],
    [[], []],
    [null, null],
    ['text', null],
  ])('finds in %j the rows %j', (file, rows) => {
    expect(rowsOf(file)).toEqual(rows);
  });
});

describe('freeNames', () => {
  it('leaves what is free, and numbers what is not, in the file itself too', () => {
    const row = { name: 'Work orders', code: 'wo_update' };
    expect(freeNames(ofAcme([row, row, { name: 'Other', code: null }]), taken(['Work orders'], ['wo_update_2']))).toEqual([
      { name: 'Work orders (2)', code: 'wo_update', renamings: [{ field: 'name', from: 'Work orders', to: 'Work orders (2)' }] },
      {
        name: 'Work orders (3)',
        code: 'wo_update_3',
        renamings: [
          { field: 'name', from: 'Work orders', to: 'Work orders (3)' },
          { field: 'code', from: 'wo_update', to: 'wo_update_3' },
        ],
      },
      { name: 'Other', code: null, renamings: [] },
    ]);
  });

  it('keeps tenants apart', () => {
    const rows = ['acme', 'other', 'other'].map((tenant) => ({ tenant, name: 'n', code: 'c' }));
    expect(freeNames(rows, taken(['n'])).map(({ name, code }) => [name, code])).toEqual([
      ['n (2)', 'c'],
      ['n', 'c'],
      ['n (2)', 'c_2'],
    ]);
  });

  it('shortens what would become too long, and cuts no character in two', () => {
    const name = 'x'.repeat(251) + '\u{1F600}'.repeat(2);
    const code = 'c'.repeat(codeCharsMax);
    expect(freeNames(ofAcme([{ name, code }]), taken([name], [code]))[0]).toMatchObject({
      name: `${'x'.repeat(251)} (2)`,
      code: `${'c'.repeat(codeCharsMax - 2)}_2`,
    });
  });

  it('gives every row names that nobody else has and that are allowed, and changes none without need', () => {
    // Names that get in each other's way: long ones, numbered ones, cut ones.
    const name = fc.oneof(
      fc.constantFrom('a', 'a (2)', 'a (3)', 'a (2) (2)', 'a'.repeat(nameCharsMax), `${'a'.repeat(nameCharsMax - 4)} (2)`),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: nameCharsMax }).filter((text) => text.length <= nameCharsMax),
    );
    const code = fc.oneof(
      fc.constantFrom('a', 'a_2', 'a_3', 'a_2_2', 'a'.repeat(codeCharsMax), `${'a'.repeat(codeCharsMax - 2)}_2`),
      fc.stringMatching(/^[a-z0-9_]{1,64}$/),
    );
    const rows = fc.array(fc.record({ name: fc.option(name), code: fc.option(code) }), { maxLength: 30 });
    fc.assert(
      fc.property(rows, fc.array(name), fc.array(code), (wanted, names, codes) => {
        const given = freeNames(ofAcme(wanted), taken(names, codes));
        const all = (field: 'name' | 'code', before: readonly string[]) => [
          ...new Set(before),
          ...given.flatMap((row) => (row[field] === null ? [] : [row[field]])),
        ];
        for (const list of [all('name', names), all('code', codes)]) expect(new Set(list).size).toBe(list.length);
        const seen: Names[] = [];
        for (const [index, row] of given.entries()) {
          const before = wanted[index] as Names;
          expect((row.name ?? 'x').length).toBeLessThanOrEqual(nameCharsMax);
          expect(hasWholeCharacters(row.name ?? 'x')).toBe(hasWholeCharacters(before.name ?? 'x'));
          expect(row.code ?? 'x').toMatch(/^[a-z0-9_]{1,64}$/);
          const wasFree = {
            name: before.name === null || !(names.includes(before.name) || seen.some((each) => each.name === before.name)),
            code: before.code === null || !(codes.includes(before.code) || seen.some((each) => each.code === before.code)),
          };
          for (const field of ['name', 'code'] as const) expect(row[field] === before[field]).toBe(wasFree[field]);
          expect(row.renamings.map(({ field }) => field)).toEqual((['name', 'code'] as const).filter((field) => !wasFree[field]));
          seen.push(row);
        }
      }),
    );
  });

  it('ends, whatever is taken already', () => {
    const names = ['n', ...Array.from({ length: 1_000 }, (_, index) => `n (${index + 2})`)];
    expect(freeNames(ofAcme([{ name: 'n', code: null }]), taken(names))[0]?.name).toBe('n (1002)');
  });

  it('numbers as many equal ones as an import has, long ones too, without trying all before', () => {
    const long = 'l'.repeat(nameCharsMax - 4);
    const rows = Array.from({ length: 10_000 }, (_, index) => [
      { name: 'n', code: 'c' },
      { name: long + String(index).padStart(4, '0'), code: null },
    ]).flat();
    const given = freeNames(ofAcme([...rows, ...rows]), taken());
    expect(new Set(given.map(({ name }) => name)).size).toBe(given.length);
    expect(given.at(-2)).toMatchObject({ name: 'n (20000)', code: 'c_20000' });
  });
});
