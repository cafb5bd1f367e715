// The recorder on this worker's Postgres: its flushes are measured, and what they wrote is told to the gates and to who looks live.
import { writeFlush } from '@posthorn/db';
import type { DeliveringOptions } from './delivering.js';
import { limits } from './limits.js';
import { createRecorder } from './recorder.js';
import { tellRecorded } from './tell-recorded.js';

/** The one writer, its flushes measured and what they wrote told to the gates. */
export const createRecording = (
  { pool, slot, metrics, report, teller }: DeliveringOptions,
  onStates: Parameters<typeof createRecorder>[0]['onStates'],
) => {
  const flushLimits = { ...limits.circuit, slot };
  const reportFlush = report('flush');
  return createRecorder({
    write: async (flush) => {
      const states = await writeFlush(pool, flush, flushLimits);
      if (teller.isLive()) tellRecorded(teller, flush);
      return states;
    },
    onStates,
    onFlushed: (rows, durationMs) => {
      metrics.flushRows.observe(rows);
      metrics.flushSeconds.observe(durationMs / 1000);
    },
    onError: (error) => {
      metrics.flushErrors.inc();
      reportFlush(error);
    },
  });
};
