import { describe, expect, it } from '@jest/globals';
import { describeFigures, renderScenario } from './report.js';
import type { Figure } from './scenario.js';

const speed = (value: number, baseline: number): Figure => ({
  name: 'throughput',
  unit: 'deliveries/s',
  value,
  baseline,
  bar: { of: 'baseline', relation: '≥', limit: 0.8 },
});
const memory = (value: number): Figure => ({ name: 'memory', unit: 'MB', value, bar: { of: 'value', relation: '≤', limit: 64 } });
const waiting: Figure = { name: 'waiting', unit: '', value: 499_999 };
const scenario = { name: 'drain', story: 'It drains.' } as const;

const rowsOf = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('|'));

describe('renderScenario', () => {
  it('gives every figure a row: its median, its rounds, and its verdict', () => {
    const rounds = [
      [speed(1234.5, 1500), memory(12.34), waiting],
      [speed(700, 1000), memory(70.01), waiting],
      [speed(900, 1000), memory(3), waiting],
    ];
    expect(rowsOf(renderScenario({ scenario, rounds })).slice(2)).toEqual([
      '| throughput, deliveries/s | 1,000 | 900 (1,235, 700, 900) | 0.82 × (≥ 0.8 ×: met) |',
      '| memory, MB |  | 12.3 (12.3, 70.0, 3) | (≤ 64 MB: **missed**) |',
      '| waiting |  | 499,999 (499,999, 499,999, 499,999) |  |',
    ]);
  });

  it('tells what the scenario does', () => {
    const text = renderScenario({ scenario, rounds: [[waiting]] });
    expect(text).toContain('### drain\n\nIt drains.\n');
    expect(rowsOf(text)).toHaveLength(3);
  });

  it('refuses rounds whose figures are not the same', () => {
    expect(() => renderScenario({ scenario, rounds: [[waiting], [memory(1)]] })).toThrow('memory stands where waiting is expected');
  });
});

describe('describeFigures', () => {
  it('is a line a figure', () => {
    expect(describeFigures('drain', [speed(790, 1000), memory(0.5), waiting]).split('\n')).toEqual([
      'drain         throughput: 790 deliveries/s, without the trouble 1,000 0.79 × (≥ 0.8 ×: **missed**)',
      'drain         memory: 0.50 MB (≤ 64 MB: met)',
      'drain         waiting: 499,999',
    ]);
  });
});
