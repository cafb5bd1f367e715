import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { indented, membersOf, objectText } from './raw-json.js';

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

describe('JSON that is written', () => {
  it('is put together of texts that stay as they are', () => {
    expect(objectText({ 'a"b': '1e400', n: '12345678901234567890.10', none: undefined, o: '{ "x" : 1 }' })).toBe(
      '{"a\\"b":1e400,"n":12345678901234567890.10,"o":{ "x" : 1 }}',
    );
    expect(objectText({})).toBe('{}');
  });

  it('is indented as JSON.stringify would, whatever its spaces were', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1, '\t'), (value, spaces) => {
        expect(indented(JSON.stringify(value, null, spaces))).toBe(JSON.stringify(value, null, 2));
      }),
    );
  });

  it('keeps every digit when it is indented', () => {
    expect(indented('{"a":[1e400,-0.10,{}],"b":12345678901234567890,"b":"}, \\"["}')).toBe(
      '{\n  "a": [\n    1e400,\n    -0.10,\n    {}\n  ],\n  "b": 12345678901234567890,\n  "b": "}, \\"["\n}',
    );
  });
});
