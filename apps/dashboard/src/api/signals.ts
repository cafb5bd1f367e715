// What the whole console has to know and turns up anywhere: whether the API can be reached, whether it tells what happens, whether one is signed in.
import { useSyncExternalStore } from 'react';

export type Signal<T> = {
  readonly get: () => T;
  readonly set: (value: T) => void;
  readonly use: () => T;
  /** Calls it after each change, until what it returns is called. */
  readonly subscribe: (listener: () => void) => () => void;
};

const createSignal = <T>(first: T): Signal<T> => {
  let value = first;
  const listeners = new Set<() => void>();
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const get = () => value;
  return {
    get,
    set: (next) => {
      if (next === value) return;
      value = next;
      for (const listener of listeners) listener();
    },
    use: () => useSyncExternalStore(subscribe, get),
    subscribe,
  };
};

/** False from the first call that found nobody until one finds it again. */
export const reachable = createSignal(true);

/** Resolves once the API can be reached. */
export const untilReachable = (): Promise<void> =>
  new Promise((resolve) => {
    if (reachable.get()) return resolve();
    const leave = reachable.subscribe(() => {
      leave();
      resolve();
    });
  });

/** The stream of what happens: `off` while no page listens or nobody looks, `down` while it is tried again. */
export const streaming = createSignal<'off' | 'live' | 'down'>('off');

type Waiting = { readonly resume: () => void; readonly giveUp: () => void };

/** The calls that were answered 401 and wait until one has signed in again; none: the session is good. */
export const signInAgain = createSignal<readonly Waiting[]>([]);

/** Resolves to true once one has signed in again; false: one would rather not. */
export const untilSignedIn = (): Promise<boolean> =>
  new Promise((resolve) => {
    signInAgain.set([...signInAgain.get(), { resume: () => resolve(true), giveUp: () => resolve(false) }]);
  });

/** Ends the waiting of all calls. */
export const endWaiting = (how: keyof Waiting): void => {
  const waiting = signInAgain.get();
  signInAgain.set([]);
  for (const one of waiting) one[how]();
};
