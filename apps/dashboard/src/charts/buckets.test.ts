import { expect, it } from '@jest/globals';
import { pointsOf } from './buckets.js';

const at = (minute: number) => `2026-11-22T10:0${minute}:00.000Z`;

it('has a point for every interval, also where nothing happened', () => {
  const data = [{ at: at(1), succeeded: 3, failed: 1, skipped: 1, p50_ms: 8, p95_ms: 16, p99_ms: null }];
  const points = pointsOf({ from: at(0), to: '2026-11-22T10:02:30.000Z', interval: 'minute', data });
  expect(points.map(({ at: time }) => new Date(time).toISOString())).toEqual([at(0), at(1), at(2)]);
  expect(points.map(({ succeeded, failed, skipped, p50, p95, p99 }) => [succeeded, failed, skipped, p50, p95, p99])).toEqual([
    [0, 0, 0, null, null, null],
    [3, 1, 1, 8, 16, null],
    [0, 0, 0, null, null, null],
  ]);
});
