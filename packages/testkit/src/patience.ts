// How much longer than on a quiet machine the tests wait for what happens elsewhere.

/**
 * The limits that tests give are those of a quiet machine, and are there to end what hangs; a slow one gets this many times as long. Jest's own limits
 * are lengthened alike (tests/patient-environment.mjs).
 */
export const patience = 3;
