// The command line of the bench.
import { parseArgs } from 'node:util';
import type { RoundPlan } from './measure.js';
import type { QueueBackend, SystemName } from './system.js';

/** What to run. A quick run is for trying: it writes no document. */
export interface BenchOptions {
  readonly rounds: number;
  readonly systems: readonly SystemName[];
  readonly plans: readonly RoundPlan[];
  readonly writesDocument: boolean;
}

const usage = 'npm run bench -- [--rounds 3] [--seconds 20] [--only redis|postgres] [--systems bare,product] [--fan-out 1,10] [--quick]';
const connections = 64;
const lowLoadShare = 0.1;

/** Reads the arguments; throws with the usage if one is not understood. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string', default: 'redis,postgres' },
      systems: { type: 'string', default: 'bare,product' },
      'fan-out': { type: 'string', default: '1,10' },
      quick: { type: 'boolean', default: false },
    },
  });
  const seconds = positive(values.seconds ?? (values.quick ? '5' : '20'));
  const shape = { connections, warmUpS: values.quick ? 2 : 5, seconds, lowLoadSeconds: Math.min(seconds, 10), lowLoadShare };
  const queues = oneOf(values.only, ['redis', 'postgres'] satisfies QueueBackend[]);
  const fanOuts = values['fan-out'].split(',').map(positive);
  return {
    rounds: positive(values.rounds ?? (values.quick ? '1' : '3')),
    systems: oneOf(values.systems, ['bare', 'product'] satisfies SystemName[]),
    plans: queues.flatMap((queue) => fanOuts.map((fanOut) => ({ ...shape, queue, fanOut }))),
    writesDocument: !values.quick,
  };
}

function positive(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`not a number above 0: ${text}\n${usage}`);
  return Number(text);
}

function oneOf<Name extends string>(text: string, names: readonly Name[]): Name[] {
  return text.split(',').map((word) => {
    const name = names.find((candidate) => candidate === word);
    if (name === undefined) throw new Error(`not one of ${names.join(', ')}: ${word}\n${usage}`);
    return name;
  });
}
