// Which of several workers runs the active scheduler, by what they log (at LOG_LEVEL info).
import type { StartedProcess } from '@posthorn/testkit';

/** Whether the worker's scheduler said last that it is active. */
export const saysActive = (worker: StartedProcess): boolean => {
  const lines = worker.output().split('\n');
  const said = lines.filter((line) => line.includes('"msg":"scheduler.active"')).at(-1);
  return said?.includes('"active":true') === true;
};
