// The lanes of a webhook over time. What they show stands in words beside each of them.
import { Group, Text } from '@mantine/core';
import { count } from '../shared/numbers.js';
import { duration } from '../shared/relative-time.js';
import { exactTime } from '../shared/time.js';
import { type Lane, lanes, type Segment, type Summary, summaryOf } from './lanes.js';
import './swim-lanes.css';

const names: Readonly<Record<Lane, string>> = {
  closed: 'Circuit closed',
  half_open: 'Half-open (probed)',
  open: 'Circuit open',
  paused: 'Paused',
  disabled: 'Disabled',
};
const ticks = 4;
const dayMs = 86_400_000;
const hundred = 100;

const lasted = (ms: number): string => duration(ms / 1_000);

const wordsOf = (lane: Lane, { times, totalMs, isNow }: Summary, wholeMs: number): string => {
  if (times === 0) return 'never';
  if (lane === 'closed') return totalMs >= wholeMs ? 'all the time' : `${Math.floor((hundred * totalMs) / wholeMs)} % of the time`;
  const often = times === 1 ? 'once' : `${count(times)} times`;
  return [often, ...(totalMs > 0 ? [`${lasted(totalMs)} in all`] : []), ...(isNow ? ['now'] : [])].join(', ');
};

const titleOf = ({ lane, from, to }: Segment): string =>
  from === to
    ? `${names[lane]}: ${exactTime(new Date(from).toISOString())}`
    : `${names[lane]}: ${exactTime(new Date(from).toISOString())} – ${exactTime(new Date(to).toISOString())} (${lasted(to - from)})`;

type Props = { readonly segments: readonly Segment[]; readonly fromMs: number; readonly toMs: number };

const SwimLanes = ({ segments, fromMs, toMs }: Props) => {
  const wholeMs = Math.max(1, toMs - fromMs);
  const percent = (ms: number): string => `${(hundred * ms) / wholeMs}%`;
  return (
    <ul className="swim-lanes" aria-label="The webhook over time">
      {lanes.map((lane) => (
        <li key={lane} className="swim-row">
          <Group gap={6} wrap="wrap" component="span">
            <Text size="sm" fw={600} span>
              {names[lane]}
            </Text>
            <Text size="xs" c="dimmed" span>
              {wordsOf(lane, summaryOf(segments, lane, toMs), wholeMs)}
            </Text>
          </Group>
          <div className="swim-lane" aria-hidden="true">
            {segments
              .filter((segment) => segment.lane === lane)
              .map((segment) => (
                <div
                  key={`${segment.from} ${segment.to}`}
                  className={`swim-segment swim-${lane.replace('_', '-')}`}
                  style={{ left: `min(${percent(segment.from - fromMs)}, calc(100% - 3px))`, width: percent(segment.to - segment.from) }}
                  title={titleOf(segment)}
                />
              ))}
          </div>
        </li>
      ))}
      <li className="swim-row" aria-hidden="true">
        <span />
        <div className="swim-axis">
          {Array.from({ length: ticks + 1 }, (_, index) => fromMs + (index * wholeMs) / ticks).map((atMs) => (
            <Text key={atMs} size="xs" c="dimmed" span>
              {tickOf(atMs, wholeMs)}
            </Text>
          ))}
        </div>
      </li>
    </ul>
  );
};

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const dayAndClock = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });

const tickOf = (atMs: number, wholeMs: number): string => {
  if (wholeMs < dayMs) return clock.format(atMs);
  return wholeMs <= dayMs ? dayAndClock.format(atMs) : day.format(atMs);
};

export default SwimLanes;
