// Secrets at rest: AES-256-GCM under an encryption key of the installation. The additional data bind row, webhook and purpose, so a ciphertext that
// was copied to another row does not decrypt (NIST SP 800-38D: 96-bit random IV, 128-bit tag).
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createKeyRing, type KeyRing } from './key-ring.js';

export type SealedSecret = { readonly keyId: string; readonly iv: Buffer; readonly ciphertext: Buffer };
export type SecretPurpose = 'signing' | 'authentication' | 'headers';
export type SecretPlace = { readonly rowId: string; readonly webhookId: string; readonly purpose: SecretPurpose };

export type SecretBox = {
  /** Under the key of the ring that seals now. */
  readonly seal: (plain: string, place: SecretPlace) => SealedSecret;
  /** Throws when key, place or bytes are not the ones it was sealed with. */
  readonly open: (sealed: SealedSecret, place: SecretPlace) => string;
};

const ivBytes = 12;
const tagBytes = 16;

const boundTo = (place: SecretPlace): Buffer => Buffer.from(`${place.rowId}|${place.webhookId}|${place.purpose}`);

/** @param keys a ring, or its only key (32 bytes) */
export const createSecretBox = (keys: KeyRing | Buffer): SecretBox => {
  const ring = Buffer.isBuffer(keys) ? createKeyRing(keys) : keys;
  return {
    seal: (plain, place) => {
      const [keyId, key] = [ring.sealingId(), ring.sealing()];
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(boundTo(place));
      const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return { keyId, iv, ciphertext };
    },
    open: (sealed, place) => {
      const key = ring.find(sealed.keyId);
      if (key === undefined) throw new Error(`secret ${place.rowId} is sealed with key ${sealed.keyId}, not with ${ring.ids.join(' or ')}`);
      const body = sealed.ciphertext.subarray(0, -tagBytes);
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.iv, { authTagLength: tagBytes })
        .setAAD(boundTo(place))
        .setAuthTag(sealed.ciphertext.subarray(-tagBytes));
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    },
  };
};
