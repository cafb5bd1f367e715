// Where the API is unless the user says otherwise, and whether it answers there.
import { createClient } from '@posthorn/client';

export const defaultApiUrl = 'http://127.0.0.1:3400';
const healthTimeoutMs = 2_000;

/** Whether a 2xx comes from this path within 2 s; never rejects. */
export function answers(url: string, path: '/healthz' | '/readyz'): Promise<boolean> {
  return createClient({ url, key: 'none', retries: 0, timeoutMs: healthTimeoutMs })
    .GET(path, { parseAs: 'text' })
    .then(
      () => true,
      () => false,
    );
}
