// One timer that rotates the statistics windows of all breakers. opossum takes an event emitter for this, whose listenerCount(event, fn)
// scans all listeners and makes n breakers cost n²; a set answers at once.
import type { EventEmitter } from 'node:events';

const rotateEveryMs = 10_000;

export const createRotation = (): { readonly controller: EventEmitter; readonly stop: () => void } => {
  const rotations = new Set<() => void>();
  const controller = {
    on: (_event: string, rotate: () => void) => void rotations.add(rotate),
    removeListener: (_event: string, rotate: () => void) => void rotations.delete(rotate),
    listenerCount: (_event: string, rotate: () => void) => (rotations.has(rotate) ? 1 : 0),
  };
  const timer = setInterval(() => {
    for (const rotate of rotations) rotate();
  }, rotateEveryMs);
  timer.unref();
  return { controller: controller as unknown as EventEmitter, stop: () => clearInterval(timer) };
};
