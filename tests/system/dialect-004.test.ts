// Whoever comes from the system of seed 004 finds all of it: its 22 event types, its bodies, and receivers that verify its header, through the whole
// product.
import { describe, expect, it } from '@jest/globals';
import { useProductAndReceiver } from './support/product.js';
import { arrivedAt, publishAll, rotateBetween, untilArrived, verifiesFlat, verifiesStandard } from './support/receivers.js';
import { call, untilKnown } from './support/webhooks.js';

const world = useProductAndReceiver();

/** As they stand in the document. */
const eventTypes = `
  sync_job_run:created sync_job_run:updated sync_job_run:started sync_job_run:completed sync_job_run:failed sync_job_run:record
  integrated_account:created integrated_account:updated integrated_account:active integrated_account:reactivated
  integrated_account:authentication_error integrated_account:post_install_error integrated_account:validation_error
  integrated_account:post_connect_form_submitted
  record:created record:updated record:deleted sync_job_cron_trigger:failed
  batch_job:dry_run_completed batch_job:completed batch_job:dry_run_failed batch_job:failed`
  .trim()
  .split(/\s+/);
/** The one of the document, which its webhooks may bring along. */
const secretOfDocument = 'd5fac1cb-1820-4da7-bfd8-a6b758bcf8ff';
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const make = (path: string, members: Readonly<Record<string, unknown>> = {}) =>
  call(world.product, 'POST', '/webhook?', { target_url: world.receiver.url(path), ...members });
const remove = (id: string) => call(world.product, 'DELETE', `/webhook/${id}?`);
const arrived = (path: string, ids: readonly string[]) => arrivedAt(world.receiver.received, path, ids);

describe('the event types of the document', () => {
  it('are each delivered to those that name it, and to those that name none', async () => {
    expect(new Set(eventTypes).size).toBe(22);
    const made = [await make('/absent'), await make('/empty', { event_types: [] }), await make('/off', { is_active: false })];
    for (const type of eventTypes) made.push(await make(`/one/${type}`, { event_types: [type] }));
    made.push(await make('/pair', { event_types: ['integrated_account:created', 'integrated_account:updated'] }));
    made.push(await make('/records', { event_types: ['record:*'] }));
    const types = [...eventTypes, 'record', 'record:created:twice', 'sync_job_run', 'order.placed'];
    const ids = await publishAll(
      world.product,
      types.map((event_type) => ({ event_type })),
    );
    const typesAt = (path: string) => arrived(path, ids).map((place) => types[place]);
    expect([typesAt('/absent'), typesAt('/empty'), typesAt('/off')]).toEqual([types, types, []]);
    for (const type of eventTypes) expect(typesAt(`/one/${type}`)).toEqual([type]);
    expect(typesAt('/pair')).toEqual(['integrated_account:created', 'integrated_account:updated']);
    expect(typesAt('/records')).toEqual(['record:created', 'record:updated', 'record:deleted', 'record:created:twice']);
    for (const { id } of made) await remove(id);
  }, 40_000);

  it('are delivered as the webhook is after a change, and not after its deletion', async () => {
    const { id } = await make('/changing', { event_types: ['record:created'] });
    const typesAfter = async (changes: object) => {
      await call(world.product, 'PATCH', `/webhook/${id}?`, changes);
      if ('is_active' in changes) await untilKnown(world.product, id);
      const ids = await publishAll(world.product, [{ event_type: 'record:created' }, { event_type: 'record:updated' }]);
      return arrived('/changing', ids);
    };
    expect(await typesAfter({})).toEqual([0]);
    expect(await typesAfter({ event_types: ['record:updated'] })).toEqual([1]);
    expect(await typesAfter({ is_active: false })).toEqual([]);
    expect(await typesAfter({ is_active: true, event_types: [] })).toEqual([0, 1]);
    await remove(id);
    const ids = await publishAll(world.product, [{ event_type: 'record:created' }]);
    expect(arrived('/changing', ids)).toEqual([]);
  });
});

describe('a receiver', () => {
  it('gets the payload with what it is about around it', async () => {
    const { id: webhookId, environment_id } = await make('/body', { event_types: ['record:created'] });
    const id = await world.product.api.publish(
      '{"event_type":"record:created","current_context":{"a":1},"data":{"n":1.0,"b":[],"a":null}}',
    );
    const one = await untilArrived(world.receiver.received, '/body', id);
    const { accepted_at } = await call(world.product, 'GET', `/v1/events/${id}`);
    expect(one.body.toString()).toBe(
      `{"id":"${id}","event":"record:created","payload":{"n":1.0,"b":[],"a":null},"environment_id":"${environment_id}","webhook_id":"${webhookId}","created_at":"${accepted_at}"}`,
    );
    expect(one.headers['content-type']).toBe('application/json');
    await remove(webhookId);
  });

  it.each([
    ['made here', undefined],
    ['brought along as the one of the document', secretOfDocument],
    ['brought along as another text', 'a_secret_from_another_system'],
  ])('verifies with a secret that was %s, before and after a rotation', async (what, given) => {
    const path = `/rotated/${what.replaceAll(' ', '-')}`;
    const { id, secret } = await make(path, { event_types: ['record:updated'], ...(given !== undefined && { secret: given }) });
    if (given === undefined) expect(secret).toMatch(uuid);
    else expect(secret).toBe(given);
    const rotation = { product: world.product, received: world.receiver.received, path, id, event: { event_type: 'record:updated' } };
    const seen = await rotateBetween({ ...rotation, verifies: verifiesFlat });
    expect(seen.secrets.before).toBe(secret);
    // Its header has one value, which is signed with the present secret.
    expect(seen.verified).toEqual({ before: true, after: true, oldAfter: false });
    if (uuid.test(secret)) expect(seen.secrets.after).toMatch(uuid);
    const again = await rotateBetween({ ...rotation, verifies: verifiesStandard });
    expect(again.verified).toEqual({ before: true, after: true, oldAfter: true });
    await remove(id);
  });

  it('verifies a test too, and is not told that it failed if it takes it', async () => {
    const { id, secret } = await make('/tested');
    expect(await call(world.product, 'POST', '//webhook/test', { id })).toEqual({ success: true });
    const one = world.receiver.received.find(({ path }) => path === '/tested');
    if (one === undefined) throw new Error('nothing came');
    expect([verifiesFlat(one, secret), JSON.parse(one.body.toString()).webhook_id]).toEqual([true, id]);
    await remove(id);
  });
});
