// Work that must end: a schema and an event can be made for each other so that comparing them takes for ever, and the event loop with it.
import { type Context, createContext, Script } from 'node:vm';
import { limits } from './limits.js';

const script = new Script('work()');
let context: Context | undefined;

/** Runs the work once; null: it was ended. */
const runOnce = <T>(shared: Context, deadlineMs: number, work: () => T): { readonly value: T } | null => {
  let value: T | undefined;
  shared.work = (): void => {
    value = work();
  };
  try {
    script.runInContext(shared, { timeout: deadlineMs });
    return { value: value as T };
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return null;
    throw error;
  } finally {
    shared.work = undefined;
  }
};

/**
 * What `work` returns, or null if it takes longer than `deadlineMs` (a whole number); throws what `work` throws. Ends loops and regular expressions
 * in the middle, so `work` must not leave anything half done; it is begun anew if the machine gave this process no time for it.
 */
export const within = <T>(deadlineMs: number, work: () => T): { readonly value: T } | null => {
  context ??= createContext({});
  for (let tries = 1; ; tries++) {
    const before = process.cpuUsage();
    const done = runOnce(context, deadlineMs, work);
    if (done !== null) return done;
    const { user, system } = process.cpuUsage(before);
    const isStarved = (user + system) / 1_000 < deadlineMs / 2;
    if (!isStarved || tries >= limits.schemaTriesMax) return null;
  }
};
