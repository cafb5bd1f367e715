// A key that is revoked ends everywhere within 5 s: at the API that revoked it and at another, in a header, in a session and in a live stream.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type ApiWorld, createApiWorld } from '../tests/api-world.js';
import { lastBefore } from '../tests/last-before.js';
import { limits } from './limits.js';

let directory: string;
let world: ApiWorld;
let other: Awaited<ReturnType<ApiWorld['another']>>;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'posthorn-revocation-'));
  await writeFile(join(directory, 'index.html'), '<!doctype html><title>console</title>');
  world = await createApiWorld(directory);
  other = await world.another();
});
afterAll(async () => {
  await other?.stop();
  await world?.close();
  await rm(directory, { recursive: true });
});

const boundMs = 5_000;

it('is believed for less than that altogether, whenever a stream asks: what it hears may be as old as an answer is kept', () => {
  expect(limits.keyCacheMs + limits.streamKeyMs).toBeLessThan(boundMs);
});

it('ends at every API, in sessions and in streams within 5 s, however lately it was looked up there', async () => {
  const made = await world.call('POST', '/v1/api-keys', { body: { role: 'viewer' } });
  const { id, key } = made.body as { id: string; key: string };
  const authorization = `Bearer ${key}`;
  const origins = [world.origin, other.origin];
  const signedIn = await fetch(`${other.origin}/console/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key }),
  });
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  const asks = [
    ...origins.map((origin) => () => fetch(`${origin}/v1/webhooks`, { headers: { authorization } })),
    ...origins.map((origin) => () => fetch(`${origin}/v1/webhooks`, { headers: { cookie } })),
  ];
  const aborting = new AbortController();
  const streams = await Promise.all(
    origins.flatMap((origin) =>
      [{ authorization }, { cookie }].map((headers) => fetch(`${origin}/v1/stream`, { headers, signal: aborting.signal })),
    ),
  );
  expect(streams.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const ends = streams.map(async ({ body }) => {
    const reader = body?.getReader();
    while (!(await reader?.read())?.done);
    return performance.now();
  });
  // Every cache has it, as lately as can be.
  for (const ask of asks) expect((await ask()).status).toBe(200);
  expect((await world.call('DELETE', `/v1/api-keys/${id}`)).status).toBe(204);
  const revokedAt = performance.now();
  const taken = await Promise.all(asks.map((ask) => lastBefore(401, ask)));
  for (const at of taken) expect(at - revokedAt).toBeLessThan(boundMs);
  const ended = await Promise.all(ends);
  aborting.abort();
  // A stream ends by a timer, which a busy machine keeps waiting.
  for (const at of ended) expect(at - revokedAt).toBeLessThan(boundMs + 2_000);
}, 60_000);
