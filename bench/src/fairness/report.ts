// Rounds of scenarios to words: a line per figure for the terminal, and its part of docs/benchmarks.md.
import { table } from '../markdown.js';
import type { Figure, Scenario } from './scenario.js';
import { judge } from './verdict.js';

/** All rounds of one scenario. */
export interface ScenarioRounds {
  readonly scenario: Pick<Scenario, 'name' | 'story'>;
  readonly rounds: readonly (readonly Figure[])[];
}

/** The figures of one round, for the terminal. */
export function describeFigures(name: string, figures: readonly Figure[]): string {
  return figures
    .map((figure) => {
      const baseline = figure.baseline === undefined ? '' : `, without the trouble ${render(figure.baseline)}`;
      return `${name.padEnd(13)} ${figure.name}: ${render(figure.value)}${unitOf(figure)}${baseline} ${verdictOf([figure])}`.trimEnd();
    })
    .join('\n');
}

/** What the scenario does, and its table. */
export function renderScenario({ scenario, rounds }: ScenarioRounds): string {
  const rows = (rounds[0] ?? []).map((figure, place) => {
    const figures = rounds.map((round) => round[place]!);
    const stray = figures.find((other) => other.name !== figure.name);
    if (stray !== undefined) throw new Error(`${stray.name} stands where ${figure.name} is expected`);
    const { value, baseline } = judge(figures);
    const each = figures.length === 1 ? '' : ` (${figures.map((one) => render(one.value)).join(', ')})`;
    return [
      `${figure.name}${figure.unit === '' ? '' : `, ${figure.unit}`}`,
      baseline === null ? '' : render(baseline),
      `${render(value)}${each}`,
      verdictOf(figures),
    ];
  });
  return [`### ${scenario.name}`, scenario.story, table(['figure', 'without the trouble', 'with it', 'bar'], rows)].join('\n\n');
}

function verdictOf(figures: readonly Figure[]): string {
  const bar = figures[0]?.bar;
  const { judged, met } = judge(figures);
  if (bar === undefined || judged === null) return '';
  const times = bar.of === 'baseline' ? `${judged.toFixed(2)} × ` : '';
  const limit = `${bar.relation} ${bar.limit}${bar.of === 'baseline' ? ' ×' : unitOf(figures[0]!)}`;
  return `${times}(${limit}: ${met ? 'met' : '**missed**'})`;
}

const unitOf = ({ unit }: Figure): string => (unit === '' ? '' : ` ${unit}`);

/** Three digits, but no more than two after the point. */
function render(figure: number): string {
  const size = Math.abs(figure);
  const digits = Number.isInteger(figure) || size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return figure.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
