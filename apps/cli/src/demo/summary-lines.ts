// What the demo says at its end, and whether it succeeded.
import type { DemoSummary } from './ledger.js';

export function summaryLines(summary: DemoSummary): readonly string[] {
  const { latency } = summary;
  return [
    `published   ${summary.published}`,
    `delivered   ${summary.delivered}`,
    `verified    ${summary.verified}`,
    `duplicates  ${summary.duplicates}`,
    ...(summary.strangers === 0 ? [] : [`strangers   ${summary.strangers} (arrived, but not published here)`]),
    `events/s    ${summary.eventsPerS.toFixed(0)}`,
    `publish to receipt  ${latency === null ? 'nothing arrived' : `p50 ${latency.p50Ms.toFixed(1)} ms, p99 ${latency.p99Ms.toFixed(1)} ms`}`,
    ...summary.faults.map((fault) => `fault: ${fault}`),
  ];
}

/** Null: all were delivered and verified. Duplicates are no failure: delivery is at least once. */
export function failureOf(summary: DemoSummary, eventsExpected: number): string | null {
  const missing = eventsExpected - summary.delivered;
  const unverified = summary.delivered - summary.verified;
  if (missing === 0 && unverified === 0) return null;
  return [missing > 0 && `${missing} missing`, unverified > 0 && `${unverified} not verified`].filter((part) => part !== false).join(', ');
}
