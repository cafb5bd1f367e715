// Narrows the webhooks whose type matches to those that this event's project flows and context can please, by look-ups: a thousand webhooks that
// want every type of one flow each, or of one customer each, cost no more than those that match. It never decides: whoever it lets through is tested.
import { contextKeys } from './context.js';
import { isJsonObject } from './field-errors.js';
import { ownValue } from './json-values.js';

/** One that may be pleased; `order` is its place in the answer. */
export type Candidate = {
  readonly order: number;
  readonly webhook: { readonly projectFlows: readonly string[]; readonly context: Readonly<Record<string, unknown>> };
};

/** Candidates by what they ask for: a flow, a value of a context field, or neither. */
export type Candidates<C extends Candidate> = {
  readonly unkeyed: readonly C[];
  readonly byFlow: ReadonlyMap<string, readonly C[]>;
  /** Field → value → candidates. */
  readonly byField: ReadonlyMap<string, ReadonlyMap<unknown, readonly C[]>>;
};

/** Puts each candidate under the one thing it asks for that it shares with the fewest others. */
export function indexCandidates<C extends Candidate>(candidates: readonly C[]): Candidates<C> {
  const askers = new Map<string, Map<unknown, number>>();
  for (const { webhook } of candidates) {
    for (const { field, values } of contextKeys(webhook.context))
      for (const value of values) innerMap(askers, field).set(value, (askers.get(field)?.get(value) ?? 0) + 1);
  }
  const askersOf = ({ field, values }: Key): number => values.reduce<number>((sum, value) => sum + (askers.get(field)?.get(value) ?? 0), 0);
  const unkeyed: C[] = [];
  const byFlow = new Map<string, C[]>();
  const byField = new Map<string, Map<unknown, C[]>>();
  for (const candidate of candidates) {
    const { projectFlows, context } = candidate.webhook;
    const [key] = contextKeys(context).toSorted((a, b) => askersOf(a) - askersOf(b));
    if (key !== undefined) for (const value of key.values) push(innerMap(byField, key.field), value, candidate);
    else if (projectFlows.length > 0) for (const flow of projectFlows) push(byFlow, flow, candidate);
    else unkeyed.push(candidate);
  }
  return { unkeyed, byFlow, byField };
}

/** Those that an event may please, each once, in order. `currentContext` is asked for its value only if somebody wants one. */
export function possibleCandidates<C extends Candidate>(
  { unkeyed, byFlow, byField }: Candidates<C>,
  projectFlows: readonly string[],
  currentContext: () => unknown,
): readonly C[] {
  if (byFlow.size === 0 && byField.size === 0) return unkeyed;
  const found = new Set(unkeyed);
  const add = (candidates: readonly C[] | undefined): void => {
    for (const candidate of candidates ?? []) found.add(candidate);
  };
  for (const flow of projectFlows) add(byFlow.get(flow));
  const context = byField.size === 0 ? null : currentContext();
  if (isJsonObject(context)) {
    for (const [field, byValue] of byField) {
      const value = ownValue(context, field);
      for (const each of Array.isArray(value) ? value : [value]) add(byValue.get(each));
    }
  }
  return [...found].sort((a, b) => a.order - b.order);
}

type Key = ReturnType<typeof contextKeys>[number];

function innerMap<V>(map: Map<string, Map<unknown, V>>, name: string): Map<unknown, V> {
  let inner = map.get(name);
  if (inner === undefined) {
    inner = new Map();
    map.set(name, inner);
  }
  return inner;
}

function push<K, C>(map: Map<K, C[]>, key: K, candidate: C): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [candidate]);
  else list.push(candidate);
}
