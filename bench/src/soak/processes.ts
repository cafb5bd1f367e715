// What a process of the product holds: memory, and what the system keeps open for it (Linux only).
import { readdirSync, readlinkSync } from 'node:fs';
import { residentMb } from '../process-memory.js';

/** Memory in MB (10⁶ bytes); descriptors count sockets too. */
export interface ProcessSample {
  readonly residentMb: number;
  /** Of V8, in use: what is not collected yet included. */
  readonly heapMb: number;
  readonly descriptors: number;
  readonly sockets: number;
}

/** A process and the port on which it answers /metrics. */
export interface Watched {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
}

const answerTimeoutMs = 30_000;

/** Looks at a process once. Throws if it has ended or does not tell its metrics. */
export async function sampleProcess({ name, pid, port }: Watched): Promise<ProcessSample> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(answerTimeoutMs) });
  const heapBytes = /^nodejs_heap_size_used_bytes(?:\{[^}]*\})? (\S+)/m.exec(await answer.text())?.[1];
  if (heapBytes === undefined) throw new Error(`${name} does not tell its heap: ${answer.status}`);
  const targets = readdirSync(`/proc/${pid}/fd`).map((descriptor) => target(`/proc/${pid}/fd/${descriptor}`));
  return {
    residentMb: residentMb(pid).now,
    heapMb: Number(heapBytes) / 1e6,
    descriptors: targets.length,
    sockets: targets.filter((each) => each.startsWith('socket:')).length,
  };
}

/** What a descriptor stands for; empty if it was closed meanwhile. */
function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}
