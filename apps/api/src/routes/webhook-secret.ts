// POST /v1/webhooks/{id}/rotate-secret.
import { randomBytes } from 'node:crypto';
import {
  type FieldError,
  isSameSecret,
  isSecret,
  newSecret,
  newSecretBytes,
  problem,
  rotatedSecret,
  rotationRandomBytes,
} from '@posthorn/core';
import { rotateSigningSecret, type SigningSecret } from '@posthorn/db';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import { webhookPath } from '../schemas/parameters.js';
import { rotateBody } from '../schemas/webhook-version.js';
import { sealSecret } from '../webhook-secrets.js';
import { idOf } from './deliveries.js';
import { authorOf, shownSecrets, type WebhookDependencies } from './own-webhook.js';

const overlapDefaultS = 86_400;
/** Secrets that sign beside the present one; each makes every request larger. */
const previousSecretsMax = 5;

type RotateBody = Type.Static<typeof rotateBody> | undefined;

const refuseSecret = (code: 'conflict' | 'invalid_field', message: string): never => {
  const error: FieldError = { pointer: '/secret', code, message };
  throw problem(code, message, { errors: [error] });
};

/** The secret to come; throws `conflict`. */
const nextSecret = ([current, ...previous]: readonly SigningSecret[], given: string | undefined, overlapS: number): string => {
  if (given !== undefined && current !== undefined && isSameSecret(given, current.secret))
    return refuseSecret('conflict', 'this is the present secret');
  const next =
    given ??
    (current === undefined ? newSecret(randomBytes(newSecretBytes)) : rotatedSecret(current.secret, randomBytes(rotationRandomBytes)));
  const staying = previous.filter(({ secret }) => !isSameSecret(secret, next)).length + 1;
  if (overlapS > 0 && staying > previousSecretsMax)
    throw problem(
      'conflict',
      `${previous.length} earlier secrets sign still; wait for one of them to expire, or end them with overlap_s 0`,
    );
  return next;
};

const schema = {
  operationId: 'rotateWebhookSecret',
  tags: ['Webhooks'],
  summary: 'Rotate the secret of a webhook',
  description:
    'The new secret has the form of the present one, which signs as well for `overlap_s` seconds. At most five earlier ones sign at a time.',
  params: webhookPath,
  body: rotateBody,
  response: { 200: Type.Ref('WebhookSecrets') },
};

/** POST /v1/webhooks/{id}/rotate-secret. */
export const webhookSecretRoute = (dependencies: WebhookDependencies) => async (app: FastifyInstance) => {
  const { db, secretBox, sealing } = dependencies;

  app.post(
    '/v1/webhooks/:id/rotate-secret',
    { config: { permission: 'edit_webhooks' }, schema },
    async (request: FastifyRequest<{ Body: RotateBody }>) => {
      const { owner, body, params } = request;
      const { secret: given, overlap_s: overlapS = overlapDefaultS } = body ?? {};
      if (given !== undefined && !isSecret(given))
        refuseSecret('invalid_field', 'secret must be whsec_ and base64 of 24 to 64 bytes, or 16 to 128 visible ASCII characters');
      const webhookId = idOf(params);
      const reach = { ...reachOf(owner), webhookId };
      const signing = await sealing(() =>
        rotateSigningSecret(db, secretBox, reach, authorOf(owner), overlapS, (present) => {
          const secret = nextSecret(present, given, overlapS);
          return { secret, sealed: sealSecret(dependencies, webhookId, 'signing', secret) };
        }),
      );
      if (signing === undefined) throw problem('not_found');
      return shownSecrets(signing);
    },
  );
};
