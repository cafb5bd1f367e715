// One line of a waterfall, and the words for the time between its marks.
import type { ReactNode } from 'react';
import { milliseconds } from '../../shared/numbers.js';
import { duration } from '../../shared/relative-time.js';
import type { Axis } from './axis.js';
import './waterfall.css';

/** Short below a minute, then in minutes and more. */
export const apart = (ms: number): string => (ms < 60_000 ? milliseconds(Math.max(0, ms)) : duration(ms / 1_000));

export const Lane = ({ axis, children }: { readonly axis: Axis; readonly children: ReactNode }) => (
  <div className="lane" aria-hidden="true">
    {axis.breaks.map(({ at, leftOutMs }) => (
      <div key={at} className="lane-break" style={{ left: `${100 * at}%` }} title={`${apart(leftOutMs)} left out`} />
    ))}
    {children}
  </div>
);
