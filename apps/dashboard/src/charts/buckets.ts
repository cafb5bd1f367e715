// The intervals of an answer as points of a chart: one for each interval, also where nothing happened.
export type Bucket = {
  readonly at: string;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
};
export type Point = { readonly at: number; readonly succeeded: number; readonly failed: number; readonly skipped: number };

const intervalMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
const pointsMax = 2_000;

type Answer = { readonly from: string; readonly to: string; readonly interval: keyof typeof intervalMs; readonly data: readonly Bucket[] };

export const pointsOf = ({ from, to, interval, data }: Answer): readonly Point[] => {
  const stepMs = intervalMs[interval];
  const byTime = new Map(data.map((bucket) => [Date.parse(bucket.at), bucket]));
  const startMs = Math.floor(Date.parse(from) / stepMs) * stepMs;
  const count = Math.min(Math.ceil((Date.parse(to) - startMs) / stepMs), pointsMax);
  return Array.from({ length: count }, (_, index) => {
    const at = startMs + index * stepMs;
    const { succeeded = 0, failed = 0, skipped = 0 } = byTime.get(at) ?? {};
    return { at, succeeded, failed, skipped };
  });
};
