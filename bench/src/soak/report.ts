// A soak in words: its table, and what went beyond.
import { table } from '../markdown.js';
import type { SoakPlan } from './plan.js';
import type { ProcessSample } from './processes.js';
import type { SoakRun } from './run.js';
import { type FigureKind, tolerances } from './tolerances.js';
import { isWithin, type SoakFigure } from './verdict.js';

const rest = 1e-9;
const number = (value: number, digits = 1): string =>
  value.toLocaleString('en', { maximumFractionDigits: Math.abs(value - Math.round(value)) < rest ? 0 : digits });

/** One line for the terminal: resident memory and descriptors of each process at one moment. */
export function describeSample(phase: string, atS: number, samples: ReadonlyMap<string, ProcessSample>): string {
  const each = [...samples].map(([name, it]) => `${name} ${number(it.residentMb, 0)} MB, ${it.descriptors} open`);
  return `soak ${phase} ${number(atS, 0)} s: ${each.join('; ')}`;
}

/** What was run, and a row for each figure. A hot table that never reached its smallest tolerance is left out. */
export function renderSoak(plan: SoakPlan, { topPerS, ratePerS, deliveries, figures }: SoakRun): string {
  const shown = figures.filter(isWorthARow);
  const left = figures.length - shown.length;
  const story =
    `One API, ${plan.workers} workers, ${plan.webhooks} webhooks that take turns; queue on Redis. Top rate, closed loop: ${number(topPerS, 0)} events/s. ` +
    `Then ${number(ratePerS, 0)} events/s (${plan.loadShare * 100} %): ${plan.warmUpS} s of warm-up and ${plan.soakS} s of soak, ` +
    `${number(deliveries, 0)} deliveries stored in the end, each with exactly one success. Memory of processes: of the samples of the last ${plan.windowS} s under load; ` +
    `all else: at rest, after a drain, a vacuum and ${plan.restS} s.${plan.isJudged ? '' : ' Too short to be judged.'}`;
  const rows = shown.map((figure) => [
    figure.name,
    withRows(figure, 'before'),
    withRows(figure, 'after'),
    `${number(figure.most)} (${tolerance(figure.kind)})`,
    isWithin(figure) ? 'met' : '**missed**',
  ]);
  const head = ['', 'after the warm-up', 'after the soak', 'at most', ''];
  const note = left === 0 ? [] : [`${left} more tables stayed below ${tolerances.hotTableMb.amount} MB.`];
  return [`### soak`, story, table(head, rows), ...note].join('\n\n');
}

/** Sentences about what went beyond; none if nothing did. */
export function describeMisses(figures: readonly SoakFigure[]): readonly string[] {
  return figures
    .filter((figure) => !isWithin(figure))
    .map(
      ({ name, before, after, most }) =>
        `${name}: ${number(before)} after the warm-up, ${number(after)} after the soak, at most ${number(most)}`,
    );
}

const isWorthARow = (figure: SoakFigure): boolean =>
  figure.kind !== 'hotTableMb' || figure.after > tolerances.hotTableMb.amount || !isWithin(figure);

function withRows(figure: SoakFigure, point: 'before' | 'after'): string {
  const rows = figure.rows === undefined ? '' : ` (${number(figure.rows[point], 0)} rows)`;
  return `${number(figure[point])}${rows}`;
}

function tolerance(kind: FigureKind): string {
  const { share, amount } = tolerances[kind];
  const of = kind === 'keptTableMb' ? 'per row ' : '';
  return `${of}${share === 0 ? '' : `+ ${Math.round(share * 100)} % `}+ ${amount}`;
}
