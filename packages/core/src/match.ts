// Which webhooks of a tenant want an event: by its type, then by project flow, context and filter.
// By type the answer costs a few map lookups however many webhooks do not match: exact types are found by name, patterns by what stands before
// their first star, and the answers for recent types are kept. Conditions are tested for the few that are left after look-ups; the event's JSON
// is parsed when the first of them looks at it, once for all.
import { type Candidate, type Candidates, indexCandidates, possibleCandidates } from './candidates.js';
import { type ContextMiss, type ContextTest, compileContext } from './context.js';
import { isReservedEventType, matchesEventType, matchesPattern } from './event-type.js';
import { pointerTo } from './field-errors.js';
import { compileFilter, type FilterMiss, type FilterTest } from './filter.js';
import type { Reason } from './reasons.js';

/** Without event types: all but our own; without project flows: any; a filter of `null`: none. */
export type MatchableWebhook = {
  readonly id: string;
  readonly eventTypes: readonly string[];
  readonly projectFlows: readonly string[];
  readonly context: Readonly<Record<string, unknown>>;
  readonly filter: unknown;
};

/** `currentContext` and `data` are JSON text; `null` is the context of an event that has none. */
export type MatchableEvent = {
  readonly eventType: string;
  readonly projectFlows: readonly string[];
  readonly currentContext: string | null;
  readonly data: string;
};

/**
 * Why a webhook does not want an event. `clause` points into the webhook's context or filter (RFC 6901), `expected` is what stands there,
 * `value` what the event has instead: `undefined` if nothing.
 */
export type NoMatch = {
  readonly reason: Extract<Reason, 'event_type' | 'project_flow' | 'context' | 'filter'>;
  readonly clause: string | null;
  readonly expected: unknown;
  readonly value: unknown;
};

/** How many event types' answers a compiled tenant keeps. */
export const matchCacheTypesMax = 1000;
/** How many lists of candidates a compiled tenant indexes, and from what length on an index pays. Types mostly share their list. */
export const matchIndexesMax = 16;
const indexedCandidatesMin = 16;

/** What a webhook asks beyond the type; each part is null if it asks for nothing. */
type Condition = { readonly flows: readonly string[] | null; readonly context: ContextTest | null; readonly filter: FilterTest | null };
type Entry<T extends MatchableWebhook> = { readonly order: number; readonly webhook: T; readonly condition: Condition };
/** Those whose type matches: all of them want the event, or, if some ask for more, what to look those up in. */
type Typed<T extends MatchableWebhook> = { readonly webhooks: readonly T[] } | { readonly candidates: Candidates<Entry<T>> };

/** A tenant's webhooks, ready for `matchEvent`. Immutable but for its cache. */
export type CompiledTenant<T extends MatchableWebhook = MatchableWebhook> = {
  readonly webhooks: readonly T[];
  /** Webhooks without event types: they want all but our own. */
  readonly all: readonly Entry<T>[];
  readonly byType: ReadonlyMap<string, readonly Entry<T>[]>;
  /** Pattern → webhooks, by the characters before the pattern's first star. */
  readonly byPrefix: ReadonlyMap<string, ReadonlyMap<string, readonly Entry<T>[]>>;
  readonly prefixLengths: readonly number[];
  readonly cache: Map<string, Typed<T>>;
  /** By the places of the candidates. */
  readonly indexes: Map<string, Candidates<Entry<T>>>;
};

/** Makes the index of a tenant's webhooks. */
export function compileWebhooks<T extends MatchableWebhook>(webhooks: readonly T[]): CompiledTenant<T> {
  const all: Entry<T>[] = [];
  const byType = new Map<string, Entry<T>[]>();
  const byPrefix = new Map<string, Map<string, Entry<T>[]>>();
  webhooks.forEach((webhook, order) => {
    const entry = { order, webhook, condition: compileCondition(webhook) };
    if (webhook.eventTypes.length === 0) all.push(entry);
    for (const pattern of webhook.eventTypes) {
      const star = pattern.indexOf('*');
      if (star < 0) listIn(byType, pattern).push(entry);
      else listIn(mapIn(byPrefix, pattern.slice(0, star)), pattern).push(entry);
    }
  });
  const prefixLengths = [...new Set([...byPrefix.keys()].map((prefix) => prefix.length))].sort((a, b) => a - b);
  return { webhooks, all, byType, byPrefix, prefixLengths, cache: new Map(), indexes: new Map() };
}

/** The webhooks that want the event, each once, in the order in which they were compiled. Do not change the list: it may be kept. */
export function matchEvent<T extends MatchableWebhook>(compiled: CompiledTenant<T>, event: MatchableEvent): readonly T[] {
  const typed = typedFor(compiled, event.eventType);
  if ('webhooks' in typed) return typed.webhooks;
  const view = viewOf(event);
  const found: T[] = [];
  for (const { webhook, condition } of possibleCandidates(typed.candidates, event.projectFlows, () => contextOf(view))) {
    if (conditionMiss(condition, view) === null) found.push(webhook);
  }
  return found;
}

/** Why one webhook does not want the event, null if it does. */
export function whyNoMatch(webhook: MatchableWebhook, event: MatchableEvent): NoMatch | null {
  if (!matchesEventType(webhook.eventTypes, event.eventType))
    return { reason: 'event_type', clause: null, expected: webhook.eventTypes, value: event.eventType };
  const miss = conditionMiss(compileCondition(webhook), viewOf(event));
  if (miss === null) return null;
  if (miss === flowMiss) return { reason: 'project_flow', clause: null, expected: webhook.projectFlows, value: event.projectFlows };
  if ('clause' in miss) return { reason: 'filter', ...miss };
  return { reason: 'context', clause: pointerTo('', miss.field), expected: miss.expected, value: miss.value };
}

// Most webhooks ask for nothing but a type; they share this.
const noCondition: Condition = { flows: null, context: null, filter: null };

function compileCondition({ projectFlows, context, filter }: MatchableWebhook): Condition {
  const condition: Condition = {
    flows: projectFlows.length === 0 ? null : projectFlows,
    context: compileContext(context),
    filter: filter === null ? null : compileFilter(filter),
  };
  return asksMore(condition) ? condition : noCondition;
}

function asksMore({ flows, context, filter }: Condition): boolean {
  return flows !== null || context !== null || filter !== null;
}

const flowMiss = 'project_flow';

/** What first speaks against the event; null: nothing. */
function conditionMiss({ flows, context, filter }: Condition, view: EventView): typeof flowMiss | ContextMiss | FilterMiss | null {
  if (flows !== null && !view.event.projectFlows.some((flow) => flows.includes(flow))) return flowMiss;
  const contextMiss = context === null ? null : context(contextOf(view));
  if (contextMiss !== null || filter === null) return contextMiss;
  return filter(documentOf(view));
}

/** An event whose JSON is parsed when it is first asked for; `undefined`: not yet. */
type EventView = { readonly event: MatchableEvent; currentContext: unknown; document: unknown };

function viewOf(event: MatchableEvent): EventView {
  return { event, currentContext: undefined, document: undefined };
}

function contextOf(view: EventView): unknown {
  if (view.currentContext === undefined)
    view.currentContext = view.event.currentContext === null ? null : JSON.parse(view.event.currentContext);
  return view.currentContext;
}

function documentOf(view: EventView): unknown {
  if (view.document === undefined) {
    const { eventType, data } = view.event;
    view.document = { event_type: eventType, current_context: contextOf(view), data: JSON.parse(data) };
  }
  return view.document;
}

function typedFor<T extends MatchableWebhook>(compiled: CompiledTenant<T>, eventType: string): Typed<T> {
  const known = compiled.cache.get(eventType);
  if (known !== undefined) return known;
  const entries = findEntries(compiled, eventType);
  const found = entries.some(({ condition }) => asksMore(condition))
    ? { candidates: candidatesOf(compiled, entries) }
    : { webhooks: entries.map((entry) => entry.webhook) };
  // The oldest answer makes room: a Map keeps the order of insertion.
  if (compiled.cache.size >= matchCacheTypesMax) compiled.cache.delete(compiled.cache.keys().next().value!);
  compiled.cache.set(eventType, found);
  return found;
}

function candidatesOf<T extends MatchableWebhook>(compiled: CompiledTenant<T>, entries: readonly Entry<T>[]): Candidates<Entry<T>> {
  if (entries.length < indexedCandidatesMin) return unindexed(entries);
  const key = entries.map((entry) => entry.order).join();
  const known = compiled.indexes.get(key);
  if (known !== undefined) return known;
  if (compiled.indexes.size >= matchIndexesMax) return unindexed(entries);
  const made = indexCandidates(entries);
  compiled.indexes.set(key, made);
  return made;
}

function unindexed<C extends Candidate>(candidates: readonly C[]): Candidates<C> {
  return { unkeyed: candidates, byFlow: new Map(), byField: new Map() };
}

function findEntries<T extends MatchableWebhook>(compiled: CompiledTenant<T>, eventType: string): readonly Entry<T>[] {
  const found = new Set<Entry<T>>(isReservedEventType(eventType) ? [] : compiled.all);
  for (const entry of compiled.byType.get(eventType) ?? []) found.add(entry);
  for (const length of compiled.prefixLengths) {
    if (length > eventType.length) break;
    for (const [pattern, entries] of compiled.byPrefix.get(eventType.slice(0, length)) ?? []) {
      if (!matchesPattern(pattern, eventType)) continue;
      for (const entry of entries) found.add(entry);
    }
  }
  return [...found].sort((a, b) => a.order - b.order);
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
