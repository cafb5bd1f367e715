// Showing and changing the encryption key of an installation, beside its processes.
import { readConfig } from '@posthorn/config';
import {
  beginKeyRotation,
  countSecretsByKey,
  createHotPool,
  encryptionKeyId,
  findProcessesWithout,
  type HotPool,
  type KeyRing,
  readSealingKeys,
  resealSecrets,
} from '@posthorn/db';
import { CommandError } from '../exit-codes.js';
import type { Terminal } from '../terminal.js';
import { keyRingOf } from './resources.js';

const say = (secrets: number): string => (secrets === 1 ? '1 secret' : `${secrets} secrets`);

const withPool = async <T>(use: (pool: HotPool) => Promise<T>): Promise<T> => {
  const { databaseUrl } = readConfig();
  if (databaseUrl === null) throw new CommandError('configuration', 'DATABASE_URL is not set: this command needs a Postgres server');
  const pool = createHotPool({ url: databaseUrl, max: 2, applicationName: 'posthorn secrets', onError: () => undefined });
  try {
    return await use(pool);
  } finally {
    await pool.end();
  }
};

/** `posthorn secrets status`. */
export const showKeys = (terminal: Terminal): Promise<void> =>
  withPool(async (pool) => {
    const ring = await keyRingOf(readConfig());
    const theirs = await readSealingKeys(pool);
    const counts = await countSecretsByKey(pool);
    const known = [...(theirs === null ? [] : [theirs.id, theirs.beforeId]), ...ring.ids, ...counts.map(({ keyId }) => keyId)];
    const names = ['POSTHORN_ENCRYPTION_KEY', 'POSTHORN_ENCRYPTION_KEY_NEXT'];
    for (const keyId of new Set(known.filter((id) => id !== null))) {
      const secrets = counts.find((count) => count.keyId === keyId)?.secrets ?? 0;
      const name = names[ring.ids.indexOf(keyId)] ?? 'not known here';
      terminal.print([keyId, say(secrets), ...(theirs?.id === keyId ? ['seals'] : []), name].join('  '));
    }
    if (theirs?.beforeId != null)
      terminal.print(`going from key ${theirs.beforeId} to ${theirs.id}: it ends with \`posthorn secrets rotate\``);
  });

const namesOfThoseWithout = async (pool: HotPool, keyIds: readonly string[]): Promise<string> =>
  (await findProcessesWithout(pool, keyIds)).map(({ role, host, pid }) => `${role} ${pid} on ${host}`).join(', ');

/** Throws if a process runs that could not open what is sealed from now on. */
const requireBothKeys = async (pool: HotPool, ring: KeyRing): Promise<void> => {
  const names = await namesOfThoseWithout(pool, ring.ids);
  if (names === '') return;
  throw new Error(
    `these processes have not both keys: ${names}; start them anew with POSTHORN_ENCRYPTION_KEY_NEXT first (one that ended counts for 15 s)`,
  );
};

/** `posthorn secrets rotate`; throws if secrets are left that neither key opens, when all others are done. */
export const rotateKey = (terminal: Terminal): Promise<void> =>
  withPool(async (pool) => {
    const config = readConfig();
    if (config.nextEncryptionKey === null)
      throw new CommandError('configuration', 'POSTHORN_ENCRYPTION_KEY_NEXT is not set: give this command and every process both keys');
    const ring = await keyRingOf(config);
    const toId = encryptionKeyId(config.nextEncryptionKey);
    await requireBothKeys(pool, ring);
    await beginKeyRotation(pool, ring, toId);
    ring.sealWith(toId);
    terminal.warn(`key ${toId} seals from now on`);
    const { secrets, broken } = await resealSecrets(pool, ring, (done) => terminal.warn(`${say(done)} sealed anew`));
    const left = (await countSecretsByKey(pool)).filter(({ keyId }) => !ring.ids.includes(keyId));
    // One that was starting when the key changed may have been overlooked above.
    const names = await namesOfThoseWithout(pool, [toId]);
    const complaints = [
      ...left.map((count) => `${say(count.secrets)} sealed with key ${count.keyId}, which is neither of the two`),
      ...(broken.length === 0 ? [] : [`${say(broken.length)} that no key opens: ${broken.join(', ')}`]),
      ...(names === '' ? [] : [`processes without key ${toId}, which must be started anew at once: ${names}`]),
    ];
    terminal.print(`${say(secrets)} sealed anew with key ${toId}`);
    if (complaints.length > 0) throw new Error(`there are ${complaints.join(', and ')}; all others are done`);
    terminal.print(
      'No secret is left under another key. Set POSTHORN_ENCRYPTION_KEY to the new key, remove POSTHORN_ENCRYPTION_KEY_NEXT, and start the processes anew, one by one.',
    );
  });
