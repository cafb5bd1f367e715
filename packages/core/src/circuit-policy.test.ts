import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  beginProbe,
  type Circuit,
  type CircuitResult,
  defaultCircuitPolicy,
  foldFlush,
  newCircuit,
  resetCircuit,
} from './circuit-policy.js';

const policy = { ...defaultCircuitPolicy, threshold: 3 };
const closed = newCircuit(policy);
const results = (marks: string, epoch: number, probe = false): CircuitResult[] =>
  [...marks].map((mark) => ({ ok: mark === '+', probe, epoch }));
const fold = (circuit: Circuit, marks: string): Circuit => foldFlush(circuit, results(marks, circuit.epoch), policy);
const opened = fold(closed, '---');

describe('a closed circuit', () => {
  it('counts failures over flushes and opens at the threshold', () => {
    const twice = fold(fold(closed, '-'), '-');
    expect(twice).toEqual({ ...closed, failureCount: 2 });
    expect(fold(twice, '-')).toEqual({ state: 'open', failureCount: 3, epoch: 1, cooldownS: 30 });
    expect(opened).toEqual({ state: 'open', failureCount: 3, epoch: 1, cooldownS: 30 });
  });

  it('begins anew with a success, in the order within the flush', () => {
    const twice = fold(closed, '--');
    expect(fold(twice, '+')).toEqual(closed);
    expect(fold(twice, '+--')).toEqual(twice);
    expect(fold(twice, '--+-').failureCount).toBe(1);
    expect(fold(closed, '+---').state).toBe('open');
  });

  it('is judged at the end of a flush: a last success keeps it closed', () => {
    expect(fold(closed, '-----+')).toEqual(closed);
  });

  it('takes no part of results from before its last change', () => {
    const reset = resetCircuit(opened, policy);
    expect(foldFlush(reset, results('---', 0), policy)).toBe(reset);
  });

  it('agrees with counting the failures at the end of the whole log, as long as it stays closed', () => {
    const flush = fc.string({ unit: fc.constantFrom('+', '-'), maxLength: 6 });
    fc.assert(
      fc.property(fc.array(flush, { maxLength: 10 }), (flushes) => {
        const patient = { ...policy, threshold: 1000 };
        const circuit = flushes.reduce((now, marks) => foldFlush(now, results(marks, 0), patient), newCircuit(patient));
        expect(circuit).toEqual({ ...closed, failureCount: /-*$/.exec(flushes.join(''))![0].length });
      }),
    );
  });
});

describe('an open circuit', () => {
  it('is changed by no result, a probe begins a new epoch', () => {
    expect(fold(opened, '+++')).toBe(opened);
    expect(foldFlush(opened, results('---', 0), policy)).toBe(opened);
    expect(beginProbe(opened)).toEqual({ ...opened, state: 'half_open', epoch: 2 });
    expect(beginProbe(closed)).toBe(closed);
  });
});

describe('a half-open circuit', () => {
  const half = beginProbe(opened);

  it('closes with the success of its probe', () => {
    expect(foldFlush(half, results('+', 2, true), policy)).toEqual({ state: 'closed', failureCount: 0, epoch: 3, cooldownS: 30 });
  });

  it('opens for twice as long with its failure, up to the limit', () => {
    let circuit = opened;
    const cooldownsS: number[] = [];
    for (let probes = 0; probes < 9; probes++) {
      const probing = beginProbe(circuit);
      circuit = foldFlush(probing, results('-', probing.epoch, true), policy);
      cooldownsS.push(circuit.cooldownS);
    }
    expect(cooldownsS).toEqual([60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
    expect(circuit).toMatchObject({ state: 'open', failureCount: 12, epoch: 19 });
  });

  it('is moved by nothing but its probe', () => {
    expect(fold(half, '+-+')).toBe(half);
    expect(foldFlush(half, results('+', 1, true), policy)).toBe(half);
    expect(foldFlush(half, [...results('++', 1), ...results('-', 2, true)], policy).state).toBe('open');
  });
});

describe('resetCircuit', () => {
  it('closes and forgets, in a new epoch if it was not closed', () => {
    expect(resetCircuit(opened, policy)).toEqual({ ...closed, epoch: 2 });
    expect(resetCircuit(fold(closed, '--'), policy)).toEqual(closed);
  });
});
