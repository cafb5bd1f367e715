// A new API key: what its owner gets once, and what is stored of it.
import { randomBytes } from 'node:crypto';
import { hashApiKey, keyIdBytesMin, newApiKey } from '@posthorn/core';
import type { NewApiKey } from '@posthorn/db';

const secretBytes = 24;

export type MadeKey = { readonly key: string; readonly stored: Pick<NewApiKey, 'publicId' | 'keyHash' | 'lastFour'> };

export const makeKey = (mode: 'live' | 'test'): MadeKey => {
  const { key, publicId } = newApiKey(mode, randomBytes(keyIdBytesMin), randomBytes(secretBytes));
  return { key, stored: { publicId, keyHash: hashApiKey(key), lastFour: key.slice(-4) } };
};
