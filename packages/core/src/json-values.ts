// JSON values as JSON.parse gives them, looked at by their own properties only: a document may well have a member `__proto__`.
import { pointerTo } from './field-errors.js';

/** How much JSON a customer may have us keep: levels of nesting (the outermost is 1), and members and elements of all levels together. */
export type JsonLimits = { readonly depthMax: number; readonly valuesMax: number };

/** Where a value first exceeds the limits (RFC 6901 pointer), or null. Linear, and ends early; no nesting is too deep for it. */
export function jsonExcess(value: unknown, limits: JsonLimits): { readonly pointer: string; readonly limit: keyof JsonLimits } | null {
  let values = 0;
  const places = [{ value, pointer: '', depth: 1 }];
  // The list grows while it is walked: breadth first, without recursion.
  for (const { value: container, pointer, depth } of places) {
    if (typeof container !== 'object' || container === null) continue;
    if (depth > limits.depthMax) return { pointer, limit: 'depthMax' };
    const names = Object.keys(container);
    values += names.length;
    if (values > limits.valuesMax) return { pointer, limit: 'valuesMax' };
    for (const name of names) {
      places.push({ value: (container as Record<string, unknown>)[name], pointer: pointerTo(pointer, name), depth: depth + 1 });
    }
  }
  return null;
}

/** Whether two values say the same, strictly typed; the order of an object's members does not count. No deeper than the shallower one. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => sameJson(ownValue(left, name), ownValue(right, name)));
}

/** An object's own member, `undefined` if it is missing. */
export function ownValue(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined;
}
