// Pages are chunks of their own, so that what is loaded first stays small.
import { type ComponentType, lazy } from 'react';
import { reachable, untilReachable } from '../api/signals.js';

/** What cannot be loaded since nobody is there is loaded once somebody is. */
export const loadWhenThere = async <Loaded>(load: () => Promise<Loaded>): Promise<Loaded> => {
  try {
    return await load();
  } catch {
    reachable.set(false);
    await untilReachable();
    return load();
  }
};

/** @param name of the component that the module exports */
export const lazyPage = <Name extends string>(load: () => Promise<Readonly<Record<Name, ComponentType>>>, name: Name) =>
  lazy(async () => ({ default: (await loadWhenThere(load))[name] as ComponentType }));
