// The table of a series: every figure the median of its rounds.
import { table } from '../markdown.js';
import { median } from '../percentiles.js';
import { parts, type StepFigures } from './measure.js';
import type { Series, Step } from './series.js';

/** The rounds of each step, in the order of the steps. */
export interface SeriesRounds {
  readonly series: Series;
  readonly rounds: readonly (readonly StepFigures[])[];
}

const whole = (figure: number): string => Math.round(figure).toLocaleString('en');

/** One line for the terminal. */
export function describeStep(step: Step, figures: StepFigures): string {
  const cpu = parts.map((part) => `${part} ${figures.cpuUs[part]?.toFixed(0) ?? '–'}`).join(', ');
  return `${step.label}: ${whole(figures.deliveriesPerS)} deliveries/s, CPU µs per delivery: ${cpu}`;
}

/** A heading and a table. */
export function renderSeries({ series, rounds }: SeriesRounds): string {
  const head = [
    '',
    'events/s',
    'deliveries/s',
    '202 p50 / p99 ms',
    ...parts.map((part) => `${part}, µs`),
    'all, µs',
    'WAL, bytes',
    'busiest process',
  ];
  const rows = series.steps.map((step, index) => {
    const all = rounds[index] ?? [];
    const middle = (read: (figures: StepFigures) => number | null): number | null => {
      const values = all.map(read);
      return values.length === 0 || values.includes(null) ? null : median(values.map((value) => value ?? 0));
    };
    const cpu = parts.map((part) => middle((figures) => figures.cpuUs[part]));
    const total = cpu.includes(null) ? null : cpu.reduce<number>((sum, each) => sum + (each ?? 0), 0);
    const shown = (value: number | null, digits = 0): string =>
      value === null ? '–' : digits === 0 ? whole(value) : value.toFixed(digits);
    return [
      step.label,
      shown(middle((figures) => figures.eventsPerS)),
      shown(middle((figures) => figures.deliveriesPerS)),
      `${shown(
        middle((figures) => figures.p50Ms),
        1,
      )} / ${shown(
        middle((figures) => figures.p99Ms),
        1,
      )}`,
      ...cpu.map((each) => shown(each)),
      shown(total),
      shown(middle((figures) => figures.walBytes)),
      `${shown(middle((figures) => figures.busiestPercent))} %`,
    ];
  });
  return `### ${series.title}\n\n${table(head, rows)}`;
}
