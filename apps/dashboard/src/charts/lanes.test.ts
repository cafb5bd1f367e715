import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Past, segmentsOf, summaryOf } from './lanes.js';

const at = (second: number): string => new Date(second * 1_000).toISOString();
const calm: Past['now'] = { circuit_state: 'closed', circuit_retry_at: null, paused_at: null, disabled_at: null };
const drawn = (entries: readonly (readonly [number, string])[], now: Partial<Past['now']> = {}, fromSecond = 0, toSecond = 100) =>
  segmentsOf({
    entries: entries.map(([second, kind]) => ({ at: at(second), kind })),
    now: { ...calm, ...now },
    fromMs: fromSecond * 1_000,
    toMs: toSecond * 1_000,
  }).map(({ lane, from, to }) => `${lane} ${from / 1_000}–${to / 1_000}`);

describe('the lanes of a webhook', () => {
  it('are one closed circuit where nothing happened', () => {
    expect(drawn([])).toEqual(['closed 0–100']);
  });

  it('show a circuit that opened, was probed in vain, and closed', () => {
    expect(
      drawn([
        [10, 'circuit_opened'],
        [40, 'circuit_reopened'],
        [90, 'circuit_closed'],
      ]),
    ).toEqual(['closed 0–10', 'half_open 40–40', 'half_open 90–90', 'open 10–90', 'closed 90–100']);
    expect(
      drawn([
        [10, 'circuit_opened'],
        [20, 'circuit_reset'],
      ]),
    ).toEqual(['closed 0–10', 'open 10–20', 'closed 20–100']);
  });

  it('show a probe that is on its way', () => {
    expect(drawn([[10, 'circuit_opened']], { circuit_state: 'half_open', circuit_retry_at: at(95) })).toEqual([
      'closed 0–10',
      'open 10–95',
      'half_open 95–100',
    ]);
  });

  it('show pauses and switches beside the circuit, also those from before', () => {
    expect(
      drawn([
        [20, 'resumed'],
        [30, 'paused'],
        [40, 'resumed'],
        [50, 'disabled'],
        [50, 'circuit_opened'],
      ]),
    ).toEqual(['closed 0–50', 'open 50–100', 'paused 0–20', 'paused 30–40', 'disabled 50–100']);
    expect(drawn([], { paused_at: at(-50), disabled_at: at(-5) })).toEqual(['closed 0–100', 'paused 0–100', 'disabled 0–100']);
  });

  it('are cut to the time that is asked for', () => {
    expect(
      drawn(
        [
          [10, 'circuit_opened'],
          [20, 'circuit_closed'],
          [30, 'paused'],
          [60, 'resumed'],
        ],
        {},
        50,
      ),
    ).toEqual(['closed 50–100', 'paused 50–60']);
  });

  it('have the circuit in one lane at any time, whatever happened', () => {
    const kinds = [
      'circuit_opened',
      'circuit_reopened',
      'circuit_closed',
      'circuit_reset',
      'paused',
      'resumed',
      'disabled',
      'enabled',
      'expired',
    ];
    const entry = fc.record({ second: fc.integer({ min: -50, max: 150 }), kind: fc.constantFrom(...kinds) });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), fc.constantFrom('closed', 'open', 'half_open'), (happened, circuit) => {
        const entries = happened.sort((one, other) => one.second - other.second).map(({ second, kind }) => ({ at: at(second), kind }));
        const segments = segmentsOf({
          entries,
          now: { ...calm, circuit_state: circuit, circuit_retry_at: at(80) },
          fromMs: 0,
          toMs: 100_000,
        });
        const circuits = segments.filter(({ lane, from, to }) => ['closed', 'half_open', 'open'].includes(lane) && to > from);
        expect(circuits.reduce((sum, { from, to }) => sum + to - from, 0)).toBe(100_000);
        for (const [index, { from }] of circuits.entries()) expect(from).toBe(circuits[index - 1]?.to ?? 0);
        for (const { from, to } of segments) expect([from >= 0, to <= 100_000, from <= to]).toEqual([true, true, true]);
      }),
    );
  });

  it('are summed up in words', () => {
    const segments = [
      { lane: 'open', from: 0, to: 10 },
      { lane: 'open', from: 60, to: 100 },
      { lane: 'half_open', from: 100, to: 100 },
    ] as const;
    expect(summaryOf(segments, 'open', 100)).toEqual({ times: 2, totalMs: 50, isNow: true });
    expect(summaryOf(segments, 'half_open', 100)).toEqual({ times: 1, totalMs: 0, isNow: false });
    expect(summaryOf(segments, 'paused', 100)).toEqual({ times: 0, totalMs: 0, isNow: false });
  });
});
