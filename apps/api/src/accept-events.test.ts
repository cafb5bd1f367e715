import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type ParsedEvent, ProblemError } from '@posthorn/core';
import type { KeptEvent, PreparedEvent } from '@posthorn/db';
import { type Answer, acceptBatch, acceptEvent, prepareEvent } from './accept-events.js';
import { limits } from './limits.js';
import type { Accepted } from './micro-batcher.js';

const tenantId = randomUUID();
const parsed: ParsedEvent = {
  eventType: 'order.placed',
  tenant: null,
  sourceId: null,
  eventTimeMs: null,
  projectFlows: [],
  data: '1',
  currentContext: null,
  resources: null,
};
const prepared = (raw: string, key: string | null, tenant = tenantId): PreparedEvent =>
  prepareEvent(parsed, { environmentId: 'e', tenantId: tenant }, raw, key);
const hash = (raw: string) => createHash('sha256').update(raw).digest();

/** A store in which some keys are already kept; a key in `vanishing` is held by somebody who rolls back. */
const open = (kept: Readonly<Record<string, string>> = {}, vanishing: Readonly<Record<string, number>> = {}) => {
  const store = new Map<string, KeptEvent>(
    Object.entries(kept).map(([key, raw]) => [`${tenantId}/${key}`, { eventId: `first-of-${key}`, bodyHash: hash(raw) }]),
  );
  const left = new Map(Object.entries(vanishing));
  const batches: (readonly PreparedEvent[])[] = [];
  const asked: (readonly { tenantId: string; key: string }[])[] = [];
  let ids = 0;
  const acceptOne = (event: PreparedEvent): Accepted => {
    const times = left.get(event.key ?? '') ?? 0;
    if (times > 0) {
      left.set(event.key ?? '', times - 1);
      return { kind: 'kept' };
    }
    const place = `${event.tenantId}/${event.key}`;
    if (event.key !== null && store.has(place)) return { kind: 'kept' };
    const id = `id-${ids++}`;
    if (event.key !== null && event.bodyHash !== null) store.set(place, { eventId: id, bodyHash: event.bodyHash });
    return { kind: 'stored', id };
  };
  const acceptAll = async (events: readonly PreparedEvent[]) => {
    batches.push(events);
    return events.map(acceptOne);
  };
  const dependencies = {
    batcher: {
      accept: async (event: PreparedEvent) => ((await acceptAll([event]))[0] ?? { kind: 'kept' }) as Accepted,
      acceptAll,
      waiting: () => 0,
      drain: async () => undefined,
    },
    findKept: async (keys: readonly { tenantId: string; key: string }[]) => {
      asked.push(keys);
      return new Map(
        keys.flatMap((each) => {
          const place = `${each.tenantId}/${each.key}`;
          const found = store.get(place);
          return found === undefined ? [] : [[place, found] as const];
        }),
      );
    },
  };
  return { dependencies, batches, asked };
};
const told = (answers: readonly (Answer | ProblemError)[]) => answers.map((each) => (each instanceof ProblemError ? each.code : each));

describe('an accepted event', () => {
  it('has its key as source id, and a hash of its bytes only where there is a key', () => {
    expect(prepared('{"a":1}', 'k')).toMatchObject({ sourceId: 'k', key: 'k', bodyHash: hash('{"a":1}') });
    expect(prepared('{"a":1}', null)).toMatchObject({ sourceId: null, key: null, bodyHash: null });
  });

  it('is stored, and its repeat with the same bytes is answered with the first id', async () => {
    const { dependencies } = open();
    expect(await acceptEvent(prepared('a', 'k'), dependencies)).toEqual({ id: 'id-0', replayed: false });
    expect(await acceptEvent(prepared('a', 'k'), dependencies)).toEqual({ id: 'id-0', replayed: true });
    expect(await acceptEvent(prepared('a', 'k', randomUUID()), dependencies)).toEqual({ id: 'id-1', replayed: false });
  });

  it('is refused with other bytes under its key, be it a blank', async () => {
    const { dependencies } = open({ k: '{"a":1}' });
    await expect(acceptEvent(prepared('{"a": 1}', 'k'), dependencies)).rejects.toMatchObject({ code: 'idempotency_mismatch', status: 422 });
  });

  it('is tried again when the winner of its key rolled back', async () => {
    const { dependencies, batches } = open({}, { k: 2 });
    expect(await acceptEvent(prepared('a', 'k'), dependencies)).toEqual({ id: 'id-0', replayed: false });
    expect(batches).toHaveLength(3);
  });

  it('is given up with 503 when its key changes hands too often', async () => {
    const { dependencies, batches } = open({}, { k: 100 });
    const failure = acceptEvent(prepared('a', 'k'), dependencies);
    await expect(failure).rejects.toMatchObject({ code: 'overloaded', status: 503, headers: { 'retry-after': '1' } });
    expect(batches).toHaveLength(limits.keyTriesMax);
  });
});

describe('an accepted batch', () => {
  it('is answered in its order, new and repeated, good and bad', async () => {
    const { dependencies, batches, asked } = open({ old: 'a', other: 'b' });
    const events = [prepared('1', null), prepared('a', 'old'), prepared('c', 'other'), prepared('d', 'new'), prepared('1', null)];
    expect(told(await acceptBatch(events, dependencies))).toEqual([
      { id: 'id-0', replayed: false },
      { id: 'first-of-old', replayed: true },
      'idempotency_mismatch',
      { id: 'id-1', replayed: false },
      { id: 'id-2', replayed: false },
    ]);
    expect([batches.length, asked]).toEqual([
      1,
      [
        [
          { tenantId, key: 'old' },
          { tenantId, key: 'other' },
        ],
      ],
    ]);
  });

  it('with a key twice stores it once; the second is a repeat or a mismatch by its bytes', async () => {
    const { dependencies, batches } = open();
    const elsewhere = randomUUID();
    const events = [prepared('a', 'k'), prepared('a', 'k'), prepared('b', 'k'), prepared('a', 'k', elsewhere)];
    expect(told(await acceptBatch(events, dependencies))).toEqual([
      { id: 'id-0', replayed: false },
      { id: 'id-0', replayed: true },
      'idempotency_mismatch',
      { id: 'id-1', replayed: false },
    ]);
    expect(batches.map((batch) => batch.length)).toEqual([2]);
  });

  it('with a key twice that was known before judges each by its own bytes', async () => {
    const { dependencies } = open({ k: 'a' });
    for (const [raws, expected] of [
      [
        ['a', 'b'],
        [{ id: 'first-of-k', replayed: true }, 'idempotency_mismatch'],
      ],
      [
        ['b', 'a'],
        ['idempotency_mismatch', { id: 'first-of-k', replayed: true }],
      ],
      [
        ['b', 'b'],
        ['idempotency_mismatch', 'idempotency_mismatch'],
      ],
    ] as const) {
      const events = raws.map((raw) => prepared(raw, 'k'));
      expect(told(await acceptBatch(events, dependencies))).toEqual(expected);
    }
  });

  it('asks for a key again whose winner rolled back, for that event and its copies alone', async () => {
    const { dependencies } = open({}, { k: 1 });
    const events = [prepared('a', 'k'), prepared('b', null), prepared('a', 'k')];
    expect(told(await acceptBatch(events, dependencies))).toEqual(['overloaded', { id: 'id-0', replayed: false }, 'overloaded']);
  });

  it('of none asks nobody', async () => {
    const { dependencies, batches, asked } = open();
    expect(await acceptBatch([], dependencies)).toEqual([]);
    expect([batches, asked]).toEqual([[], []]);
  });
});
