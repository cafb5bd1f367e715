import { describe, expect, it } from '@jest/globals';
import { isJsonObject, pointerTo, unknownFields } from './field-errors.js';

describe('pointerTo', () => {
  it('escapes the name and cuts it off, the parent stays', () => {
    expect(pointerTo('', 'name')).toBe('/name');
    expect(pointerTo('/headers', 'a/b~c')).toBe('/headers/a~1b~0c');
    expect(pointerTo('/headers', 'x'.repeat(1000))).toBe(`/headers/${'x'.repeat(128)}`);
  });
});

describe('unknownFields', () => {
  it('names every member that is not known, an inherited name too', () => {
    const object = JSON.parse('{"a":1,"b":2,"constructor":3,"__proto__":4}') as object;
    expect(unknownFields(object, ['a'], '/x').map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([
      '/x/b unknown_field',
      '/x/constructor unknown_field',
      '/x/__proto__ unknown_field',
    ]);
    expect(unknownFields({ a: 1 }, ['a', 'b'], '')).toEqual([]);
  });

  it('names twenty of a flood', () => {
    expect(unknownFields(Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`f${index}`, 1])), [], '')).toHaveLength(20);
  });
});

describe('isJsonObject', () => {
  it.each([null, undefined, [], 'a', 1, true])('is none: %p', (value) => {
    expect(isJsonObject(value)).toBe(false);
  });

  it('is one: {}', () => {
    expect(isJsonObject({})).toBe(true);
  });
});
