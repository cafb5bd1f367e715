// The circuit of one webhook under four workers and two schedulers, on real statements, against the pure rule (circuit-policy): whatever
// happens in whatever order, the row says what the fold says, an open circuit gets no calls, and one probe is out at a time.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  attemptKindCodes,
  beginProbe,
  type Circuit,
  type CircuitResult,
  circuitStateOfCode,
  foldFlush,
  newCircuit,
  resetCircuit as resetModel,
} from '@posthorn/core';
import fc from 'fast-check';
import { createWorld, failed, sent, type World, waiting } from '../tests/world.js';
import { type Chunk, leaseChunks } from './due-deliveries.js';
import { type DeliveryRecord, writeFlush } from './flush.js';
import { resetCircuit } from './webhook-lifecycle.js';

const policy = { threshold: 2, cooldownS: 20, cooldownMaxS: 70 };
const limits = { slot: 0, cooldownS: policy.cooldownS, cooldownMaxS: policy.cooldownMaxS, chunkMax: 4 };
const round = { webhooksMax: 10, chunkMax: 4, deliveriesMax: 100 };
const actor = { keyId: '01a00000-0000-7000-8000-000000000000', role: 'operator' };
const { probe: probeKind, first: firstKind } = attemptKindCodes;

type End = 'good' | 'bad' | 'held';
type Step =
  | { readonly do: 'begin inline' | 'queue one' | 'cool down' | 'schedule' | 'lose chunk' | 'reset' }
  | {
      readonly do: 'end inline' | 'end two inline at once' | 'end chunk' | 'end lost chunk';
      readonly pick: number;
      readonly ends: readonly End[];
    };
type Inline = { readonly eventId: string; readonly epoch: number };

const endOf = fc.constantFrom<End>('good', 'bad', 'bad', 'bad', 'held');
const bare = (name: 'begin inline' | 'queue one' | 'cool down' | 'schedule' | 'lose chunk' | 'reset') => fc.constant<Step>({ do: name });
const ending = (name: 'end inline' | 'end two inline at once' | 'end chunk' | 'end lost chunk') =>
  fc.record({ do: fc.constant(name), pick: fc.nat(20), ends: fc.array(endOf, { minLength: 4, maxLength: 4 }) });
const stepOf: fc.Arbitrary<Step> = fc.oneof(
  { weight: 9, arbitrary: bare('begin inline') },
  { weight: 5, arbitrary: ending('end inline') },
  { weight: 2, arbitrary: ending('end two inline at once') },
  { weight: 3, arbitrary: bare('queue one') },
  { weight: 3, arbitrary: bare('cool down') },
  { weight: 6, arbitrary: bare('schedule') },
  { weight: 4, arbitrary: ending('end chunk') },
  { weight: 2, arbitrary: bare('lose chunk') },
  { weight: 2, arbitrary: ending('end lost chunk') },
  { weight: 2, arbitrary: bare('reset') },
);

let world: World;
beforeAll(async () => {
  world = await createWorld(8);
});
afterAll(() => world.drop());

/** One webhook, what its workers and its scheduler have in their hands, and what the rule says of its circuit. */
const play = async (webhookId: string) => {
  let model: Circuit = newCircuit(policy);
  const inline: Inline[] = [];
  const queue = new Set<string>();
  const newest = new Map<string, number>();
  let out: Chunk | null = null;
  let isCooling = false;
  const lost: Chunk[] = [];

  const changesOf = (end: End, kind: number): Partial<DeliveryRecord> =>
    end === 'good'
      ? { sent: sent({ kind }) }
      : end === 'bad'
        ? failed({ kind })
        : { ...failed({ kind, statusCode: 429, counts: false }), holdMs: 1_000 };
  const inlineRecord = ({ eventId, epoch }: Inline, end: End) =>
    world.record(webhookId, { eventId, epoch, threshold: policy.threshold, ...changesOf(end, firstKind) });
  const flush = (records: readonly DeliveryRecord[], reports: readonly Chunk[] = []) =>
    writeFlush(world.pool, { records, reports, finished: [] }, limits);
  const fold = (results: readonly (CircuitResult & { end: End })[], from = model): Circuit => {
    const next = foldFlush(
      from,
      results.filter((each) => each.end !== 'held'),
      policy,
    );
    if (next.state === 'open' && from.state !== 'open') isCooling = true;
    return next;
  };
  const resultOf = (end: End, epoch: number, probe = false) => ({ end, ok: end === 'good', probe, epoch });
  const take = (pick: number): Inline | undefined => inline.splice(pick % Math.max(inline.length, 1), 1)[0];
  const keepIfFailed = (eventId: string, end: End): void => void (end === 'good' ? queue.delete(eventId) : queue.add(eventId));

  const stateOf = async (): Promise<Circuit> => {
    const row = await world.row<{ circuit: number; count: number; epoch: number; cooldown_s: number }>(
      'select circuit, circuit_failure_count as count, circuit_epoch as epoch, cooldown_s from webhook_state where webhook_id = $1',
      [webhookId],
    );
    const state = circuitStateOfCode(row.circuit);
    return { state, failureCount: row.count, epoch: row.epoch, cooldownS: state === 'closed' ? model.cooldownS : row.cooldown_s };
  };

  const endChunk = async (chunk: Chunk, ends: readonly End[]): Promise<void> => {
    const records = chunk.deliveries.map(({ eventId, attempt }, index) => ({
      ...inlineRecord({ eventId, epoch: chunk.epoch }, ends[index]!),
      ...changesOf(ends[index]!, chunk.probe ? probeKind : firstKind),
      isNew: false,
      attempt,
    }));
    await flush(records, [chunk]);
    // What was handed out again since is not this worker's to decide any more.
    const own = chunk.deliveries.map(({ eventId, attempt }, index) => ({
      eventId,
      end: ends[index]!,
      isOwn: newest.get(eventId) === attempt,
    }));
    model = fold(own.filter((each) => each.isOwn).map((each) => resultOf(each.end, chunk.epoch, chunk.probe)));
    for (const { eventId, end, isOwn } of own) if (isOwn) keepIfFailed(eventId, end);
    for (const { eventId, attempt } of chunk.deliveries) if (newest.get(eventId) === attempt) newest.delete(eventId);
  };

  const schedule = async (): Promise<void> => {
    await world.rows('update deliveries set due_at = now() where webhook_id = $1 and status = 0 and not out', [webhookId]);
    await world.rows(`update webhook_state set due_at = now(), hold_until = '-infinity' where webhook_id = $1`, [webhookId]);
    const chunks = (await Promise.all([leaseChunks(world.pool, round), leaseChunks(world.pool, round)])).flat();
    const mine = chunks.filter((chunk) => chunk.webhookId === webhookId);
    if (out !== null || queue.size === 0 || (model.state === 'open' && isCooling)) {
      expect(mine).toEqual([]);
      return;
    }
    expect(mine).toHaveLength(1);
    const [chunk] = mine as [Chunk];
    if (model.state !== 'closed') {
      model = model.state === 'open' ? beginProbe(model) : { ...model, epoch: model.epoch + 1 };
      expect(chunk).toMatchObject({ probe: true, epoch: model.epoch });
      expect(chunk.deliveries).toHaveLength(1);
    } else expect(chunk).toMatchObject({ probe: false, epoch: model.epoch });
    out = chunk;
    for (const { eventId, attempt } of chunk.deliveries) newest.set(eventId, attempt);
  };

  const step = async (each: Step): Promise<void> => {
    switch (each.do) {
      case 'begin inline':
        // No worker that knows the row begins a call to an open circuit.
        if (model.state === 'closed') inline.push({ eventId: world.record(webhookId).eventId, epoch: model.epoch });
        return;
      case 'end inline': {
        const one = take(each.pick);
        if (one === undefined) return;
        await flush([inlineRecord(one, each.ends[0]!)]);
        model = fold([resultOf(each.ends[0]!, one.epoch)]);
        return keepIfFailed(one.eventId, each.ends[0]!);
      }
      case 'end two inline at once': {
        const [a, b] = [take(each.pick), take(each.pick)];
        if (a === undefined || b === undefined) return void (a !== undefined && inline.push(a));
        const [endA, endB] = [each.ends[0]!, each.ends[1]!];
        await Promise.all([flush([inlineRecord(a, endA)]), flush([inlineRecord(b, endB)])]);
        const [resultA, resultB] = [resultOf(endA, a.epoch), resultOf(endB, b.epoch)];
        const orders = [fold([resultB], fold([resultA])), fold([resultA], fold([resultB]))];
        const state = await stateOf();
        expect(orders).toContainEqual(state);
        model = state;
        keepIfFailed(a.eventId, endA);
        return keepIfFailed(b.eventId, endB);
      }
      case 'queue one': {
        const record = world.record(webhookId, waiting());
        await flush([record]);
        queue.add(record.eventId);
        return;
      }
      case 'cool down':
        await world.rows('update webhook_state set not_before = now() where webhook_id = $1', [webhookId]);
        isCooling = false;
        return;
      case 'schedule':
        return schedule();
      case 'end chunk': {
        if (out === null) return;
        const chunk = out;
        out = null;
        return endChunk(chunk, each.ends);
      }
      case 'lose chunk':
        // Its worker froze, or its job was lost with the queue: the lease runs out.
        if (out === null) return;
        lost.push(out);
        out = null;
        await world.rows('update deliveries set due_at = now() where webhook_id = $1 and out', [webhookId]);
        await world.rows('update webhook_state set out_until = now() where webhook_id = $1', [webhookId]);
        return;
      case 'end lost chunk': {
        const chunk = lost.splice(each.pick % Math.max(lost.length, 1), 1)[0];
        return chunk === undefined ? undefined : endChunk(chunk, each.ends);
      }
      case 'reset':
        await resetCircuit(world.pool, webhookId, actor);
        model = resetModel(model, policy);
        isCooling = false;
    }
  };

  return async (steps: readonly Step[]): Promise<void> => {
    for (const each of steps) {
      await step(each);
      expect({ after: each.do, ...(await stateOf()) }).toEqual({ after: each.do, ...model });
    }
  };
};

describe('the circuit', () => {
  it('is the fold over what was recorded, whoever records it, however late, and whatever is lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepOf, { minLength: 40, maxLength: 80, size: 'max' }), async (steps) => {
        await world.rows('truncate deliveries, attempts, webhook_state');
        const run = await play(await world.webhook());
        await run(steps);
      }),
      { numRuns: 30, endOnFailure: true },
    );
  }, 120_000);
});
