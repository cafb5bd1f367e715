// Who comes in: a key's owner, its role, and what that role may do. What is not yours is 404; what your role may not do is 403.
import { hashApiKey, type ProblemCode, problem, readApiKey } from '@posthorn/core';
import type { KeyOwner, Reach, Role } from '@posthorn/db';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { requireSameOrigin } from './console/same-origin.js';
import type { Session } from './console/sessions.js';
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
  /** The owner of a key; null: not known, or no longer valid. */
  readonly ownerOf: (key: string) => Promise<KeyOwner | null>;
  /** The same by the key's SHA-256. */
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
  /** Looks a key up by its SHA-256; answers are kept for 5 s, so a revoked key works no longer than that. */
  readonly find: (keyHash: Buffer) => Promise<KeyOwner | null>;
  /** The console's session of a request; null: it has none. */
  readonly sessionOf: (request: FastifyRequest) => Session | null;
  /** Unix milliseconds, for keys that expire. */
  readonly nowMs: () => number;
  /** Told of every request with a valid key. */
  readonly onUsed: (keyId: string) => void;
};

const askForKey = { headers: { 'www-authenticate': 'Bearer' } };

/** The key of an `Authorization: Bearer` header. Another scheme is not ours: a proxy in front may ask for a password of its own. */
const bearerOf = ({ headers }: FastifyRequest): string | null =>
  headers.authorization !== undefined && /^bearer /i.test(headers.authorization) ? headers.authorization.slice(7).trim() : null;

export const createAccess = ({ find, sessionOf, nowMs, onUsed }: AccessDependencies): Access => {
  const owners = new LRUCache<string, { readonly owner: KeyOwner | null }>({ max: limits.keysMax, ttl: limits.keyCacheMs });
  const lookUp = async (cacheKey: string, hashOf: () => Buffer | null): Promise<KeyOwner | null> => {
    const known = owners.get(cacheKey);
    const hash = known === undefined ? hashOf() : null;
    const owner = known === undefined ? hash && (await find(hash)) : known.owner;
    if (known === undefined) owners.set(cacheKey, { owner });
    return owner !== null && owner.expiresAtMs !== null && owner.expiresAtMs <= nowMs() ? null : owner;
  };
  const ownerOf: Access['ownerOf'] = (key) => lookUp(key, () => (readApiKey(key) === null ? null : hashApiKey(key)));
  const ownerOfHash: Access['ownerOfHash'] = (hash) => lookUp(`session ${hash.toString('hex')}`, () => hash);

  /** By the header, or else by the session, which then has to show that the request is the console's. */
  const identify = async (request: FastifyRequest): Promise<KeyOwner> => {
    const key = bearerOf(request);
    const session = key === null ? sessionOf(request) : null;
    if (key === null && session === null) throw problem('unauthorized', 'send Authorization: Bearer <key>', askForKey);
    const owner = session === null ? await ownerOf(key ?? '') : await ownerOfHash(session.keyHash);
    if (owner === null) throw problem('unauthorized', 'this key is not known, or no longer valid', askForKey);
    if (session !== null) requireSameOrigin(request, session);
    return owner;
  };
  return {
    ownerOf,
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
 * finds as `request.owner`. A route that does not say who may call it cannot be registered.
 */
export const registerAccess = (app: FastifyInstance, access: Pick<Access, 'require'>): void => {
  app.decorateRequest('owner');
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.permission === undefined) throw new Error(`${method} ${url} does not say who may call it`);
  });
  app.addHook('onRequest', async (request) => {
    const permission = request.is404 ? 'public' : request.routeOptions.config.permission;
    if (permission !== 'public') request.owner = await access.require(request, permission);
  });
};
