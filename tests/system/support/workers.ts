// What a worker process says of itself in its metrics.
import type { StartedProcess } from '@posthorn/testkit';
import { request } from 'undici';

/** The sum of a metric over its labels; 0 if there is none of that name. */
export const readMetric = async (worker: StartedProcess, name: string): Promise<number> => {
  const url = /health on (http:[^)]+)\)/.exec(worker.output())?.[1];
  if (url === undefined) throw new Error(`the worker names no address: ${worker.output()}`);
  const { body } = await request(`${url}/metrics`);
  const lines = (await body.text()).split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
};

/** Requests that a worker has made. */
export const readAttempts = (worker: StartedProcess): Promise<number> => readMetric(worker, 'posthorn_attempts_total');

/** Memory that a worker holds, in bytes. */
export const readMemory = (worker: StartedProcess): Promise<number> => readMetric(worker, 'process_resident_memory_bytes');
