// How much a process lets its heap grow between two collections. V8 would let it grow fourfold where memory is plenty; what lives in a worker are
// caches of a bounded size, so that would be garbage four times as large as they.
import { setFlagsFromString } from 'node:v8';

const growingPercent = 50;

/** To be called before anything is loaded into memory. */
export const boundHeapGrowth = (): void => setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
