// What the tests of this package share: an egress with the operator's exceptions as text, requests to it, and things that are closed
// after each test.
import { afterEach } from '@jest/globals';
import { parseAllowList } from '../src/allow-list.js';
import { createEgress, type Egress, type EgressOptions, type EgressRequest } from '../src/egress.js';
import type { Outcome } from '../src/outcome.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Stops it after the test, the last one first. */
export function stopAfterTest<T extends { stop(): unknown }>(thing: T): T {
  cleanups.push(() => thing.stop());
  return thing;
}

/** `allow` is a value of POSTHORN_EGRESS_ALLOW. The egress is closed after the test. */
export function egressFor(allow: string, options: Partial<EgressOptions> = {}): Egress {
  const parsed = parseAllowList(allow);
  if (!parsed.ok) throw new Error(parsed.message);
  const egress = createEgress({ allow: parsed.allow, ...options });
  cleanups.push(() => egress.close());
  return egress;
}

/** Posts `{}` without headers; 2 s. */
export function post(egress: Egress, url: string, more: Partial<EgressRequest> = {}): Promise<Outcome> {
  return egress.send({ url, headers: [], body: '{}', timeoutMs: 2_000, ...more });
}

export const okAnswer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
