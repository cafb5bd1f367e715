// Statistics as people see them: counts, what went wrong by kind, and how long attempts took.
import { formatRfc3339, percentile } from '@posthorn/core';
import { type Backlog, latencyBoundsMs, rateMinutes, type StatisticsCounts } from '@posthorn/db';

const rounded = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 10) / 10);

/** Counts of an interval, a group or the whole. */
export const countsObject = (counts: StatisticsCounts) => {
  const { latency, attempts } = counts;
  const at = (share: number): number | null => rounded(percentile(latencyBoundsMs, latency, attempts, share));
  return {
    attempts,
    attempts_ok: counts.attempts_ok,
    retries: counts.retries,
    created: counts.created,
    succeeded: counts.succeeded,
    failed: counts.failed,
    skipped: counts.skipped,
    cancelled: counts.cancelled,
    reopened: counts.succeeded_again + counts.failed_again + counts.skipped_again + counts.cancelled_again,
    status_codes: { '3xx': counts.status_3xx, '4xx': counts.status_4xx, '5xx': counts.status_5xx },
    errors: {
      dns: counts.error_dns,
      connect: counts.error_connect,
      tls: counts.error_tls,
      timeout: counts.error_timeout,
      reset: counts.error_reset,
      protocol: counts.error_protocol,
      blocked: counts.error_blocked,
      cut_off: counts.error_cut_off,
    },
    duration_ms_sum: counts.duration_ms_sum,
    latency,
    p50_ms: at(0.5),
    p95_ms: at(0.95),
    p99_ms: at(0.99),
  };
};

/** How things stand now. */
export const backlogObject = ({ created, ended, oldest_due_at, ...backlog }: Backlog) => {
  const perS = (count: number): number => Math.round((count / (rateMinutes * 60)) * 100) / 100;
  const [createdPerS, endedPerS] = [perS(created), perS(ended)];
  const waiting = backlog.pending + backlog.held;
  return {
    ...backlog,
    oldest_due_at: oldest_due_at === null ? null : formatRfc3339(oldest_due_at.getTime()),
    created_per_s: createdPerS,
    ended_per_s: endedPerS,
    // What does not shrink is not said to be gone at any time.
    clear_estimate_s: waiting === 0 ? 0 : endedPerS > createdPerS ? Math.ceil(waiting / (endedPerS - createdPerS)) : null,
  };
};
