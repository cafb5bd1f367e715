// Who comes in: a key's owner, its role, and what that role may do. What is not yours is 404; what your role may not do is 403.
import { hashApiKey, type ProblemCode, problem, readApiKey } from '@posthorn/core';
import { inReach, type KeyOwner, type Reach, type Role } from '@posthorn/db';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { requireSameOrigin } from './console/same-origin.js';
import type { Session } from './console/sessions.js';
import type { Quota } from './limiting/quota.js';
import { type SignIns, uncountedSignIns } from './limiting/sign-ins.js';
import { limits } from './limits.js';

export type Permission =
  | 'publish'
  | 'read_deliveries'
  | 'read_webhooks'
  | 'edit_webhooks'
  /** Enable, disable, pause, resume, test; retry, cancel, recover. */
  | 'operate_webhooks'
  /** And the settings of the circuit. */
  | 'reset_circuit'
  | 'replay'
  | 'erase'
  /** What runs, and how it is kept up; only with a key that is bound to no tenant. */
  | 'read_deployment'
  /** Keys, environments, tenants, the catalogue of event types, audit; only with a key that is bound to no tenant. */
  | 'administer';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a key must be allowed to call the route; `public`: no key is asked for. */
    permission: Permission | 'public';
    /** What it answers with beside the problems that all routes of its kind have; for the OpenAPI document. */
    problems?: readonly ProblemCode[];
  }
  interface FastifyRequest {
    /** Whose key it is; of routes that are not public. */
    owner: KeyOwner;
  }
}

const permissions: Readonly<Record<Permission, readonly Role[]>> = {
  publish: ['admin', 'publisher'],
  read_deliveries: ['admin', 'operator', 'publisher', 'viewer', 'channel'],
  read_webhooks: ['admin', 'operator', 'viewer', 'channel'],
  edit_webhooks: ['admin', 'channel'],
  operate_webhooks: ['admin', 'operator', 'channel'],
  reset_circuit: ['admin', 'operator'],
  replay: ['admin', 'operator'],
  erase: ['admin'],
  read_deployment: ['admin', 'operator', 'viewer'],
  administer: ['admin'],
};

/** What is the environment's, or of all of them. */
const unboundOnly: ReadonlySet<Permission> = new Set(['administer', 'read_deployment']);

export type Access = {
  /** The owner of the request's key; throws `unauthorized` or `forbidden`. */
  readonly require: (request: FastifyRequest, permission: Permission) => Promise<KeyOwner>;
  /** The owner of a key that came from an address; throws `unauthorized`, or `rate_limited` after too many of those. */
  readonly signIn: (key: string, address: string) => Promise<KeyOwner>;
  /** The owner of a key by its SHA-256; null: not known, or no longer valid. */
  readonly ownerOfHash: (keyHash: Buffer) => Promise<KeyOwner | null>;
};

/** Which roles may do it. */
export const rolesOf = (permission: Permission): readonly Role[] => permissions[permission];

export const mayDo = (owner: KeyOwner, permission: Permission): boolean => permissions[permission].includes(owner.role);

/** All that a key's owner may do. */
export const permissionsOf = (owner: KeyOwner): readonly Permission[] =>
  (Object.keys(permissions) as Permission[]).filter((each) => mayDo(owner, each) && (!unboundOnly.has(each) || owner.tenant === null));

/** What a key's owner may see: its environment, and within it its tenant if it is bound to one. */
export const reachOf = (owner: KeyOwner): Reach => ({ environmentId: owner.environmentId, tenantId: owner.tenant?.id ?? null });

export type AccessDependencies = {
  /** Looks a key up by its SHA-256; answers are kept for 4 s, so a revoked key works no longer than 5 s anywhere. */
  readonly find: (keyHash: Buffer) => Promise<KeyOwner | null>;
  /** The console's session of a request; null: it has none. */
  readonly sessionOf: (request: FastifyRequest) => Session | null;
  /** Unix milliseconds, for keys that expire. */
  readonly nowMs: () => number;
  /** Where keys that are not valid are counted; by default nowhere. */
  readonly signIns?: SignIns;
  /** Told of every request with a valid key. */
  readonly onUsed: (keyId: string) => void;
};

const askForKey = { headers: { 'www-authenticate': 'Bearer' } };

/** The key of an `Authorization: Bearer` header. Another scheme is not ours: a proxy in front may ask for a password of its own. */
const bearerOf = ({ headers }: FastifyRequest): string | null =>
  headers.authorization !== undefined && /^bearer /i.test(headers.authorization) ? headers.authorization.slice(7).trim() : null;

/** Looks keys up and remembers what came of it for some seconds (`keyCacheMs`); valid ones apart, so that guesses do not drive them out. */
const createOwners = ({ find, nowMs }: Pick<AccessDependencies, 'find' | 'nowMs'>) => {
  const owners = new LRUCache<string, KeyOwner>({ max: limits.keysMax, ttl: limits.keyCacheMs });
  const unknown = new LRUCache<string, true>({ max: limits.unknownKeysMax, ttl: limits.keyCacheMs });
  /** Hashes of keys that were valid once. */
  const seen = new LRUCache<string, true>({ max: limits.keysMax });

  /** @param beforeLookUp asked before a look into the database; may throw */
  return async (cacheKey: string, hashOf: () => Buffer | null, beforeLookUp: (isSeen: boolean) => void): Promise<KeyOwner | null> => {
    let owner = owners.get(cacheKey) ?? null;
    if (owner === null) {
      if (unknown.get(cacheKey) === true) return null;
      const hash = hashOf();
      if (hash === null) return null;
      const name = hash.toString('base64');
      beforeLookUp(seen.has(name));
      // From the question on: it may be revoked while the answer is on its way.
      const start = performance.now();
      owner = await find(hash);
      if (owner === null) unknown.set(cacheKey, true, { start });
      else {
        owners.set(cacheKey, owner, { start });
        seen.set(name, true);
      }
    }
    return owner !== null && owner.expiresAtMs !== null && owner.expiresAtMs <= nowMs() ? null : owner;
  };
};

export const createAccess = (dependencies: AccessDependencies): Access => {
  const { sessionOf, onUsed, signIns = uncountedSignIns } = dependencies;
  const lookUp = createOwners(dependencies);
  const ownerOfHash: Access['ownerOfHash'] = (hash) =>
    lookUp(
      `session ${hash.toString('hex')}`,
      () => hash,
      () => undefined,
    );
  const signIn: Access['signIn'] = async (key, address) => {
    const owner = await lookUp(
      key,
      () => (readApiKey(key) === null ? null : hashApiKey(key)),
      (isSeen) => signIns.beforeLookUp(address, isSeen),
    );
    if (owner !== null) return owner;
    await signIns.failed(address);
    throw problem('unauthorized', 'this key is not known, or no longer valid', askForKey);
  };

  /** By the header, or else by the session, which then has to show that the request is the console's. */
  const identify = async (request: FastifyRequest): Promise<KeyOwner> => {
    const key = bearerOf(request);
    if (key !== null) return signIn(key, request.ip);
    const session = sessionOf(request);
    if (session === null) throw problem('unauthorized', 'send Authorization: Bearer <key>', askForKey);
    const owner = await ownerOfHash(session.keyHash);
    if (owner === null) throw problem('unauthorized', 'this key is not known, or no longer valid', askForKey);
    requireSameOrigin(request, session);
    return owner;
  };
  return {
    signIn,
    ownerOfHash,
    require: async (request, permission) => {
      const owner = await identify(request);
      onUsed(owner.keyId);
      if (unboundOnly.has(permission) && owner.tenant !== null)
        throw problem('forbidden', 'a key that is bound to a tenant may not do this');
      if (!mayDo(owner, permission)) throw problem('forbidden', `a key of role ${owner.role} may not do this`);
      return owner;
    },
  };
};

/**
 * The one place where keys are asked for: before a body is read, each route's `config.permission` is required of the key, whose owner the handler
 * finds as `request.owner`. A route that does not say who may call it cannot be registered. What is no publishing counts as a request of the key;
 * events are counted by their routes. From there on the request is in the key's reach, and statements for the second wall see no more than that.
 */
export const registerAccess = (app: FastifyInstance, access: Pick<Access, 'require'>, requests: Quota | null = null): void => {
  app.decorateRequest('owner');
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.permission === undefined) throw new Error(`${method} ${url} does not say who may call it`);
  });
  app.addHook('onRequest', async (request) => {
    const permission = request.is404 ? 'public' : request.routeOptions.config.permission;
    if (permission === 'public') return;
    request.owner = await access.require(request, permission);
    if (requests !== null && permission !== 'publish') await requests.take(request.owner.keyId, 1);
  });
  // Not before: while a body is read, what goes on belongs to the connection and not to the request.
  app.addHook('preValidation', (request, _reply, done) => (request.owner === undefined ? done() : inReach(reachOf(request.owner), done)));
};
