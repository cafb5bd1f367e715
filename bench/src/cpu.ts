// CPU seconds of a process with all its children, living and reaped, as Linux counts them. Elsewhere there is no figure.
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerS = 100; // USER_HZ, fixed in Linux's interface to user space

interface ProcessTimes {
  readonly parent: number;
  readonly seconds: number;
}

/** CPU seconds since its start of `pid` and everything below it, or `null` where there is no /proc. */
export function cpuSecondsOfTree(pid: number): number | null {
  if (process.platform !== 'linux') return null;
  const processes = new Map<number, ProcessTimes>();
  for (const entry of readdirSync('/proc')) {
    const times = /^\d+$/.test(entry) ? readTimes(Number(entry)) : undefined;
    if (times !== undefined) processes.set(Number(entry), times);
  }
  const sumBelow = (parent: number): number => {
    let sum = processes.get(parent)?.seconds ?? 0;
    for (const [child, times] of processes) if (times.parent === parent) sum += sumBelow(child);
    return sum;
  };
  return sumBelow(pid);
}

/** The parent of a process, or `null` where there is no /proc. */
export function parentOf(pid: number): number | null {
  return process.platform === 'linux' ? (readTimes(pid)?.parent ?? null) : null;
}

function readTimes(pid: number): ProcessTimes | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in brackets may hold blanks; what follows it are: state, ppid, … and from the twelfth on utime stime cutime cstime.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { parent: Number(fields[1]), seconds: ticks / ticksPerS };
  } catch {
    return undefined; // it ended while we looked; its parent has its times now
  }
}
