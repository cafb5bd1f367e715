import { expect, it } from '@jest/globals';
import type { StepFigures } from './measure.js';
import { renderSeries } from './report.js';
import { allSeries, seriesNames } from './series.js';

const figures = (deliveriesPerS: number, redis: number | null): StepFigures => ({
  eventsPerS: 1_000,
  deliveriesPerS,
  p50Ms: 1.25,
  p99Ms: 10,
  cpuUs: { api: 10, worker: 20, postgres: 30, redis },
  walBytes: 1_999.7,
  busiestPercent: 50.4,
});

it('shows the median of the rounds, the sum of the parts, and what cannot be known as such', () => {
  const series = { ...allSeries(true)[0]!, steps: allSeries(true)[0]!.steps.slice(0, 2) };
  const text = renderSeries({ series, rounds: [[figures(900, 1), figures(5_000, 3), figures(1_000, 2)], [figures(1, null)]] });
  expect(text.split('\n').slice(-2)).toEqual([
    '| 100 events/s | 1,000 | 1,000 | 1.3 / 10.0 | 10 | 20 | 30 | 2 | 62 | 2,000 | 50 % |',
    '| 500 events/s | 1,000 | 1 | 1.3 / 10.0 | 10 | 20 | 30 | – | – | 2,000 | 50 % |',
  ]);
});

it('has every series once, whole and quick', () => {
  for (const isQuick of [true, false]) expect(allSeries(isQuick).map(({ name }) => name)).toEqual(seriesNames);
});
