// Which webhooks of a tenant may want an event, by its type alone. The answer costs a few map lookups however many webhooks do not match:
// exact types are found by name, patterns by what stands before their first star, and the answers for recent types are kept.
import { isReservedEventType, matchesPattern } from './event-type.js';

export type MatchableWebhook = { readonly id: string; readonly eventTypes: readonly string[] };

/** How many event types' answers a compiled tenant keeps. */
export const matchCacheTypesMax = 1000;

type Entry<T> = { readonly order: number; readonly webhook: T };

/** A tenant's webhooks, ready for `matchEvent`. Immutable but for its cache. */
export type CompiledTenant<T extends MatchableWebhook = MatchableWebhook> = {
  readonly webhooks: readonly T[];
  /** Webhooks without event types: they want all but our own. */
  readonly all: readonly Entry<T>[];
  readonly byType: ReadonlyMap<string, readonly Entry<T>[]>;
  /** Pattern → webhooks, by the characters before the pattern's first star. */
  readonly byPrefix: ReadonlyMap<string, ReadonlyMap<string, readonly Entry<T>[]>>;
  readonly prefixLengths: readonly number[];
  readonly cache: Map<string, readonly T[]>;
};

/** Makes the index of a tenant's webhooks. */
export function compileWebhooks<T extends MatchableWebhook>(webhooks: readonly T[]): CompiledTenant<T> {
  const all: Entry<T>[] = [];
  const byType = new Map<string, Entry<T>[]>();
  const byPrefix = new Map<string, Map<string, Entry<T>[]>>();
  webhooks.forEach((webhook, order) => {
    const entry = { order, webhook };
    if (webhook.eventTypes.length === 0) all.push(entry);
    for (const pattern of webhook.eventTypes) {
      const star = pattern.indexOf('*');
      if (star < 0) listIn(byType, pattern).push(entry);
      else listIn(mapIn(byPrefix, pattern.slice(0, star)), pattern).push(entry);
    }
  });
  const prefixLengths = [...new Set([...byPrefix.keys()].map((prefix) => prefix.length))].sort((a, b) => a - b);
  return { webhooks, all, byType, byPrefix, prefixLengths, cache: new Map() };
}

/** The webhooks whose event types match, each once, in the order in which they were compiled. Do not change the list: it is kept. */
export function matchEvent<T extends MatchableWebhook>(compiled: CompiledTenant<T>, eventType: string): readonly T[] {
  const known = compiled.cache.get(eventType);
  if (known !== undefined) return known;
  const found = findWebhooks(compiled, eventType);
  // The oldest answer makes room: a Map keeps the order of insertion.
  if (compiled.cache.size >= matchCacheTypesMax) compiled.cache.delete(compiled.cache.keys().next().value!);
  compiled.cache.set(eventType, found);
  return found;
}

function findWebhooks<T extends MatchableWebhook>(compiled: CompiledTenant<T>, eventType: string): readonly T[] {
  const found = new Set<Entry<T>>(isReservedEventType(eventType) ? [] : compiled.all);
  for (const entry of compiled.byType.get(eventType) ?? []) found.add(entry);
  for (const length of compiled.prefixLengths) {
    if (length > eventType.length) break;
    for (const [pattern, entries] of compiled.byPrefix.get(eventType.slice(0, length)) ?? []) {
      if (!matchesPattern(pattern, eventType)) continue;
      for (const entry of entries) found.add(entry);
    }
  }
  return [...found].sort((a, b) => a.order - b.order).map((entry) => entry.webhook);
}

function listIn<V>(map: Map<string, V[]>, key: string): V[] {
  let list = map.get(key);
  if (list === undefined) {
    list = [];
    map.set(key, list);
  }
  return list;
}

function mapIn<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let inner = map.get(key);
  if (inner === undefined) {
    inner = new Map();
    map.set(key, inner);
  }
  return inner;
}
