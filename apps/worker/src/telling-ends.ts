// What is told of a unit of work that has ended: one wide line of the log, and its metrics.
import type { DueJob } from '@posthorn/queue';
import type { Logger, Metrics } from '@posthorn/telemetry';
import type { DispatchSummary } from './dispatch-summary.js';

const rounded = (ms: number): number => Math.round(ms * 10) / 10;

/** A job that found nothing to do is no work: it is counted, and makes no line. */
export const createDispatchTelling = (
  logger: Logger,
  { dispatches, eventsFannedOut, dispatchSeconds }: Pick<Metrics, 'dispatches' | 'eventsFannedOut' | 'dispatchSeconds'>,
) => {
  const isLogged = logger.isLevelEnabled('info');
  return (summary: DispatchSummary): void => {
    const { outcome, events, durationMs } = summary;
    dispatches.inc({ outcome });
    if (outcome === 'not_ours') return;
    if (outcome === 'finished' || outcome === 'lost') eventsFannedOut.inc(events);
    if (outcome === 'finished') dispatchSeconds.observe(durationMs / 1_000);
    if (!isLogged) return;
    const { dispatchId, firstEventId, lastEventId, claim, deliveries, succeeded, retried, failed, waiting, parked, skipped, traceId } =
      summary;
    logger.info(
      {
        dispatch_id: dispatchId,
        claim,
        outcome,
        events,
        first_event_id: firstEventId,
        last_event_id: lastEventId,
        deliveries,
        succeeded,
        retried,
        failed,
        waiting,
        parked,
        skipped,
        duration_ms: rounded(durationMs),
        ...(traceId !== undefined && { trace_id: traceId }),
      },
      'dispatch.ended',
    );
  };
};

/** The same of a job of chunks. */
export const createDueTelling =
  (logger: Logger) =>
  (job: DueJob, deliveries: number, durationMs: number): void => {
    if (deliveries === 0) return;
    const lane = job.chunks[0]?.replay === true ? 'replay' : 'due';
    logger.info({ lane, chunks: job.chunks.length, deliveries, duration_ms: rounded(durationMs) }, 'chunks.ended');
  };
