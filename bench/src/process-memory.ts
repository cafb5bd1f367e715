// The memory of a process as Linux counts it.
import { readFileSync } from 'node:fs';

/** Resident memory in MB (10⁶ bytes): now, and the most since it started. Throws where there is no /proc. */
export function residentMb(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const read = (label: string): number => {
    const kib = new RegExp(`^${label}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    if (kib === undefined) throw new Error(`no ${label} of process ${pid}`);
    return (Number(kib) * 1024) / 1e6;
  };
  return { now: read('VmRSS'), most: read('VmHWM') };
}
