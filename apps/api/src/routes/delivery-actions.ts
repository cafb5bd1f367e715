// One delivery: reading it, making it go out again, cancelling it; and erasing an event with all that went out of it.
import { problem, storedStatusCodes } from '@posthorn/core';
import {
  type AuditEntry,
  cancelDelivery,
  type DeliveryFacts,
  eraseEvent,
  findDelivery,
  findEvent,
  insertAuditEntry,
  type KeyOwner,
  openDeliveries,
} from '@posthorn/db';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { reachOf } from '../access.js';
import { nothing } from '../schemas/fields.js';
import { deliveryPath, eventPath } from '../schemas/parameters.js';
import { deliveryKeyOf, deliveryObject, idOf } from './deliveries.js';
import type { WebhookDependencies } from './own-webhook.js';

export type DeliveryActionDependencies = Pick<WebhookDependencies, 'pool' | 'db' | 'newId' | 'slot' | 'tell'>;

type Key = ReturnType<typeof deliveryKeyOf>;

const deliveryWithAttempts = ({ delivery, attempts }: DeliveryFacts) => ({ ...deliveryObject(delivery), attempts });

/** Throws what stands in the way of a retry, and names the route that helps. */
const checkRetry = ({ delivery, webhook, erased, givenUp }: DeliveryFacts): void => {
  const path = `/v1/webhooks/${delivery.webhook_id}`;
  if (erased) throw problem('conflict', 'the event is erased: there is nothing left to send');
  if (givenUp) throw problem('conflict', 'the event is older than is kept, and about to be dropped');
  if (webhook.deleted) throw problem('conflict', 'the webhook is deleted');
  if (webhook.disabled) throw problem('webhook_disabled', `the webhook is disabled; POST ${path}/enable first`);
  // What has ended may be opened now and is held like the others; of what is held, a retry would change nothing.
  if (delivery.status !== storedStatusCodes.waiting) return;
  if (webhook.paused) throw problem('webhook_paused', `the delivery is held: the webhook is paused; POST ${path}/resume`);
  if (!webhook.circuitClosed)
    throw problem(
      'circuit_open',
      `the delivery is held: the circuit is not closed; POST ${path}/reset-circuit, or wait for the next probe`,
    );
};

const one = { tags: ['Deliveries'], params: deliveryPath, response: { 200: Type.Ref('Delivery') } };
const reading = { operationId: 'getDelivery', summary: 'Read a delivery', ...one };
const retrying = {
  operationId: 'retryDelivery',
  summary: 'Retry a delivery',
  description: 'One that waits is due at once; one that has ended begins anew, with a fresh schedule and the same `webhook-id`.',
  ...one,
};
const cancelling = { operationId: 'cancelDelivery', summary: 'Cancel a delivery that waits', ...one };
const erasing = {
  operationId: 'eraseEvent',
  tags: ['Events'],
  summary: 'Erase an event and all that went out of it',
  params: eventPath,
  response: { 204: nothing('The event is erased.') },
};

/** GET /v1/deliveries/{id}, POST /v1/deliveries/{id}/{retry|cancel}, DELETE /v1/events/{id}. */
export const deliveryActionRoutes = (dependencies: DeliveryActionDependencies) => async (app: FastifyInstance) => {
  const { pool, db, newId, slot, tell } = dependencies;

  const findOwn = async (owner: KeyOwner, key: Key): Promise<DeliveryFacts> => {
    const facts = await findDelivery(db, reachOf(owner), key);
    if (facts === undefined) throw problem('not_found');
    return facts;
  };

  const requireOwn = async ({ owner, params }: FastifyRequest) => {
    const key = deliveryKeyOf(params);
    return { owner, key, facts: await findOwn(owner, key) };
  };

  const audit = (owner: KeyOwner, entry: Pick<AuditEntry, 'tenantId' | 'action' | 'subjectKind' | 'subjectId'>): Promise<void> =>
    insertAuditEntry(db, { ...entry, id: newId(), environmentId: owner.environmentId, actorKeyId: owner.keyId, actor: owner.role });

  /** Tells of what was done to a delivery by hand. */
  const tellOf = (owner: KeyOwner, { tenantId, delivery }: DeliveryFacts): void =>
    tell({
      kind: 'delivery',
      environment_id: owner.environmentId,
      tenant_id: tenantId,
      event_id: delivery.event_id,
      webhook_id: delivery.webhook_id,
      event_type: delivery.event_type,
      status: delivery.status,
      gated: delivery.gated,
      reason: delivery.reason,
    });

  app.get('/v1/deliveries/:id', { config: { permission: 'read_deliveries' }, schema: reading }, async (request) =>
    deliveryWithAttempts((await requireOwn(request)).facts),
  );

  app.post('/v1/deliveries/:id/retry', { config: { permission: 'operate_webhooks' }, schema: retrying }, async (request) => {
    const { owner, key, facts } = await requireOwn(request);
    checkRetry(facts);
    await audit(owner, {
      tenantId: facts.tenantId,
      action: 'delivery.retried',
      subjectKind: 'delivery',
      subjectId: `${key.eventId}.${key.webhookId}`,
    });
    const { refused } = await openDeliveries(pool, [{ ...key, shape: null }], { slot, replay: null });
    const after = await findOwn(owner, key);
    if (refused > 0) {
      // Something came in between.
      checkRetry(after);
      throw problem('conflict', 'the delivery cannot be opened again');
    }
    tellOf(owner, after);
    return deliveryWithAttempts(after);
  });

  app.post('/v1/deliveries/:id/cancel', { config: { permission: 'operate_webhooks' }, schema: cancelling }, async (request) => {
    const { owner, key, facts } = await requireOwn(request);
    await audit(owner, {
      tenantId: facts.tenantId,
      action: 'delivery.cancelled',
      subjectKind: 'delivery',
      subjectId: `${key.eventId}.${key.webhookId}`,
    });
    const cancelled = await cancelDelivery(pool, key.eventId, key.webhookId, slot);
    const after = await findOwn(owner, key);
    const shown = deliveryWithAttempts(after);
    if (!cancelled) throw problem('conflict', `the delivery has ended: it is ${shown.status}`);
    tellOf(owner, after);
    return shown;
  });

  app.delete('/v1/events/:id', { config: { permission: 'erase' }, schema: erasing }, async (request, reply) => {
    const { owner } = request;
    const id = idOf(request.params);
    if ((await findEvent(db, reachOf(owner), id)) === undefined) throw problem('not_found');
    await audit(owner, { tenantId: owner.tenant?.id ?? null, action: 'event.erased', subjectKind: 'event', subjectId: id });
    await eraseEvent(pool, reachOf(owner), id, slot);
    return reply.code(204).send();
  });
};
