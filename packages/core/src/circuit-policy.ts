// The circuit of a webhook, as a pure fold over flushes: the specification that the SQL of the flush is held to.
//
// The order of a webhook's results is the order in which the flushes that carry them commit, and within a flush the order in which the
// attempts ended. A flush is judged as a whole, at its end:
//   closed     a success sets the count to the failures after the flush's last success; without one its failures are added.
//              A count at or over the threshold opens the circuit.
//   open       nothing changes: there are no calls, and results of calls that began earlier come late.
//   half_open  only the probe's result counts. Success closes and resets count and cool-down; failure adds one and opens again, for twice as long.
// Every change of state raises the epoch. A result carries the epoch in which its attempt began; an older one changes nothing.
import type { CircuitState } from './statuses.js';

/** `cooldownS` is how long the present opening lasts or, while closed, how long the next one would. */
export type Circuit = {
  readonly state: CircuitState;
  readonly failureCount: number;
  readonly epoch: number;
  readonly cooldownS: number;
};

/** One attempt that counts (`countsForCircuit`). `epoch`: the circuit's when the attempt began. */
export type CircuitResult = { readonly ok: boolean; readonly probe: boolean; readonly epoch: number };

/** `threshold`: consecutive failures that open the circuit. `cooldownS`: the first cool-down, doubling up to `cooldownMaxS`. */
export type CircuitPolicy = { readonly threshold: number; readonly cooldownS: number; readonly cooldownMaxS: number };

/** 10 failures, 30 s, up to 1 h. */
export const defaultCircuitPolicy: CircuitPolicy = { threshold: 10, cooldownS: 30, cooldownMaxS: 3600 };

/** An automatic circuit that was open for so long without one success disables its webhook. */
export const noSuccessS = 120 * 3_600;

/** The circuit of a new webhook. */
export function newCircuit(policy: CircuitPolicy): Circuit {
  return { state: 'closed', failureCount: 0, epoch: 0, cooldownS: policy.cooldownS };
}

/** The circuit after a flush with these results, in the order in which the attempts ended. */
export function foldFlush(circuit: Circuit, results: readonly CircuitResult[], policy: CircuitPolicy): Circuit {
  const current = results.filter((result) => result.epoch >= circuit.epoch);
  switch (circuit.state) {
    case 'closed':
      return foldClosed(circuit, current, policy);
    case 'open':
      return circuit;
    case 'half_open':
      return foldProbe(circuit, current, policy);
  }
}

/** The scheduler sends the probe of an open circuit. The probe carries the new epoch. */
export function beginProbe(circuit: Circuit): Circuit {
  return circuit.state === 'open' ? { ...circuit, state: 'half_open', epoch: circuit.epoch + 1 } : circuit;
}

/** Closed by hand, whatever it was. */
export function resetCircuit(circuit: Circuit, policy: CircuitPolicy): Circuit {
  return {
    state: 'closed',
    failureCount: 0,
    epoch: circuit.state === 'closed' ? circuit.epoch : circuit.epoch + 1,
    cooldownS: policy.cooldownS,
  };
}

function foldClosed(circuit: Circuit, results: readonly CircuitResult[], policy: CircuitPolicy): Circuit {
  const lastSuccess = results.findLastIndex((result) => result.ok);
  const failures = results.length - 1 - lastSuccess;
  const failureCount = lastSuccess < 0 ? circuit.failureCount + failures : failures;
  if (failureCount < policy.threshold) return failureCount === circuit.failureCount ? circuit : { ...circuit, failureCount };
  return { state: 'open', failureCount, epoch: circuit.epoch + 1, cooldownS: policy.cooldownS };
}

function foldProbe(circuit: Circuit, results: readonly CircuitResult[], policy: CircuitPolicy): Circuit {
  const probe = results.find((result) => result.probe);
  if (probe === undefined) return circuit;
  const epoch = circuit.epoch + 1;
  if (probe.ok) return { state: 'closed', failureCount: 0, epoch, cooldownS: policy.cooldownS };
  const cooldownS = Math.min(circuit.cooldownS * 2, policy.cooldownMaxS);
  return { state: 'open', failureCount: circuit.failureCount + 1, epoch, cooldownS };
}
