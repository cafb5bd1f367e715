import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  attemptKindCodes,
  beginProbe,
  type Circuit,
  type CircuitResult,
  circuitStateCodes,
  circuitStateOfCode,
  foldFlush,
  newCircuit,
  storedStatusCodes,
} from '@posthorn/core';
import { eventually } from '@posthorn/testkit';
import fc from 'fast-check';
import { createWorld, failed, sent, type World, waiting } from '../tests/world.js';
import { type Chunk, leaseChunks } from './due-deliveries.js';
import { type DeliveryRecord, type FlushedState, writeFlush } from './flush.js';

let world: World;
const policy = { threshold: 3, cooldownS: 20, cooldownMaxS: 70 };
const limits = { slot: 0, cooldownS: policy.cooldownS, cooldownMaxS: policy.cooldownMaxS, chunkMax: 8 };
const { probe: probeKind } = attemptKindCodes;

beforeAll(async () => {
  world = await createWorld(10);
});

afterAll(() => world.drop());

/** The chunks that are out of these webhooks are reported. */
const flush = async (records: readonly DeliveryRecord[], reportedOf: readonly string[] = []): Promise<readonly FlushedState[]> =>
  writeFlush(world.pool, { records, reports: await world.reportsOf(reportedOf), finished: [] }, limits);

type State = {
  circuit: number;
  count: number;
  epoch: number;
  cooldown_s: number;
  chunk: number;
  opened: boolean;
  retry_in_s: number | null;
  wait_s: number;
};
/** Times in tens of seconds, so that a slow machine changes nothing. */
const stateOf = (webhookId: string) =>
  world.row<State>(
    `select circuit, circuit_failure_count as count, circuit_epoch as epoch, cooldown_s, chunk, circuit_opened_at is not null as opened,
            (round(extract(epoch from circuit_retry_at - changed_at) / 10) * 10)::int as retry_in_s,
            case when greatest(not_before, out_until, hold_until) = '-infinity' then 0
                 else greatest(round(extract(epoch from greatest(not_before, out_until, hold_until) - changed_at) / 10) * 10, 0)::int end as wait_s
       from webhook_state where webhook_id = $1`,
    [webhookId],
  );
const timelineOf = async (webhookId: string) =>
  (
    await world.rows<{ line: string }>(
      `select kind || ' ' || circuit_failure_count as line from webhook_timeline where webhook_id = $1 order by sequence`,
      [webhookId],
    )
  ).map((row) => row.line);

const good = (webhookId: string, changes: Partial<DeliveryRecord> = {}) =>
  world.record(webhookId, { threshold: policy.threshold, ...changes });
const bad = (webhookId: string, changes: Partial<DeliveryRecord> = {}) => good(webhookId, { ...failed(), ...changes });
const tooMany = (holdMs: number, kind: number = attemptKindCodes.first): Partial<DeliveryRecord> => ({
  ...failed({ statusCode: 429, counts: false, kind }),
  holdMs,
});

/** What a webhook that is switched on, and not told to wait, has. */
const on = { disabled: false, holdUntilMs: Number.NEGATIVE_INFINITY };

/** Ends the cool-down and leases the probe; there is always something due. */
const leaseProbe = async (webhookId: string): Promise<Chunk> => {
  await flush([good(webhookId, waiting())]);
  await world.rows(
    `update webhook_state set not_before = '-infinity', out_until = '-infinity', hold_until = '-infinity', due_at = now() - interval '1 s' where webhook_id = $1`,
    [webhookId],
  );
  await world.rows(`update deliveries set due_at = now() - interval '1 s' where webhook_id = $1 and status = 0 and not out`, [webhookId]);
  const chunks = await leaseChunks(world.pool, { webhooksMax: 100, chunkMax: 500, deliveriesMax: 1_000 });
  return chunks.find((each) => each.webhookId === webhookId)!;
};

const probeResult = (chunk: Chunk, changes: Partial<DeliveryRecord>): DeliveryRecord => {
  const { eventId, attempt } = chunk.deliveries[0]!;
  return good(chunk.webhookId, { ...changes, eventId, attempt, isNew: false, epoch: chunk.epoch });
};
const succeeded = { status: storedStatusCodes.succeeded, dueInMs: null, sent: sent({ kind: probeKind }) };
const probeFailed = failed({ kind: probeKind });

const opened = async (): Promise<string> => {
  const webhookId = await world.webhook();
  await flush([bad(webhookId), bad(webhookId), bad(webhookId)]);
  return webhookId;
};

describe('a closed circuit', () => {
  it('counts failures across flushes, opens at the threshold and says so once', async () => {
    const webhookId = await world.webhook();
    expect(await flush([bad(webhookId), bad(webhookId)])).toEqual([{ webhookId, circuit: 0, epoch: 0, ...on }]);
    expect(await stateOf(webhookId)).toMatchObject({ circuit: 0, count: 2, opened: false });
    expect(await flush([bad(webhookId)])).toEqual([{ webhookId, circuit: circuitStateCodes.open, epoch: 1, ...on }]);
    expect(await stateOf(webhookId)).toMatchObject({ circuit: 1, count: 3, epoch: 1, opened: true, chunk: 1, retry_in_s: 20, wait_s: 20 });
    expect(await timelineOf(webhookId)).toEqual(['circuit_opened 3']);
  });

  it('is reset by a success, alone or among failures, to those after the last one', async () => {
    const webhookId = await world.webhook();
    await flush([bad(webhookId), bad(webhookId)]);
    await flush([good(webhookId)]);
    expect((await stateOf(webhookId)).count).toBe(0);
    await flush([bad(webhookId), bad(webhookId)]);
    await flush([bad(webhookId), good(webhookId), bad(webhookId)]);
    expect(await stateOf(webhookId)).toMatchObject({ circuit: 0, count: 1 });
  });

  it('does not count a 429 that says when, but holds the webhook until then', async () => {
    const webhookId = await world.webhook();
    await flush([tooMany(600_000), tooMany(900_000), tooMany(300_000)].map((each) => good(webhookId, each)));
    expect(await stateOf(webhookId)).toMatchObject({ circuit: 0, count: 0, wait_s: 900 });
  });

  it('that opens while its endpoint asked for longer than the cool-down waits for the longer', async () => {
    const webhookId = await world.webhook();
    await flush([good(webhookId, tooMany(600_000)), bad(webhookId), bad(webhookId), bad(webhookId)]);
    expect(await stateOf(webhookId)).toMatchObject({ circuit: 1, wait_s: 600, retry_in_s: 600 });
    const earlier = await world.webhook();
    await flush([good(earlier, tooMany(600_000))]);
    await flush([bad(earlier), bad(earlier), bad(earlier)]);
    expect(await stateOf(earlier)).toMatchObject({ circuit: 1, wait_s: 600, retry_in_s: 600 });
  });

  it('loses no failure of eight writers at once', async () => {
    const webhookId = await world.webhook();
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      let count = 0;
      for (let i = 0; i < 15; i++) {
        const records = Array.from({ length: 1 + ((writer + i) % 3) }, () => bad(webhookId, { threshold: 1_000_000 }));
        // As the recorder does: one that waited too long for the lock is sent again.
        await eventually(() => flush(records));
        count += records.length;
      }
      return count;
    });
    const failures = (await Promise.all(writers)).reduce((sum, count) => sum + count, 0);
    expect(await stateOf(webhookId)).toMatchObject({ circuit: 0, count: failures });
  });
});

describe('a flush that waits for somebody who changes its webhooks', () => {
  it('loses neither failures nor reports', async () => {
    const ids = await Promise.all(Array.from({ length: 4 }, () => world.webhook({ out_until: `now() + interval '30 s'` })));
    const isWaiting = async () =>
      (await world.rows(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).length > 0;
    let flushed: Promise<readonly FlushedState[]> | undefined;
    await world.transaction(async (connection) => {
      await connection.query('update webhook_state set changed_at = now(), due_at = now() where webhook_id = any ($1)', [ids]);
      flushed = flush([...ids.map((id) => bad(id)), ...ids.map((id) => good(id, waiting()))], ids);
      await eventually(isWaiting, { timeoutMs: 1_500 });
    });
    expect(await flushed).toHaveLength(4);
    for (const id of ids) expect(await stateOf(id)).toMatchObject({ count: 1, wait_s: 0 });
  });
});

describe('an open circuit', () => {
  it('is left as it is by results of attempts that began before', async () => {
    const webhookId = await opened();
    const before = await stateOf(webhookId);
    await flush([good(webhookId), bad(webhookId)]);
    await flush([good(webhookId)]);
    expect(await stateOf(webhookId)).toEqual(before);
  });

  it('becomes half open with its probe, which alone counts', async () => {
    const webhookId = await opened();
    const probe = await leaseProbe(webhookId);
    expect(probe).toMatchObject({ probe: true, epoch: 2, deliveries: [expect.anything()] });
    await flush([good(webhookId), bad(webhookId), good(webhookId, { epoch: 1 })]);
    expect(await stateOf(webhookId)).toMatchObject({ circuit: 2, count: 3, epoch: 2 });
    expect(await flush([probeResult(probe, succeeded)], [webhookId])).toEqual([{ webhookId, circuit: 0, epoch: 3, ...on }]);
    expect(await stateOf(webhookId)).toMatchObject({ circuit: 0, count: 0, opened: false, retry_in_s: null, wait_s: 0, chunk: 1 });
    expect(await timelineOf(webhookId)).toEqual(['circuit_opened 3', 'circuit_closed 0']);
  });

  it('opens again after a failed probe, each time for twice as long, up to the limit', async () => {
    const webhookId = await opened();
    for (const waitS of [40, 70, 70]) {
      await flush([probeResult(await leaseProbe(webhookId), probeFailed)], [webhookId]);
      expect(await stateOf(webhookId)).toMatchObject({ circuit: 1, cooldown_s: waitS, wait_s: waitS, retry_in_s: waitS });
    }
    expect(await timelineOf(webhookId)).toEqual(['circuit_opened 3', 'circuit_reopened 4', 'circuit_reopened 5', 'circuit_reopened 6']);
    await flush([probeResult(await leaseProbe(webhookId), succeeded)], [webhookId]);
    await flush(Array.from({ length: 3 }, () => bad(webhookId, { epoch: 9 })));
    expect(await stateOf(webhookId)).toMatchObject({ circuit: 1, epoch: 10, cooldown_s: 20, wait_s: 20 });
  });

  it('stays half open after a probe that was told when to come back, and waits until then', async () => {
    const webhookId = await opened();
    await flush([probeResult(await leaseProbe(webhookId), tooMany(600_000, probeKind))], [webhookId]);
    expect(await stateOf(webhookId)).toMatchObject({ circuit: 2, count: 3, epoch: 2, wait_s: 600 });
    expect(await timelineOf(webhookId)).toEqual(['circuit_opened 3']);
  });

  it('ignores the late result of a probe whose lease is over', async () => {
    const webhookId = await opened();
    const first = await leaseProbe(webhookId);
    await world.rows('update deliveries set due_at = now(), out = out where webhook_id = $1 and status = 0', [webhookId]);
    const second = await leaseProbe(webhookId);
    expect(second.epoch).toBe(first.epoch + 1);
    await flush([probeResult(first, succeeded)]);
    expect(await stateOf(webhookId)).toMatchObject({ circuit: 2, count: 3, epoch: second.epoch });
  });
});

describe('the end of a chunk', () => {
  const lenient = { threshold: 10 };

  it('doubles the next one up to the limit, gives the next turn at once, and begins anew after five failures in a row', async () => {
    const webhookId = await world.webhook();
    const chunks: number[] = [];
    for (let i = 0; i < 5; i++) {
      await flush([good(webhookId)], [webhookId]);
      const { chunk, wait_s: waitS } = await stateOf(webhookId);
      expect(waitS).toBe(0);
      chunks.push(chunk);
    }
    expect(chunks).toEqual([2, 4, 8, 8, 8]);
    for (const failures of [1, 2, 3, 4]) {
      await flush([bad(webhookId, lenient)], [webhookId]);
      expect(await stateOf(webhookId)).toMatchObject({ chunk: 8, count: failures });
    }
    await flush([bad(webhookId, lenient)]);
    expect(await stateOf(webhookId)).toMatchObject({ chunk: 1, count: 5, circuit: 0 });
  });

  it('grows while at least half of it is taken, and does not while less is', async () => {
    const webhookId = await world.webhook();
    await flush([bad(webhookId, lenient), good(webhookId)], [webhookId]);
    expect((await stateOf(webhookId)).chunk).toBe(2);
    await flush([bad(webhookId, lenient), bad(webhookId, lenient), good(webhookId)], [webhookId]);
    expect((await stateOf(webhookId)).chunk).toBe(2);
  });

  it('does not shorten what the endpoint asked for while the chunk was out', async () => {
    const webhookId = await world.webhook({ out_until: `now() + interval '30 s'` });
    await flush([good(webhookId, tooMany(600_000))]);
    await flush([good(webhookId)], [webhookId]);
    expect(await stateOf(webhookId)).toMatchObject({ circuit: 0, wait_s: 600 });
  });

  it('can come in a flush of its own', async () => {
    const webhookId = await world.webhook({ out_until: `now() + interval '30 s'` });
    await flush([], [webhookId]);
    expect(await stateOf(webhookId)).toMatchObject({ chunk: 2, wait_s: 0 });
  });
});

type Step = { readonly kind: 'flush'; readonly results: readonly Result[] } | { readonly kind: 'probe'; readonly end: Result | 'none' };
type Result = { readonly ends: 'good' | 'bad' | 'held'; readonly epochsBack: number };
const resultOf = fc.record<Result>({ ends: fc.constantFrom('good', 'bad', 'bad', 'bad', 'held'), epochsBack: fc.constantFrom(0, 0, 0, 1) });
const stepOf: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('flush' as const), results: fc.array(resultOf, { minLength: 1, maxLength: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('probe' as const), end: fc.oneof(resultOf, fc.constant<'none'>('none')) }) },
);

describe('the flush against the rule of the circuit', () => {
  const endOf = (ends: Result['ends'], kind: number): Partial<DeliveryRecord> =>
    ends === 'good' ? { ...succeeded, sent: sent({ kind }) } : ends === 'bad' ? failed({ kind }) : tooMany(1_000, kind);
  const counted = (results: readonly (Result & { epoch: number; probe: boolean })[]): CircuitResult[] =>
    results.filter(({ ends }) => ends !== 'held').map(({ ends, epoch, probe }) => ({ ok: ends === 'good', probe, epoch }));

  it('agrees with foldFlush over any sequence of flushes and probes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepOf, { minLength: 1, maxLength: 12 }), async (steps) => {
        const webhookId = await world.webhook();
        let model: Circuit = newCircuit(policy);
        const transitions: string[] = [];
        const fold = (results: readonly CircuitResult[]): void => {
          const before = model.state;
          model = foldFlush(model, results, policy);
          const kind = model.state === 'closed' ? 'closed' : before === 'closed' ? 'opened' : 'reopened';
          if (model.state !== before) transitions.push(`circuit_${kind} ${model.failureCount}`);
        };
        for (const step of steps) {
          if (step.kind === 'flush') {
            const results = step.results.map((each) => ({ ...each, epoch: model.epoch - each.epochsBack, probe: false }));
            await flush(results.map(({ ends, epoch }) => good(webhookId, { ...endOf(ends, attemptKindCodes.first), epoch })));
            fold(counted(results));
          } else if (model.state === 'open') {
            const chunk = await leaseProbe(webhookId);
            model = beginProbe(model);
            expect(chunk).toMatchObject({ probe: true, epoch: model.epoch });
            if (step.end !== 'none') {
              const { ends, epochsBack } = step.end;
              const epoch = chunk.epoch - epochsBack;
              await flush([{ ...probeResult(chunk, endOf(ends, probeKind)), epoch }], [webhookId]);
              fold(counted([{ ends, epochsBack, epoch, probe: true }]));
            }
          }
          const state = await stateOf(webhookId);
          const cooldownS = model.state === 'closed' ? model.cooldownS : state.cooldown_s;
          expect({ state: circuitStateOfCode(state.circuit), failureCount: state.count, epoch: state.epoch, cooldownS }).toEqual(model);
        }
        expect(await timelineOf(webhookId)).toEqual(transitions);
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});
