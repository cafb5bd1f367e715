// Rounds to words: a line per round for the terminal, and the tables of docs/benchmarks.md. Every figure of a table is the
// median of its rounds.
import { type Cell, table } from './markdown.js';
import type { Part, Phase, Round, RoundPlan } from './measure.js';
import { median, type Percentiles } from './percentiles.js';
import type { QueueBackend, SystemName } from './system.js';

/** All rounds of one plan, by system. */
export interface Comparison {
  readonly plan: RoundPlan;
  readonly rounds: Readonly<Record<SystemName, readonly Round[]>>;
}

/** The least share of the bare pipeline's throughput that the product must reach. */
const ratioMin: Readonly<Record<QueueBackend, number>> = { redis: 0.7, postgres: 0.5 };
const firstByteMax: Percentiles = { p50Ms: 10, p99Ms: 50 };
const parts: readonly Part[] = ['api', 'worker', 'postgres', 'redis', 'load', 'sink'];
const systems: readonly SystemName[] = ['bare', 'product'];

/** One line for the terminal. */
export function describeRound(system: SystemName, plan: RoundPlan, { full, low }: Round): string {
  return (
    `${system.padEnd(7)} ${plan.queue} fan-out ${plan.fanOut}: ${whole(full.deliveriesPerS)} deliveries/s, 202 ${pair(full.answered)} ms; ` +
    `at ${whole(low.eventsPerS)} events/s: 202 ${pair(low.answered)} ms, first byte ${pair(low.firstByte)} ms; ` +
    `CPU µs/delivery ${parts.map((part) => `${part} ${micros(full.cpuUs[part])}`).join(' ')}`
  );
}

/** The tables in Markdown. */
export function renderTables(comparisons: readonly Comparison[]): string {
  return [renderThroughput(comparisons), renderLowLoad(comparisons), renderCpu(comparisons)].join('\n\n');
}

function renderThroughput(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ plan, rounds }) => {
    const [bare, product] = systems.map((system) => rounds[system].map((round) => round.full));
    const ratio = bare!.length > 0 && product!.length > 0 ? middle(product!, perS) / middle(bare!, perS) : undefined;
    const verdict = ratio === undefined ? '–' : `${ratio.toFixed(2)} (≥ ${ratioMin[plan.queue]}: ${met(ratio >= ratioMin[plan.queue])})`;
    return [plan.queue, plan.fanOut, throughput(bare!), throughput(product!), verdict, answered(bare!), answered(product!)];
  });
  const head = [
    'queue',
    'fan-out',
    'bare, deliveries/s',
    'product, deliveries/s',
    'ratio',
    'bare, 202 p50 / p99 ms',
    'product, 202 p50 / p99 ms',
  ];
  return `### Throughput, closed loop\n\n${table(head, rows)}`;
}

function renderLowLoad(comparisons: readonly Comparison[]): string {
  const rows = eachSystem(comparisons, ({ plan }, system, rounds) => {
    const low = rounds.map((round) => round.low);
    const p50Ms = middle(low, (phase) => phase.firstByte.p50Ms);
    const p99Ms = middle(low, (phase) => phase.firstByte.p99Ms);
    const isMet = p50Ms <= firstByteMax.p50Ms && p99Ms <= firstByteMax.p99Ms;
    const rate = whole(middle(low, (phase) => phase.eventsPerS));
    return [plan.queue, plan.fanOut, system, rate, answered(low), pair({ p50Ms, p99Ms }), met(isMet)];
  });
  const bar = `≤ ${firstByteMax.p50Ms} / ${firstByteMax.p99Ms}`;
  const head = ['queue', 'fan-out', 'system', 'events/s', '202 p50 / p99 ms', 'accepted → first byte p50 / p99 ms', bar];
  return `### Latency at 10 % of that load, constant rate\n\n${table(head, rows)}`;
}

function renderCpu(comparisons: readonly Comparison[]): string {
  const rows = eachSystem(comparisons, ({ plan }, system, rounds) => {
    const figures = parts.map((part) => {
      const known = rounds.flatMap(({ full }) => full.cpuUs[part] ?? []);
      return micros(known.length === 0 ? null : median(known));
    });
    return [plan.queue, plan.fanOut, system, ...figures];
  });
  return `### CPU time per delivery, closed loop, in µs\n\n${table(['queue', 'fan-out', 'system', ...parts], rows)}`;
}

function eachSystem(
  comparisons: readonly Comparison[],
  row: (it: Comparison, system: SystemName, rounds: readonly Round[]) => Cell[],
): Cell[][] {
  return comparisons.flatMap((it) =>
    systems.filter((system) => it.rounds[system].length > 0).map((system) => row(it, system, it.rounds[system])),
  );
}

function throughput(phases: readonly Phase[]): string {
  if (phases.length === 0) return '–';
  return `${whole(middle(phases, perS))} (${phases.map((phase) => whole(perS(phase))).join(', ')})`;
}

function answered(phases: readonly Phase[]): string {
  if (phases.length === 0) return '–';
  return pair({ p50Ms: middle(phases, (phase) => phase.answered.p50Ms), p99Ms: middle(phases, (phase) => phase.answered.p99Ms) });
}

const perS = (phase: Phase): number => phase.deliveriesPerS;
const middle = (phases: readonly Phase[], read: (phase: Phase) => number): number => median(phases.map(read));
const pair = ({ p50Ms, p99Ms }: Percentiles): string => `${p50Ms.toFixed(1)} / ${p99Ms.toFixed(1)}`;
const whole = (figure: number): string => Math.round(figure).toLocaleString('en');
const micros = (figure: number | null): string => (figure === null ? '–' : figure.toFixed(0));
const met = (isMet: boolean): string => (isMet ? 'met' : '**missed**');
