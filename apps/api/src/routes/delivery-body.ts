// The body of a delivery: what each of its attempts sends, byte for byte.
import { buildBody, contentTypeOf, problem } from '@posthorn/core';
import { findDelivery, readSentBody } from '@posthorn/db';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import { deliveryPath } from '../schemas/parameters.js';
import { deliveryKeyOf, type ReadDependencies } from './deliveries.js';

const schema = {
  operationId: 'getDeliveryBody',
  tags: ['Deliveries'],
  summary: 'Read the body of a delivery',
  description: 'What each of its attempts sends: made of its event, in the shape that the webhook had when the delivery was made.',
  params: deliveryPath,
  response: { 200: Type.Ref('DeliveryBody') },
};

/** GET /v1/deliveries/{id}/body. */
export const deliveryBodyRoute =
  ({ db }: ReadDependencies) =>
  async (app: FastifyInstance) => {
    app.get('/v1/deliveries/:id/body', { config: { permission: 'read_deliveries' }, schema }, async (request) => {
      const key = deliveryKeyOf(request.params);
      if ((await findDelivery(db, reachOf(request.owner), key)) === undefined) throw problem('not_found');
      const sent = await readSentBody(db, key);
      if (sent === null) return { content_type: null, body: null };
      const { event, payloadFormat, includeResources } = sent;
      return {
        content_type: contentTypeOf(payloadFormat),
        body: buildBody(payloadFormat, event, { includeResources, webhookId: key.webhookId }),
      };
    });
  };
