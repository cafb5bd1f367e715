import { describe, expect, it } from '@jest/globals';
import { storedStatusCodes } from '@posthorn/core';
import type { DeliveryRecord } from '@posthorn/db';
import { createLogger, createMetrics } from '@posthorn/telemetry';
import { newEvent } from '../tests/fixtures.js';
import { type DispatchDependencies, handleDispatch } from './dispatch-job.js';
import { type DispatchSummary, tallyDispatch } from './dispatch-summary.js';
import { limits } from './limits.js';
import { createDispatchTelling } from './telling-ends.js';

const ref = { id: 'd', claim: 2, firstEventId: 'a', lastEventId: 'b' };
const sent = {} as NonNullable<DeliveryRecord['sent']>;
const record = (status: number, changes: Partial<DeliveryRecord> = {}) =>
  ({ status, sent: null, out: false, ...changes }) as DeliveryRecord;
const { succeeded, failed, waiting, skipped } = storedStatusCodes;

it('the summary of a dispatch counts each delivery under what became of it', () => {
  const tally = tallyDispatch(ref);
  for (const each of [
    record(succeeded, { sent }),
    record(succeeded, { sent }),
    record(failed, { sent }),
    record(waiting, { sent }),
    record(waiting),
    record(waiting, { out: true }),
    record(skipped),
  ])
    tally.count(each);
  expect(tally.summary('finished', [newEvent()], 7)).toEqual({
    dispatchId: 'd',
    claim: 3,
    outcome: 'finished',
    events: 1,
    firstEventId: 'a',
    lastEventId: 'b',
    deliveries: 7,
    succeeded: 2,
    failed: 1,
    retried: 1,
    waiting: 1,
    parked: 1,
    skipped: 1,
    durationMs: expect.any(Number),
  });
});

describe('the end of a dispatch is told once,', () => {
  const outcomeOf = async (claim: number, changes: Partial<DispatchDependencies>): Promise<readonly string[]> => {
    const ended: DispatchSummary[] = [];
    const dependencies = {
      claim: async () => [newEvent({ erased: true })],
      existing: async () => new Set(),
      hold: { add: () => ({ holds: () => true }), remove: () => undefined },
      inline: {},
      gate: {},
      finish: async () => undefined,
      split: async () => undefined,
      setAside: async () => undefined,
      onEnded: (summary: DispatchSummary) => ended.push(summary),
      ...changes,
    } as unknown as DispatchDependencies;
    await handleDispatch({ ...ref, claim }, dependencies).catch(() => undefined);
    return ended.map(({ outcome }) => outcome);
  };

  it.each<[string, number, Partial<DispatchDependencies>]>([
    ['finished', 0, {}],
    ['not_ours', 0, { claim: async () => [] }],
    ['set_aside', limits.claimsBeforeSetAside - 1, {}],
    ['split', limits.claimsBeforeSplit - 1, { claim: async () => [newEvent(), newEvent()] }],
    ['lost', 0, { hold: { add: () => ({ id: 'd', claim: 1, holds: () => false }), remove: () => undefined } }],
    ['broken', 1, { existing: () => Promise.reject(new Error('ours')) }],
  ])('%s', async (outcome, claim, changes) => {
    expect(await outcomeOf(claim, changes)).toEqual([outcome]);
  });

  it('in a line and in metrics; one that was not ours makes no line', async () => {
    const lines: Record<string, unknown>[] = [];
    const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
    const metrics = createMetrics('worker');
    const tell = createDispatchTelling(createLogger({ level: 'info', role: 'test', pretty: false, destination }), metrics);
    for (const outcome of ['finished', 'not_ours', 'lost', 'broken'] as const) tell(tallyDispatch(ref).summary(outcome, [newEvent()], 0));
    expect(lines.map(({ msg, outcome }) => [msg, outcome])).toEqual(
      ['finished', 'lost', 'broken'].map((outcome) => ['dispatch.ended', outcome]),
    );
    const text = await metrics.text();
    expect(text).toContain('posthorn_dispatches_total{outcome="not_ours"} 1\n');
    expect(text).toContain('posthorn_events_fanned_out_total 2\n');
    expect(text).toContain('posthorn_dispatch_seconds_count 1\n');
  });
});
