// Reads over HTTP, one after the other, and how long each took until its answer was there whole.
import { percentile } from '../percentiles.js';
import type { Product } from '../product.js';
import type { ListRequest } from './requests.js';

/** How long a kind of request took, in milliseconds, and how many rows its last page had. */
export interface ReadTimes {
  readonly request: ListRequest;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly rows: number | null;
}

interface Answer {
  readonly data?: readonly unknown[];
  readonly next_cursor?: string | null;
}

/** Warm-up reads are not counted. */
export async function measureRequest(product: Product, request: ListRequest, reads: number, warmUps: number): Promise<ReadTimes> {
  const durations: number[] = [];
  let rows: number | null = null;
  for (let read = -warmUps; read < reads; read += 1) {
    const path = await behind(product, request.pathOf(read + warmUps), request.isSecondPage ?? false);
    const startedAt = performance.now();
    const { data } = await product.call<Answer>(path);
    if (read >= 0) durations.push(performance.now() - startedAt);
    rows = data?.length ?? null;
  }
  const at = (share: number): number => percentile(durations, share);
  return { request, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), rows };
}

/** The path of the page behind the first, if there is one. */
async function behind(product: Product, path: string, isSecondPage: boolean): Promise<string> {
  if (!isSecondPage) return path;
  const { next_cursor: cursor } = await product.call<Answer>(path);
  return typeof cursor === 'string' ? `${path}&cursor=${cursor}` : path;
}
