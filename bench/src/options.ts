// The command line of the bench.
import { parseArgs } from 'node:util';
import { type SizeName, sizeNames } from './console/size.js';
import { type ScenarioName, scenarioNames } from './fairness/scenario.js';
import type { RoundPlan } from './measure.js';
import { type SeriesName, seriesNames } from './scaling/series.js';
import { planSoak, type SoakPlan } from './soak/plan.js';
import type { QueueBackend, SystemName } from './system.js';

/** What to run: throughput plans, then fairness scenarios, then the reads of the console, then the series of the scaling page, then the soak. A quick run is for trying: it writes no document. */
export interface BenchOptions {
  readonly rounds: number;
  readonly systems: readonly SystemName[];
  readonly plans: readonly RoundPlan[];
  readonly scenarios: readonly ScenarioName[];
  readonly sizes: readonly SizeName[];
  readonly series: readonly SeriesName[];
  readonly soak: SoakPlan | undefined;
  /** Of the closed loop of a round, and of a step of a series. */
  readonly seconds: number;
  readonly warmUpS: number;
  readonly isQuick: boolean;
}

const queueNames = ['redis', 'postgres'] satisfies QueueBackend[];
const systemNames = ['bare', 'product'] satisfies SystemName[];
const groups = { throughput: queueNames, fairness: scenarioNames, console: sizeNames, scaling: seriesNames, soak: ['soak'] } as const;
const groupNames = Object.keys(groups) as (keyof typeof groups)[];
const usage =
  'npm run bench -- [--rounds 3] [--quick] [--only throughput|fairness|console|scaling|soak or some of ' +
  `${[...queueNames, ...scenarioNames, ...sizeNames, ...seriesNames].join(', ')}]\n` +
  '  throughput and scaling: [--seconds 20]; throughput: [--systems bare,product] [--fan-out 1,10]; soak: [--minutes 15]';
const connections = 64;
const lowLoadShare = 0.1;

/** Reads the arguments; throws with the usage if one is not understood. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      minutes: { type: 'string', default: '15' },
      only: { type: 'string', default: groupNames.join(',') },
      systems: { type: 'string', default: systemNames.join(',') },
      'fan-out': { type: 'string', default: '1,10' },
      quick: { type: 'boolean', default: false },
    },
  });
  const seconds = positive(values.seconds ?? (values.quick ? '5' : '20'));
  const shape = { connections, warmUpS: values.quick ? 2 : 5, seconds, lowLoadSeconds: Math.min(seconds, 10), lowLoadShare };
  const chosen = readOnly(values.only);
  const fanOuts = values['fan-out'].split(',').map(positive);
  const queues = queueNames.filter((name) => chosen.has(name));
  return {
    rounds: positive(values.rounds ?? (values.quick ? '1' : '3')),
    systems: oneOf(values.systems, systemNames),
    plans: queues.flatMap((queue) => fanOuts.map((fanOut) => ({ ...shape, queue, fanOut }))),
    scenarios: scenarioNames.filter((name) => chosen.has(name)),
    sizes: sizeNames.filter((name) => chosen.has(name)),
    series: seriesNames.filter((name) => chosen.has(name)),
    soak: chosen.has('soak') ? planSoak(positive(values.minutes), values.quick) : undefined,
    seconds,
    warmUpS: shape.warmUpS,
    isQuick: values.quick,
  };
}

/** The names of queues, scenarios, sizes and series, groups spelled out. */
function readOnly(text: string): ReadonlySet<string> {
  const names = oneOf(text, [...groupNames, ...queueNames, ...scenarioNames, ...sizeNames, ...seriesNames]);
  return new Set(names.flatMap((name) => (name in groups ? groups[name as keyof typeof groups] : [name])));
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
