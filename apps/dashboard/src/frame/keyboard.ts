// What a key does, of what is on the page: decided here, done by shortcuts.tsx.

/** Where the key was pressed. */
export type Focus = {
  /** A field that one types in, or that takes letters, as a list to choose from does. */
  readonly isTyping: boolean;
  /** A dialog or menu is open: keys are its own. */
  readonly isCovered: boolean;
  readonly hasModifier: boolean;
};

export type Command =
  | { readonly do: 'go'; readonly to: string }
  | { readonly do: 'help' | 'search' | 'refresh' }
  | { readonly do: 'row'; readonly step: 1 | -1 };

type Place = { readonly key: string; readonly to: string };
export type Pressed = { readonly key: string; readonly atMs: number };

/** `g` waits so long for its letter. */
const afterGMs = 1_000;

/** @param before the key that was pressed before this one, if any */
export const commandOf = ({ key, atMs }: Pressed, before: Pressed | null, focus: Focus, places: readonly Place[]): Command | null => {
  if (focus.isTyping || focus.isCovered || focus.hasModifier) return null;
  if (before?.key === 'g' && atMs - before.atMs < afterGMs) {
    const place = places.find((each) => each.key === key);
    return place === undefined ? null : { do: 'go', to: place.to };
  }
  if (key === '?') return { do: 'help' };
  if (key === '/') return { do: 'search' };
  if (key === 'r') return { do: 'refresh' };
  if (key === 'j') return { do: 'row', step: 1 };
  return key === 'k' ? { do: 'row', step: -1 } : null;
};

/** The row to go to: the first or the last one if none has the focus; it stays at the ends. -1: there is none. */
export const rowAfter = (current: number, step: 1 | -1, count: number): number => {
  if (current === -1) return step === 1 ? Math.min(0, count - 1) : count - 1;
  return Math.min(Math.max(current + step, 0), count - 1);
};
