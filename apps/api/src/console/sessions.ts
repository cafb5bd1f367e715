// Sessions of the console: an encrypted cookie with the hash of the key that one signed in with, never the key. It holds no more than that, so
// whether the key is still good is asked of the same place as for a header.
import { createHmac, randomBytes } from 'node:crypto';
import secureSession from '@fastify/secure-session';
import Fastify, { type FastifyRequest } from 'fastify';
import { limits } from '../limits.js';

export type Session = {
  /** SHA-256 of the API key */
  readonly keyHash: Buffer;
  /** What a request that changes something must send as `x-posthorn-csrf`. */
  readonly csrf: string;
};

export type Sessions = {
  /** null: no cookie, one that we did not make, or one that is too old. */
  readonly read: (request: FastifyRequest) => Session | null;
  /** A session for the key, and the `set-cookie` header that begins it. */
  readonly begin: (keyHash: Buffer) => { readonly session: Session; readonly cookie: string };
  /** The `set-cookie` header that ends one. */
  readonly endCookie: string;
};

export type SessionOptions = {
  /** 32 bytes; the cookie's key is derived from it. */
  readonly encryptionKey: Buffer;
  /** Whether people come over https, so that the cookie may be bound to that. */
  readonly isSecure: boolean;
};

const csrfBytes = 24;

/** Browsers take a `__Host-` cookie from nobody but this very host, and over https alone. */
const cookieNameOf = (isSecure: boolean): string => (isSecure ? '__Host-posthorn_session' : 'posthorn_session');

/**
 * The plugin is registered on an app of its own that never listens: what is wanted of it is its cipher and its clock, not its hooks on every
 * request of the API.
 */
export const createSessions = async ({ encryptionKey, isSecure }: SessionOptions): Promise<Sessions> => {
  const name = cookieNameOf(isSecure);
  const cipher = Fastify({ logger: false });
  const key = createHmac('sha256', encryptionKey).update('console sessions').digest();
  await cipher.register(secureSession, { key, cookieName: name, expiry: limits.sessionS });
  await cipher.ready();
  const cookieOf = (value: string, maxAge: number): string =>
    cipher.serializeCookie(name, value, { path: '/', httpOnly: true, sameSite: 'strict', secure: isSecure, maxAge });
  return {
    read: ({ headers }) => {
      if (headers.cookie === undefined || !headers.cookie.includes(name)) return null;
      const value = cipher.parseCookie(headers.cookie)[name];
      const kept = value === undefined ? null : cipher.decodeSecureSession(value);
      if (kept === null) return null;
      return { keyHash: Buffer.from(kept.get('key_hash'), 'hex'), csrf: kept.get('csrf') };
    },
    begin: (keyHash) => {
      const csrf = randomBytes(csrfBytes).toString('base64url');
      const kept = cipher.createSecureSession({ key_hash: keyHash.toString('hex'), csrf });
      return { session: { keyHash, csrf }, cookie: cookieOf(cipher.encodeSecureSession(kept), limits.sessionS) };
    },
    endCookie: cookieOf('', 0),
  };
};
