// The first environment and its admin key: made on the first start, from the key that was given or one that is made.
import { randomBytes } from 'node:crypto';
import { hashApiKey, readApiKey, uuidv7 } from '@posthorn/core';
import { bootstrapEnvironment, countEnvironments, type Database } from '@posthorn/db';
import { developmentAdminKey, keepAdminKey } from './development-keys.js';

const bootstrapPublicIdChars = 16;

/** Returns the key if this start made the environment, else null. `directory` is the data directory. */
export const ensureFirstKey = async (db: Database, given: string | null, directory: string): Promise<string | null> => {
  const isFirst = (await countEnvironments(db)) === 0;
  if (!isFirst && given === null) return null;
  const key = given ?? (await developmentAdminKey(directory));
  const read = readApiKey(key);
  if (read === null) throw new Error(`the admin key in ${directory} is damaged`);
  const hash = hashApiKey(key);
  await bootstrapEnvironment(db, {
    id: uuidv7(Date.now(), randomBytes(10)),
    environmentId: uuidv7(Date.now(), randomBytes(10)),
    mode: read.mode,
    publicId: read.form === 'made' ? read.publicId : hash.toString('hex').slice(0, bootstrapPublicIdChars),
    keyHash: hash,
    lastFour: key.slice(-4),
  });
  if (given !== null) await keepAdminKey(directory, given);
  return isFirst ? key : null;
};
