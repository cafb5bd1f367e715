// Sessions while the encryption key is changed.
import { expect, it } from '@jest/globals';
import { createKeyRing, encryptionKeyId } from '@posthorn/db';
import type { FastifyRequest } from 'fastify';
import { createSessions } from './sessions.js';

const [oldKey, newKey] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const keyHash = Buffer.alloc(32, 7);
const requestWith = (cookie: string) => ({ headers: { cookie: cookie.split(';')[0] } }) as FastifyRequest;

it('a session goes on at every process that has its key, and begins under the key that seals', async () => {
  const ring = createKeyRing(oldKey, newKey);
  const [both, before, after] = await Promise.all(
    [ring, createKeyRing(oldKey), createKeyRing(newKey)].map((keyRing) => createSessions({ keyRing, isSecure: false })),
  );
  const readers = (cookie: string) =>
    [before, both, after].map((sessions) => sessions?.read(requestWith(cookie))?.keyHash.equals(keyHash) ?? null);
  expect(readers(both!.begin(keyHash).cookie)).toEqual([true, true, null]);
  ring.sealWith(encryptionKeyId(newKey));
  expect(readers(both!.begin(keyHash).cookie)).toEqual([null, true, true]);
  expect(readers(before!.begin(keyHash).cookie)).toEqual([true, true, null]);
});
