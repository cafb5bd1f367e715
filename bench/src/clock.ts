// One clock for all processes of the bench: the machine's monotonic clock, which no process owns and nobody sets.

const originMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Milliseconds of the monotonic clock, fractions included; comparable between processes of one machine. */
export const nowMs = (): number => originMs + performance.now();
