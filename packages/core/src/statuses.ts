// The closed lists that are stored as smallints: delivery statuses, kinds of attempts, circuit states, kinds of errors.
// `pending` and `held` are one stored status: which of them is shown depends on the webhook, not on the delivery.

/** What is stored of a delivery's status. */
export const storedStatusCodes = { waiting: 0, succeeded: 1, failed: 2, skipped: 3, cancelled: 4 } as const;
export type StoredStatus = keyof typeof storedStatusCodes;

/** What users see of a delivery's status. */
export const shownStatuses = ['pending', 'held', 'succeeded', 'failed', 'skipped', 'cancelled'] as const;
export type ShownStatus = (typeof shownStatuses)[number];

const shownByCode = [null, 'succeeded', 'failed', 'skipped', 'cancelled'] as const satisfies readonly (ShownStatus | null)[];

/** The status to show. `gated`: the webhook is paused or its circuit is not closed. A RangeError for an unknown code. */
export function shownStatus(code: number, gated: boolean): ShownStatus {
  if (code === storedStatusCodes.waiting) return gated ? 'held' : 'pending';
  const shown = shownByCode[code];
  if (shown === undefined || shown === null) throw new RangeError(`no delivery status has the code ${code}`);
  return shown;
}

/** Why an attempt was made. */
export const attemptKinds = ['first', 'retry', 'probe', 'manual', 'replay', 'test'] as const;
export type AttemptKind = (typeof attemptKinds)[number];
/** The stored smallint of each kind of attempt, from 0. */
export const attemptKindCodes: Readonly<Record<AttemptKind, number>> = codesOf(attemptKinds, 0);

/** The states of a webhook's circuit. */
export const circuitStates = ['closed', 'open', 'half_open'] as const;
export type CircuitState = (typeof circuitStates)[number];
/** The stored smallint of each circuit state, from 0. */
export const circuitStateCodes: Readonly<Record<CircuitState, number>> = codesOf(circuitStates, 0);

/** What went wrong in an attempt that has no complete response. */
export const errorKinds = ['dns', 'connect', 'tls', 'timeout', 'reset', 'protocol', 'blocked', 'cut_off'] as const;
export type ErrorKind = (typeof errorKinds)[number];
/** The stored smallint of each kind of error, from 1. */
export const errorKindCodes: Readonly<Record<ErrorKind, number>> = codesOf(errorKinds, 1);

/** The kind of attempt that a stored smallint stands for; a RangeError if none does. */
export function attemptKindOfCode(code: number): AttemptKind {
  return itemOfCode(attemptKinds, code, 0);
}

/** The circuit state that a stored smallint stands for; a RangeError if none does. */
export function circuitStateOfCode(code: number): CircuitState {
  return itemOfCode(circuitStates, code, 0);
}

/** The kind of error that a stored smallint stands for; a RangeError if none does. */
export function errorKindOfCode(code: number): ErrorKind {
  return itemOfCode(errorKinds, code, 1);
}

function codesOf<T extends string>(items: readonly T[], first: number): Readonly<Record<T, number>> {
  return Object.fromEntries(items.map((item, index) => [item, index + first])) as Record<T, number>;
}

function itemOfCode<T extends string>(items: readonly T[], code: number, first: number): T {
  const item = items[code - first];
  if (item === undefined) throw new RangeError(`the code ${code} stands for none of ${items.join(', ')}`);
  return item;
}
