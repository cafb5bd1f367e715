// A chart that is drawn in its own time: it is loaded when it is first shown, and what people do comes before what is told.
import { Skeleton } from '@mantine/core';
import { type ComponentType, Suspense, useDeferredValue, useMemo } from 'react';
import { type Answer, type Point, pointsOf } from './buckets.js';
import { chartHeightPx, type Interval } from './time-axis.js';

export type ChartProps = { readonly points: readonly Point[]; readonly interval: Interval };

/** @param of memoized: it is drawn again where its points are others. Hidden from those who do not see it: its figures stand beside it. */
export const Drawing = ({ of: Chart, statistics }: { readonly of: ComponentType<ChartProps>; readonly statistics: Answer }) => {
  const shown = useDeferredValue(statistics);
  const points = useMemo(() => pointsOf(shown), [shown]);
  return (
    <div aria-hidden="true">
      <Suspense fallback={<Skeleton height={chartHeightPx} />}>
        <Chart points={points} interval={shown.interval} />
      </Suspense>
    </div>
  );
};
