// Which encryption key seals, followed by every process: by a look every few seconds, and at once where the database refuses a secret that was sealed
// with another.
import type { KeyRing } from './key-ring.js';
import type { HotPool } from './pools.js';

export type KeyFollower = {
  /** Reads which key seals, and seals with it from then on. */
  readonly look: () => Promise<void>;
  /**
   * Does what seals secrets and writes them; once more if the key changed meanwhile, of which nothing is left. Throws an EncryptionKeyError if it
   * changed again, or to one that this process has not.
   */
  readonly sealing: <T>(work: () => Promise<T>) => Promise<T>;
  readonly start: () => void;
  readonly stop: () => void;
};

/** What is to be sealed cannot be at the moment: the encryption key is being changed. Nothing was written. */
export class EncryptionKeyError extends Error {
  override readonly name = 'EncryptionKeyError';
  constructor() {
    super('the encryption key is being changed');
  }
}

const lookEveryMs = 5_000;

const isRefused = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'PHKEY';

/** Follows the installation's row, if there is one. @param onError is told of a look that failed, and of a key that this process has not */
export const createKeyFollower = (pool: HotPool, ring: KeyRing, onError: (error: unknown) => void): KeyFollower => {
  const look = async (): Promise<void> => {
    const { rows } = await pool.query<{ id: string }>({ name: 'sealing-key', text: 'select encryption_key_id as id from deployment' });
    const id = rows[0]?.id;
    if (id !== undefined && !ring.sealWith(id))
      onError(new Error(`the installation's secrets are sealed with key ${id}, and this process has ${ring.ids.join(' and ')}`));
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    look,
    sealing: async (work) => {
      try {
        return await work();
      } catch (error) {
        if (!isRefused(error)) throw error;
      }
      await look();
      return work().catch((error: unknown) => {
        throw isRefused(error) ? new EncryptionKeyError() : error;
      });
    },
    start: () => {
      timer ??= setInterval(() => void look().catch(onError), lookEveryMs).unref();
    },
    stop: () => clearInterval(timer),
  };
};
