// The figures of a size to words: a line for each kind of request for the terminal, and its part of docs/benchmarks.md.
import { table } from '../markdown.js';
import type { ReadTimes } from './measure.js';
import type { ConsoleFigures } from './one-size.js';
import { rare } from './seed.js';
import type { ReadBar, Size } from './size.js';

const ms = (duration: number): string => duration.toFixed(1);
const whole = (count: number): string => count.toLocaleString('en');

/** One line for the terminal. */
export function describeRead(name: string, { request, p50Ms, p95Ms, p99Ms }: ReadTimes): string {
  return `${name} ${request.page}: ${request.name}: ${ms(p50Ms)} / ${ms(p95Ms)} / ${ms(p99Ms)} ms`;
}

/** What was made, the table, whether the bar was met, and the settling. */
export function renderConsole(size: Size, { deliveries, reads, times, settling }: ConsoleFigures): string {
  const story =
    `${whole(deliveries)} deliveries of half as many events, with their attempts and statistics, over seven days: 20 tenants with 10 webhooks and 29 event ` +
    'types each; of 1,000 deliveries 970 succeeded, 15 failed, 5 wait, 7 were skipped, 3 cancelled. Beside them a tenant ' +
    `(\`${rare.tenant}\`), a webhook and an event type of which there is one event in 100,000. Each request is made ${reads} times over HTTP, one after the other, ` +
    'with another webhook, tenant, type or time each time; a time is from sending it to having its whole answer. *Rows* are those of the last read: ' +
    'a page that is not full ends the list, or found no more in the rows that it may look at, and goes on behind its cursor.';
  const rows = times.map((each) => [
    each.request.page,
    each.request.name,
    ...[each.p50Ms, each.p95Ms, each.p99Ms].map(ms),
    each.rows ?? '',
    verdictOf(size.bar, each),
  ]);
  const bar = `${size.bar.percentile} ≤ ${size.bar.limitMs} ms`;
  const head = ['page', 'request', 'p50, ms', 'p95, ms', 'p99, ms', 'rows', bar];
  const { rawRows, steps, totalMs, longestStepMs, rowsLockedMost } = settling;
  const settled =
    `Settling ${whole(rawRows)} raw rows of statistics: ${steps} steps, ${whole(Math.round(totalMs))} ms together, the longest ` +
    `${whole(Math.round(longestStepMs))} ms; a step holds at most ${whole(rowsLockedMost)} rows.`;
  return [`### ${size.name}`, story, table(head, rows), settled].join('\n\n');
}

function verdictOf(bar: ReadBar, times: ReadTimes): string {
  if (!bar.pages.includes(times.request.page)) return '';
  return (bar.percentile === 'p95' ? times.p95Ms : times.p99Ms) <= bar.limitMs ? 'met' : '**missed**';
}
