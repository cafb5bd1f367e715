import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { membersOf } from './raw-json.js';

describe('the members of an object', () => {
  it('keeps each value as it was written', () => {
    const text = '{"id":"a, \\"b\\" }","data":{ "n": 12345678901234567890, "s":"]}," },"list":[1,[2,{"a":"}"}]],"none":null}';
    expect(membersOf(text)).toEqual({
      id: '"a, \\"b\\" }"',
      data: '{ "n": 12345678901234567890, "s":"]}," }',
      list: '[1,[2,{"a":"}"}]]',
      none: 'null',
    });
    expect(membersOf('{}')).toEqual({});
  });

  it('finds what was put there, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (data, resources) => {
        const members = membersOf(JSON.stringify({ 'a"b\\': 1, data, resources }));
        expect(members).toEqual({ 'a"b\\': '1', data: JSON.stringify(data), resources: JSON.stringify(resources) });
      }),
    );
  });
});
