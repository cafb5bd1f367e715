// The encryption keys of a process: one, or two while the installation goes from one to the other. It opens and reads with any of them; the one
// with which it seals and signs is the one that the installation's row names, the same on every process.
import { createHash, createHmac } from 'node:crypto';

/** Made of the keys of a ring for one purpose, so that a key is never used for two. */
export type DerivedKeys = {
  /** Made of the key that seals now. */
  readonly present: () => Buffer;
  /** In the order of the ring; what any of them signed is good. */
  readonly all: readonly Buffer[];
};

export type KeyRing = {
  /** 32 bytes each. */
  readonly keys: readonly Buffer[];
  /** Their public names, in the same order. */
  readonly ids: readonly string[];
  readonly sealingId: () => string;
  /** The key that seals. */
  readonly sealing: () => Buffer;
  readonly find: (keyId: string) => Buffer | undefined;
  /** False: it has no such key, and seals as before. */
  readonly sealWith: (keyId: string) => boolean;
  readonly derive: (purpose: string) => DerivedKeys;
};

/** The public name of a key: eight hex digits of its hash, the same on every process. */
export const encryptionKeyId = (key: Buffer): string =>
  createHash('sha256').update('posthorn key id').update(key).digest('hex').slice(0, 8);

/** @param first seals until another is named @param others open what they sealed; 32 bytes each, all different */
export const createKeyRing = (first: Buffer, ...others: readonly Buffer[]): KeyRing => {
  const keys = [first, ...others];
  const ids = keys.map(encryptionKeyId);
  if (new Set(ids).size < ids.length) throw new RangeError('the encryption keys are the same');
  let at = 0;
  return {
    keys,
    ids,
    sealingId: () => ids[at] ?? '',
    sealing: () => keys[at] ?? first,
    find: (keyId) => keys[ids.indexOf(keyId)],
    sealWith: (keyId) => {
      if (!ids.includes(keyId)) return false;
      at = ids.indexOf(keyId);
      return true;
    },
    derive: (purpose) => {
      const all = keys.map((key) => createHmac('sha256', key).update(purpose).digest());
      return { present: () => all[at] ?? Buffer.alloc(0), all };
    },
  };
};
