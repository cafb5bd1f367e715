// Sessions of the console: an encrypted cookie with the hash of the key that one signed in with, never the key. It holds no more than that, so
// whether the key is still good is asked of the same place as for a header.
import { randomBytes } from 'node:crypto';
import secureSession from '@fastify/secure-session';
import type { KeyRing } from '@posthorn/db';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
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
  /** The cookie's keys are derived from it. */
  readonly keyRing: KeyRing;
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
const createCipher = async (key: Buffer, cookieName: string): Promise<FastifyInstance> => {
  const cipher = Fastify({ logger: false });
  await cipher.register(secureSession, { key, cookieName, expiry: limits.sessionS });
  await cipher.ready();
  return cipher;
};

/** A cookie is good under any key of the ring; a new one is made under the key that seals. */
export const createSessions = async ({ keyRing, isSecure }: SessionOptions): Promise<Sessions> => {
  const name = cookieNameOf(isSecure);
  const keys = keyRing.derive('console sessions');
  const ciphers = await Promise.all(keys.all.map((key) => createCipher(key, name)));
  const present = (): FastifyInstance => {
    const cipher = ciphers[keys.all.indexOf(keys.present())];
    if (cipher === undefined) throw new RangeError('the key that seals is not in the ring');
    return cipher;
  };
  const cookieOf = (value: string, maxAge: number): string =>
    present().serializeCookie(name, value, { path: '/', httpOnly: true, sameSite: 'strict', secure: isSecure, maxAge });
  return {
    read: ({ headers }) => {
      if (headers.cookie === undefined || !headers.cookie.includes(name)) return null;
      const value = present().parseCookie(headers.cookie)[name];
      if (value === undefined) return null;
      const kept = ciphers.reduce<ReturnType<FastifyInstance['decodeSecureSession']>>(
        (found, cipher) => found ?? cipher.decodeSecureSession(value),
        null,
      );
      if (kept === null) return null;
      return { keyHash: Buffer.from(kept.get('key_hash'), 'hex'), csrf: kept.get('csrf') };
    },
    begin: (keyHash) => {
      const csrf = randomBytes(csrfBytes).toString('base64url');
      const cipher = present();
      const kept = cipher.createSecureSession({ key_hash: keyHash.toString('hex'), csrf });
      return { session: { keyHash, csrf }, cookie: cookieOf(cipher.encodeSecureSession(kept), limits.sessionS) };
    },
    endCookie: cookieOf('', 0),
  };
};
