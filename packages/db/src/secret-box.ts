// Secrets at rest: AES-256-GCM under the installation's key. The additional data bind row, webhook and purpose, so a ciphertext that
// was copied to another row does not decrypt (NIST SP 800-38D: 96-bit random IV, 128-bit tag).
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

export type SealedSecret = { readonly keyId: string; readonly iv: Buffer; readonly ciphertext: Buffer };
export type SecretPurpose = 'signing' | 'authentication' | 'headers';
export type SecretPlace = { readonly rowId: string; readonly webhookId: string; readonly purpose: SecretPurpose };

export type SecretBox = {
  readonly keyId: string;
  readonly seal: (plain: string, place: SecretPlace) => SealedSecret;
  /** Throws when key, place or bytes are not the ones it was sealed with. */
  readonly open: (sealed: SealedSecret, place: SecretPlace) => string;
};

const ivBytes = 12;
const tagBytes = 16;

const boundTo = (place: SecretPlace): Buffer => Buffer.from(`${place.rowId}|${place.webhookId}|${place.purpose}`);

/** The public name of a key: eight hex digits of its hash, the same on every process. */
export const encryptionKeyId = (key: Buffer): string =>
  createHash('sha256').update('posthorn key id').update(key).digest('hex').slice(0, 8);

/** @param key 32 bytes */
export const createSecretBox = (key: Buffer): SecretBox => {
  const keyId = encryptionKeyId(key);
  return {
    keyId,
    seal: (plain, place) => {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(boundTo(place));
      const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return { keyId, iv, ciphertext };
    },
    open: (sealed, place) => {
      if (sealed.keyId !== keyId) throw new Error(`secret ${place.rowId} is sealed with key ${sealed.keyId}, not with ${keyId}`);
      const body = sealed.ciphertext.subarray(0, -tagBytes);
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.iv, { authTagLength: tagBytes })
        .setAAD(boundTo(place))
        .setAuthTag(sealed.ciphertext.subarray(-tagBytes));
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    },
  };
};
