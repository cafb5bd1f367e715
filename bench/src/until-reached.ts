// Waiting for a count that grows, as long as it grows.
import { nowMs } from './clock.js';

const pollEveryMs = 20;
const stallMs = 60_000;

/** Resolves when `read` gives `wanted` or more. Rejects with the system's output if the count did not move for a minute. */
export async function untilReached(what: string, wanted: number, system: { output(): string }, read: () => Promise<number>): Promise<void> {
  let reached = Number.NaN;
  let movedAt = nowMs();
  for (;;) {
    const now = await read();
    if (now >= wanted) return;
    if (now !== reached) movedAt = nowMs();
    reached = now;
    if (nowMs() - movedAt > stallMs) throw new Error(`lost or stalled: ${now} of ${wanted} ${what}\n${system.output()}`);
    await new Promise((resolve) => setTimeout(resolve, pollEveryMs));
  }
}
