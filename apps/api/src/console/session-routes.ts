// Signing in to the console: POST, GET and DELETE /console/session. Not in the OpenAPI document, since it is the console's own.
import { hashApiKey, problem } from '@posthorn/core';
import { type Database, findEnvironment, type KeyOwner } from '@posthorn/db';
import type { FastifyContextConfig, FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { type Access, permissionsOf } from '../access.js';
import { refuseOtherSites, requireSameOrigin } from './same-origin.js';
import type { Session, Sessions } from './sessions.js';

export type SessionDependencies = {
  readonly access: Access;
  readonly sessions: Sessions;
  readonly db: Database;
};

const path = '/console/session';
const body = Type.Object({ key: Type.String({ maxLength: 512 }) }, { additionalProperties: false });

/** The key of a session is asked for by the routes themselves: whoever has none is to be told so, and `DELETE` works without one. */
export const sessionRoutes =
  ({ access, sessions, db }: SessionDependencies) =>
  async (app: FastifyInstance) => {
    const config: FastifyContextConfig = { permission: 'public' };
    const answer = async (owner: KeyOwner, { csrf }: Session) => {
      const environment = await findEnvironment(db, owner.environmentId);
      return {
        key_id: owner.keyId,
        role: owner.role,
        tenant: owner.tenant?.key ?? null,
        environment: { id: owner.environmentId, name: environment?.name ?? '', mode: owner.mode },
        permissions: permissionsOf(owner),
        csrf,
      };
    };
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('cache-control', 'no-store');
    });

    app.post<{ Body: { key: string } }>(path, { config, schema: { hide: true, body } }, async (request, reply) => {
      refuseOtherSites(request);
      const key = request.body.key.trim();
      const owner = await access.signIn(key, request.ip);
      const { session, cookie } = sessions.begin(hashApiKey(key));
      reply.header('set-cookie', cookie);
      return answer(owner, session);
    });

    app.get(path, { config, schema: { hide: true } }, async (request, reply) => {
      const session = sessions.read(request);
      if (session === null) throw problem('unauthorized', 'there is no session, or it is over');
      requireSameOrigin(request, session);
      const owner = await access.ownerOfHash(session.keyHash);
      if (owner === null) {
        reply.header('set-cookie', sessions.endCookie);
        throw problem('unauthorized', 'the key of this session is no longer valid');
      }
      return answer(owner, session);
    });

    app.delete(path, { config, schema: { hide: true } }, async (request, reply) => {
      const session = sessions.read(request);
      if (session !== null) requireSameOrigin(request, session);
      return reply.code(204).header('set-cookie', sessions.endCookie).send();
    });
  };
