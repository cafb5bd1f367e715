// The link in a mail by which its reader says that a webhook shall send them none: signed, so that nobody can write one, and without an end, as mails
// are read late. It says nothing but which webhook is meant.
import { createHmac } from 'node:crypto';
import { isSameSecret } from './same-secret.js';
import { isUuid } from './uuid.js';

const purpose = 'posthorn unsubscribe';
const signatureChars = 32;

const signatureOf = (key: Buffer, webhookId: string): string =>
  createHmac('sha256', key).update(`${purpose}|${webhookId}`).digest('base64url').slice(0, signatureChars);

/** `<webhook>.<signature>`, 69 characters that need no escape in a URL. @param key the installation's encryption key, 32 bytes */
export function unsubscribeToken(key: Buffer, webhookId: string): string {
  return `${webhookId}.${signatureOf(key, webhookId)}`;
}

/** The webhook of a token that was signed with one of the keys, else null. Takes the same time for every signature. */
export function readUnsubscribeToken(keys: readonly Buffer[], token: string): string | null {
  const [webhookId = '', signature = '', ...rest] = token.split('.');
  if (!isUuid(webhookId) || signature.length !== signatureChars || rest.length > 0) return null;
  return keys.some((key) => isSameSecret(signature, signatureOf(key, webhookId))) ? webhookId : null;
}
