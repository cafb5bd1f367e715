import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { storedStatusCodes } from '@posthorn/core';
import type { DeliveryRecord, Flush, FlushedState } from '@posthorn/db';
import fc from 'fast-check';
import { type Deferred, defer, fakeTime, newRecord } from '../tests/fixtures.js';
import { limits } from './limits.js';
import { createRecorder } from './recorder.js';

beforeEach(() => {
  jest.useFakeTimers(fakeTime);
});
afterEach(() => {
  jest.useRealTimers();
});

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const records = (count: number): DeliveryRecord[] => Array.from({ length: count }, () => newRecord());
const refusal = (code: string) => Object.assign(new Error(`SQLSTATE ${code}`), { code });

/** A recorder whose writer keeps what it was given; `answer` decides what becomes of a flush. */
const open = (answer: (flush: Flush, index: number) => Promise<readonly FlushedState[]> = async () => []) => {
  const asked: Flush[] = [];
  const committed: Flush[] = [];
  const errors: unknown[] = [];
  const states: FlushedState[] = [];
  let atOnce = 0;
  let atOnceMost = 0;
  const recorder = createRecorder({
    write: async (flush) => {
      asked.push(flush);
      atOnceMost = Math.max(atOnceMost, ++atOnce);
      try {
        const written = await answer(flush, asked.length - 1);
        committed.push(flush);
        return written;
      } finally {
        atOnce -= 1;
      }
    },
    onStates: (some) => states.push(...some),
    onFlushed: () => undefined,
    onError: (error) => errors.push(error),
  });
  const stored = () => committed.flatMap((flush) => flush.records);
  return { recorder, asked, committed, stored, errors, states, atOnceMost: () => atOnceMost };
};

describe('the recorder', () => {
  it('starts a flush 5 ms after its first row, with all that came meanwhile, in order', async () => {
    const { recorder, asked } = open();
    const [first, second] = records(2) as [DeliveryRecord, DeliveryRecord];
    recorder.record(first);
    await pass(limits.flushAfterMs - 1);
    recorder.record(second);
    expect(asked).toEqual([]);
    await pass(1);
    expect(asked).toEqual([{ records: [first, second], reports: [], finished: [] }]);
    await pass(1_000);
    expect(asked).toHaveLength(1);
  });

  it('starts a flush at once with 128 rows, and with 127 not yet', async () => {
    const { recorder, asked } = open();
    for (const record of records(limits.flushRowsStart - 1)) recorder.record(record);
    await pass(0);
    expect(asked).toHaveLength(0);
    recorder.record(newRecord());
    await pass(0);
    expect(asked.map((flush) => flush.records.length)).toEqual([128]);
  });

  it('writes one flush at a time, whatever comes meanwhile, and then at most 512 rows', async () => {
    const gates: Deferred<readonly FlushedState[]>[] = [];
    const { recorder, asked, atOnceMost, stored } = open(() => {
      const gate = defer<readonly FlushedState[]>();
      gates.push(gate);
      return gate.promise;
    });
    const all = records(128 + 700);
    for (const record of all) recorder.record(record);
    await pass(1_000);
    expect(asked.map((flush) => flush.records.length)).toEqual([128]);
    for (let i = 0; i < 4; i++) {
      gates[i]?.resolve([]);
      await pass(limits.flushAfterMs);
    }
    expect(asked.map((flush) => flush.records.length)).toEqual([128, 512, 188]);
    expect(atOnceMost()).toBe(1);
    expect(stored()).toEqual(all);
  });

  it('sends a flush that failed again until it is through, and lets nothing overtake it', async () => {
    const { recorder, asked, committed, errors } = open(async (_, index) => {
      if (index < 3) throw refusal('08006');
      return [];
    });
    const [early, late] = records(2) as [DeliveryRecord, DeliveryRecord];
    recorder.record(early);
    await pass(limits.flushAfterMs);
    recorder.record(late);
    await pass(limits.flushRetryMs - 1);
    expect(asked).toHaveLength(1);
    await pass(2 * limits.flushRetryMs + 1 + limits.flushAfterMs);
    expect(committed.map((flush) => flush.records)).toEqual([[early], [late]]);
    expect(errors).toHaveLength(3);
  });

  it('tells the states that a flush wrote', async () => {
    const state = { webhookId: 'w', circuit: 1, epoch: 4, disabled: true, holdUntilMs: 60_000 };
    const { recorder, states } = open(async () => [state]);
    recorder.record(newRecord());
    await pass(limits.flushAfterMs);
    expect(states).toEqual([state]);
  });

  it('finishes a dispatch in or after the flush of its last record, and says so only then', async () => {
    const gate = defer<readonly FlushedState[]>();
    const { recorder, committed } = open(() => gate.promise);
    const record = newRecord();
    let finished = false;
    recorder.record(record);
    void recorder.finish({ id: 'd', claim: 2 }).then(() => {
      finished = true;
    });
    await pass(1_000);
    expect(finished).toBe(false);
    gate.resolve([]);
    await pass(0);
    expect(finished).toBe(true);
    expect(committed).toEqual([{ records: [record], reports: [], finished: [{ id: 'd', claim: 2 }] }]);
  });

  it('reports chunks together with the records that were given before', async () => {
    const { recorder, committed } = open();
    const chunks = [
      { webhookId: 'a', turn: 1 },
      { webhookId: 'b', turn: 7 },
    ];
    for (const chunk of chunks) recorder.report(chunk);
    await pass(limits.flushAfterMs);
    expect(committed[0]?.reports).toEqual(chunks);
  });

  it('drains at once when there is nothing, and else when the last row is committed', async () => {
    const gate = defer<readonly FlushedState[]>();
    const { recorder } = open((_, index) => (index === 0 ? gate.promise : Promise.resolve([])));
    await recorder.drain();
    let drained = false;
    recorder.record(newRecord());
    await pass(limits.flushAfterMs);
    recorder.record(newRecord());
    void recorder.drain().then(() => {
      drained = true;
    });
    await pass(1_000);
    expect(drained).toBe(false);
    gate.resolve([]);
    await pass(limits.flushAfterMs);
    expect(drained).toBe(true);
  });

  it('commits every row once and in order, whatever the connection does', async () => {
    const step = fc.record({ rows: fc.nat(90), passMs: fc.nat(12), failures: fc.nat(2) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        let failures = 0;
        const { recorder, stored, atOnceMost, committed } = open(async () => {
          await new Promise((resolve) => setTimeout(resolve, 3));
          if (failures > 0) {
            failures -= 1;
            throw refusal('57P01');
          }
          return [];
        });
        const given: DeliveryRecord[] = [];
        const finished: number[] = [];
        for (const [index, each] of steps.entries()) {
          failures += each.failures;
          for (const record of records(each.rows)) {
            given.push(record);
            recorder.record(record);
          }
          const givenByThen = given.length;
          void recorder.finish({ id: String(index), claim: 1 }).then(() => {
            expect(stored().length).toBeGreaterThanOrEqual(givenByThen);
            finished.push(index);
          });
          await pass(each.passMs);
        }
        await pass(20_000);
        expect(stored()).toEqual(given);
        expect(finished).toEqual(steps.map((_, index) => index));
        expect(atOnceMost()).toBeLessThanOrEqual(1);
        for (const flush of committed) expect(flush.records.length).toBeLessThanOrEqual(limits.flushRowsMax);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a value that Postgres refuses', () => {
  /** Refuses every flush in which a bad record stands in a form that `isRefused` does not like. */
  const refusing = (bad: ReadonlySet<string>, isRefused: (record: DeliveryRecord) => boolean, code = '22P02') =>
    open(async (flush) => {
      if (flush.records.some((record) => bad.has(record.eventId) && isRefused(record))) throw refusal(code);
      return [];
    });

  it.each(['22P02', '22021', '23514'])(
    '(%s) costs the answer of its own row and nothing of the others, which keep their order',
    async (code) => {
      const all = records(128);
      const bad = all[41] as DeliveryRecord;
      const { recorder, stored, asked } = refusing(new Set([bad.eventId]), (record) => record.sent?.responseBody !== null, code);
      for (const record of all) recorder.record(record);
      const finish = recorder.finish({ id: 'd', claim: 1 });
      await pass(100);
      await finish;
      const less = { ...bad, sent: { ...bad.sent, responseHeaders: null, responseBody: null, requestHeaders: '' } };
      expect(stored().map((record) => record.eventId)).toEqual(all.map((record) => record.eventId));
      expect(stored()[41]).toMatchObject({ ...less, sent: { ...less.sent, error: 'the answer could not be stored' } });
      expect(stored().filter((_, index) => index !== 41)).toEqual(all.filter((_, index) => index !== 41));
      // Halving: no more than two flushes a level, and the two forms of the bad row.
      expect(asked.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(128)) + 4);
    },
  );

  it('that is not in the answer leaves a delivery that is due again in a minute', async () => {
    const bad = newRecord();
    const { recorder, stored } = refusing(new Set([bad.eventId]), (record) => record.sent !== null);
    recorder.record(bad);
    await pass(100);
    expect(stored()).toEqual([
      { ...bad, sent: null, status: storedStatusCodes.waiting, reason: null, dueInMs: limits.unstorableRetryMs, out: false },
    ]);
  });

  it('is found also when several rows have one, and when the connection breaks on the way', async () => {
    const all = records(70);
    const bad = new Set([0, 1, 33, 69].map((index) => (all[index] as DeliveryRecord).eventId));
    let asked = 0;
    const { recorder, stored } = open(async (flush) => {
      asked += 1;
      if (asked % 5 === 0) throw refusal('08006');
      if (flush.records.some((record) => bad.has(record.eventId) && record.sent?.responseBody !== null)) throw refusal('22P02');
      return [];
    });
    for (const record of all) recorder.record(record);
    await pass(60_000);
    expect(stored().map((record) => record.eventId)).toEqual(all.map((record) => record.eventId));
    const stripped = stored().filter((record) => record.sent?.responseBody === null);
    expect(new Set(stripped.map((record) => record.eventId))).toEqual(bad);
  });
});
