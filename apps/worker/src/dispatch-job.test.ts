import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { reasonCodes, storedStatusCodes } from '@posthorn/core';
import type { DeliverableWebhook, DeliveryRecord, FinishedDispatch, LoadedEvent } from '@posthorn/db';
import { defer, fakeTime, newEvent, newRecord, newRoom, storedWebhook } from '../tests/fixtures.js';
import type { Attempted } from './attempt.js';
import { createClaims } from './claims.js';
import type { InlineDelivery } from './deliver-inline.js';
import { type DispatchDependencies, handleDispatch } from './dispatch-job.js';
import type { Closed } from './gates.js';
import { limits } from './limits.js';
import { createTenantIndexes } from './tenant-index.js';

beforeEach(() => {
  jest.useFakeTimers(fakeTime);
});
afterEach(() => {
  jest.useRealTimers();
});

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const succeed = async ({ event, webhook, n }: InlineDelivery): Promise<Attempted> =>
  newRecord({ eventId: event.id, webhookId: webhook.id, attempt: n });

type Scene = {
  readonly events: readonly LoadedEvent[];
  readonly webhooks: readonly DeliverableWebhook[];
  readonly existing?: readonly string[];
  readonly closed?: Closed;
  readonly closedFor?: (webhookId: string) => Closed;
  readonly fresh?: boolean;
  readonly attempt?: (delivery: InlineDelivery) => Promise<Attempted>;
  readonly renew?: () => Promise<ReadonlySet<string>>;
  readonly version?: number;
  /** When the tenant's webhooks are loaded. */
  readonly ready?: Promise<undefined>;
};

const open = (scene: Scene) => {
  const sent: InlineDelivery[] = [];
  const records: DeliveryRecord[] = [];
  const finished: FinishedDispatch[] = [];
  const split: FinishedDispatch[] = [];
  const aside: FinishedDispatch[] = [];
  const asked: string[] = [];
  const room = newRoom();
  const id = randomUUID();
  const hold = createClaims({ renew: scene.renew ?? (async () => new Set([id])), onError: () => undefined });
  const gate = { closed: scene.closed ?? null, fresh: scene.fresh ?? true };
  let loads = 0;
  const tenants = createTenantIndexes({
    load: async () => {
      loads += 1;
      await scene.ready;
      return { version: scene.version ?? 1, webhooks: scene.webhooks };
    },
    onLoaded: async () => undefined,
    webhooksMax: 2_000,
    onKept: () => undefined,
  });
  const dependencies: DispatchDependencies = {
    claim: async () => scene.events,
    existing: async (_, eventIds) => {
      asked.push(...eventIds);
      return new Set(scene.existing ?? []);
    },
    tenants,
    gate: { closedFor: (id) => scene.closedFor?.(id) ?? gate.closed, epochOf: () => 5, mayBegin: () => gate.fresh },
    inline: {
      ...room,
      attempt: (delivery) => {
        sent.push(delivery);
        return (scene.attempt ?? succeed)(delivery);
      },
      record: (record) => records.push(record),
      onParked: () => undefined,
    },
    hold,
    finish: async (dispatch) => {
      finished.push(dispatch);
    },
    split: async (dispatch) => {
      split.push(dispatch);
    },
    setAside: async (dispatch) => {
      aside.push(dispatch);
    },
    onEnded: () => undefined,
  };
  const handle = (claim = 0) => handleDispatch({ id, claim, firstEventId: 'a', lastEventId: 'b' }, dependencies);
  return { id, handle, sent, records, finished, split, aside, asked, loads: () => loads, stop: hold.stop, room, gate };
};

const waiting = { isNew: true, attempt: 0, status: storedStatusCodes.waiting, out: false, dueInMs: 0, sent: null };

describe('a dispatch', () => {
  it('is delivered to every webhook that matches, and finished under its claim', async () => {
    const [all, orders, users] = [storedWebhook(), storedWebhook({ eventTypes: ['order.*'] }), storedWebhook({ eventTypes: ['user.*'] })];
    const events = [newEvent(), newEvent({ eventType: 'user.made' })];
    const one = open({ events, webhooks: [all, orders, users] });
    expect(await one.handle()).toBe(4);
    const pairs = [
      `${events[0]?.id} ${all.id}`,
      `${events[0]?.id} ${orders.id}`,
      `${events[1]?.id} ${all.id}`,
      `${events[1]?.id} ${users.id}`,
    ];
    expect(one.sent.map(({ event, webhook }) => `${event.id} ${webhook.id}`).sort()).toEqual([...pairs].sort());
    expect(one.records.map((record) => `${record.eventId} ${record.webhookId}`).sort()).toEqual([...pairs].sort());
    expect(one.sent.every(({ n, epoch }) => n === 1 && epoch === 5)).toBe(true);
    expect([one.finished, one.asked, one.loads()]).toEqual([[{ id: one.id, claim: 1 }], [], 1]);
    one.stop();
  });

  it('that is done or somebody else’s is left alone', async () => {
    const one = open({ events: [], webhooks: [storedWebhook()] });
    expect(await one.handle()).toBeNull();
    expect([one.records, one.finished, one.loads()]).toEqual([[], [], 0]);
    one.stop();
  });

  it('that matches nothing is finished all the same', async () => {
    const one = open({ events: [newEvent()], webhooks: [storedWebhook({ eventTypes: ['user.*'] })] });
    expect(await one.handle()).toBe(0);
    expect([one.records, one.finished]).toEqual([[], [{ id: one.id, claim: 1 }]]);
    one.stop();
  });

  it('leaves out webhooks that were made after its events were accepted, and takes those made in the same moment', async () => {
    const event = newEvent({ acceptedAtMs: 1_000 });
    const [same, later] = [storedWebhook({ createdAtMs: 1_000 }), storedWebhook({ createdAtMs: 1_000.001 })];
    const one = open({ events: [event], webhooks: [same, later] });
    await one.handle();
    expect(one.sent.map(({ webhook }) => webhook.id)).toEqual([same.id]);
    one.stop();
  });

  it('leaves out what an earlier claim has recorded, and only that', async () => {
    const [a, b] = [storedWebhook(), storedWebhook()];
    const [first, second] = [newEvent(), newEvent()];
    const one = open({ events: [first, second], webhooks: [a, b], existing: [`${first.id} ${a.id}`, `${second.id} ${b.id}`] });
    await one.handle(1);
    expect(one.asked).toEqual([first.id, second.id]);
    expect(one.sent.map(({ event, webhook, n }) => [event.id, webhook.id, n])).toEqual([
      [first.id, b.id, 2],
      [second.id, a.id, 2],
    ]);
    expect(one.finished).toEqual([{ id: one.id, claim: 2 }]);
    one.stop();
  });

  it('is matched at the version that its events saw, or newer', async () => {
    const one = open({
      events: [newEvent({ webhooksVersion: 3 }), newEvent({ webhooksVersion: 2 })],
      webhooks: [storedWebhook()],
      version: 3,
    });
    await one.handle();
    expect([one.loads(), one.sent.length]).toEqual([1, 2]);
    one.stop();
  });

  it('goes to those whose project flows, context and filter want it, and to no others', async () => {
    const event = newEvent({
      projectFlows: ['f1', 'f2'],
      currentContext: '{"survey":"s1","tags":["a","b"]}',
      data: '{"total":12.5,"items":[{"sku":"x"},{"sku":"y"}]}',
    });
    const wanting = [
      storedWebhook(),
      storedWebhook({ projectFlows: ['f0', 'f2'] }),
      storedWebhook({ context: { survey: 's1', tags: ['b', 'c'] } }),
      storedWebhook({ filter: { data: { total: { $gt: 10 }, items: { sku: 'y' } } } }),
      storedWebhook({ eventTypes: ['order.*'], projectFlows: ['f1'], context: { survey: 's1' }, filter: { event_type: 'order.placed' } }),
    ];
    const others = [
      storedWebhook({ projectFlows: ['f3'] }),
      storedWebhook({ context: { survey: 's2' } }),
      storedWebhook({ filter: { data: { total: { $gt: 13 } } } }),
      storedWebhook({ eventTypes: ['user.*'], projectFlows: ['f1'] }),
      storedWebhook({ projectFlows: ['f1'], context: { survey: 's1' }, filter: { data: { items: { sku: 'z' } } } }),
    ];
    const one = open({ events: [event], webhooks: [...others, ...wanting] });
    expect(await one.handle()).toBe(wanting.length);
    expect(one.sent.map(({ webhook }) => webhook.id)).toEqual(wanting.map(({ id }) => id));
    // Those that do not want it have no delivery of it, not even a skipped one.
    expect(one.records.map((record) => record.webhookId)).toEqual(wanting.map(({ id }) => id));
    one.stop();
  });

  it('leaves out events whose payload was erased, and delivers the others', async () => {
    const [erased, event] = [newEvent({ erased: true, data: 'null' }), newEvent()];
    const one = open({ events: [erased, event], webhooks: [storedWebhook()] });
    expect(await one.handle()).toBe(1);
    expect(one.records.map((record) => record.eventId)).toEqual([event.id]);
    const nothing = open({ events: [erased], webhooks: [storedWebhook()] });
    expect(await nothing.handle()).toBe(0);
    expect([nothing.records, nothing.loads(), nothing.finished.length]).toEqual([[], 0, 1]);
    one.stop();
    nothing.stop();
  });

  it('records what is for a disabled webhook as skipped, with the reason', async () => {
    const [disabled, other] = [storedWebhook(), storedWebhook()];
    const one = open({
      events: [newEvent()],
      webhooks: [disabled, other],
      closedFor: (id) => (id === disabled.id ? 'webhook_disabled' : null),
    });
    await one.handle();
    expect(one.sent.map(({ webhook }) => webhook.id)).toEqual([other.id]);
    expect(one.records.find((record) => record.webhookId === disabled.id)).toMatchObject({
      ...waiting,
      status: storedStatusCodes.skipped,
      reason: reasonCodes.webhook_disabled,
      dueInMs: null,
      shape: disabled.version,
      epoch: 5,
    });
    one.stop();
  });

  it.each<Closed>(['circuit_open', 'webhook_paused', 'rate_limited', 'in_flight_limit'])(
    'records what is for a closed gate (%s) as waiting',
    async (closed) => {
      const one = open({ events: [newEvent()], webhooks: [storedWebhook()], closed });
      await one.handle();
      expect([one.sent, one.finished.length]).toEqual([[], 1]);
      expect(one.records).toEqual([expect.objectContaining({ ...waiting, epoch: 5 })]);
      one.stop();
    },
  );

  it('leaves a rate-limited webhook to the scheduler, however idle it is', async () => {
    const limited = storedWebhook({ rateLimited: true });
    const one = open({ events: [newEvent(), newEvent()], webhooks: [limited, storedWebhook()] });
    await one.handle();
    expect([one.sent.length, one.sent.some(({ webhook }) => webhook.id === limited.id)]).toEqual([2, false]);
    expect(one.records.filter((record) => record.webhookId === limited.id)).toEqual(Array(2).fill(expect.objectContaining(waiting)));
    one.stop();
  });

  it('records what is for a slow webhook as waiting', async () => {
    const slow = storedWebhook();
    const one = open({ events: [newEvent()], webhooks: [slow, storedWebhook()] });
    one.room.slots.markSlow(slow.id);
    await one.handle();
    expect(one.sent).toHaveLength(1);
    expect(one.records.find((record) => record.webhookId === slow.id)).toMatchObject(waiting);
    one.stop();
  });

  it('records everything as waiting while the gates are stale', async () => {
    const one = open({ events: [newEvent()], webhooks: [storedWebhook(), storedWebhook()], fresh: false });
    await one.handle();
    expect([one.sent.length, one.finished.length]).toEqual([0, 1]);
    expect(one.records).toEqual(Array(2).fill(expect.objectContaining(waiting)));
    one.stop();
  });

  it('makes at most 1,000 deliveries inline; those beyond wait for the scheduler', async () => {
    const webhooks = Array.from({ length: limits.inlineDeliveriesMax + 5 }, () => storedWebhook());
    const one = open({ events: [newEvent()], webhooks });
    expect(await one.handle()).toBe(1_005);
    expect([one.sent.length, one.records.length]).toEqual([1_000, 1_005]);
    expect(one.records.filter((record) => record.attempt === 0)).toEqual(Array(5).fill(expect.objectContaining(waiting)));
    one.stop();
  });

  it('is done when its slow requests have left it, and says nothing before', async () => {
    const answer = defer<Attempted>();
    const one = open({ events: [newEvent()], webhooks: [storedWebhook()], attempt: () => answer.promise });
    const handled = one.handle();
    await pass(limits.parkAfterMs - 1);
    expect(one.finished).toEqual([]);
    await pass(30);
    expect(await handled).toBe(1);
    expect([one.finished.length, one.records.length]).toEqual([1, 1]);
    one.stop();
  });
});

describe('an inline delivery of a dispatch', () => {
  /** One that has begun, and ends when the test says so. */
  const begin = async () => {
    const answer = defer<Attempted>();
    const one = open({ events: [newEvent()], webhooks: [storedWebhook()], attempt: () => answer.promise });
    const handled = one.handle();
    await pass(0);
    const mayWrite = () => one.sent[0]?.mayWrite();
    const end = async () => {
      answer.resolve(null);
      await handled;
      one.stop();
    };
    return { ...one, mayWrite, end };
  };

  it.each<[Closed, boolean]>([
    ['webhook_disabled', false],
    ['webhook_paused', false],
    ['circuit_open', false],
    ['rate_limited', false],
    ['in_flight_limit', true],
  ])('whose webhook is closed (%s) while it waits for a connection may be written: %j', async (closed, may) => {
    const { mayWrite, gate, end, records } = await begin();
    expect(mayWrite()).toBe(true);
    gate.closed = closed;
    expect(mayWrite()).toBe(may);
    await end();
    expect(records).toEqual([expect.objectContaining(waiting)]);
  });

  it('is not written while the gates are stale', async () => {
    const { mayWrite, gate, end, records } = await begin();
    gate.fresh = false;
    expect(mayWrite()).toBe(false);
    await end();
    expect(records).toEqual([expect.objectContaining(waiting)]);
  });

  it('is not written once its claim is over, and then it is not recorded either', async () => {
    const { mayWrite, end, records, finished } = await begin();
    // The process was frozen: time has passed, and no timer has run.
    const frozenUntil = performance.now() + limits.claimLeaseMs;
    const now = jest.spyOn(performance, 'now').mockImplementation(() => frozenUntil);
    try {
      expect(mayWrite()).toBe(false);
      await end();
      expect([records, finished]).toEqual([[], []]);
    } finally {
      now.mockRestore();
    }
  });

  it('that was parked is not written either once the claim is over, and is given back', async () => {
    const { mayWrite, end, records, finished } = await begin();
    await pass(limits.claimLeaseMs - 1);
    expect([mayWrite(), records.length, finished.length]).toEqual([true, 1, 1]);
    await pass(1);
    expect(mayWrite()).toBe(false);
    await end();
    await pass(0);
    expect(records[1]).toMatchObject({ isNew: false, attempt: 1, status: storedStatusCodes.waiting, dueInMs: 0, out: false });
  });
});

describe('a claim', () => {
  it.each([
    ['was found lost when it was renewed', async () => new Set<string>(), limits.claimRenewMs],
    ['could not be renewed in time', () => new Promise<never>(() => undefined), limits.claimLeaseMs],
  ])('that %s begins nothing, records nothing and finishes nothing', async (_, renew, afterMs) => {
    const ready = defer<undefined>();
    const one = open({ events: [newEvent()], webhooks: [storedWebhook(), storedWebhook({ maxInFlight: 1 })], renew, ready: ready.promise });
    const handled = one.handle();
    await pass(afterMs);
    ready.resolve(undefined);
    await handled;
    expect([one.sent, one.records, one.finished]).toEqual([[], [], []]);
    one.stop();
  });

  it('is given up when the handler breaks, so nobody renews it', async () => {
    let renewed = 0;
    const one = open({
      events: [newEvent()],
      webhooks: [storedWebhook()],
      attempt: async () => {
        throw new Error('ours');
      },
      renew: async () => {
        renewed += 1;
        return new Set();
      },
    });
    await expect(one.handle()).rejects.toThrow('ours');
    await pass(3 * limits.claimRenewMs);
    expect([renewed, one.finished]).toEqual([0, []]);
    one.stop();
  });

  it('after three that died splits its dispatch, and after five sets a single event aside', async () => {
    const two = open({ events: [newEvent(), newEvent()], webhooks: [storedWebhook()] });
    await two.handle(limits.claimsBeforeSplit - 2);
    expect([two.split, two.sent.length]).toEqual([[], 2]);
    expect(await two.handle(limits.claimsBeforeSplit - 1)).toBeNull();
    expect([two.split, two.sent.length, two.finished.length]).toEqual([[{ id: two.id, claim: limits.claimsBeforeSplit }], 2, 1]);
    const single = open({ events: [newEvent()], webhooks: [storedWebhook()] });
    await single.handle(limits.claimsBeforeSetAside - 2);
    expect([single.aside, single.split, single.sent.length]).toEqual([[], [], 1]);
    expect(await single.handle(limits.claimsBeforeSetAside - 1)).toBeNull();
    expect([single.aside, single.sent.length]).toEqual([[{ id: single.id, claim: limits.claimsBeforeSetAside }], 1]);
    two.stop();
    single.stop();
  });
});
