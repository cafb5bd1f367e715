// How an event came in: accepted, committed, matched. When it was matched is known to the next sign of it only, and said so.
import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { EventWithTexts } from '../../api/event-queries.js';
import { FullTime } from '../../shared/time.js';
import type { Axis, Span } from './axis.js';
import { apart, Lane } from './lane.js';

export type EventFacts = EventWithTexts['facts'];

/** From when it was received until it was written; clocks of two machines may differ by a little. */
const ingestOf = ({ received_at, accepted_at }: Pick<EventFacts, 'received_at' | 'accepted_at'>): Span => {
  const to = Date.parse(accepted_at);
  return { from: Math.min(Date.parse(received_at), to), to };
};

/** What its steps take of the axis. */
export const spansOf = (event: EventFacts): readonly Span[] => {
  const matchedMs = event.matched_by === null ? [] : [Date.parse(event.matched_by)];
  return [ingestOf(event), ...matchedMs.map((at) => ({ from: at, to: at }))];
};

type Props = { readonly event: EventFacts; readonly axis: Axis };

export const Ingest = ({ event, axis }: Props) => {
  const { from, to } = ingestOf(event);
  const matchedMs = event.matched_by === null ? null : Date.parse(event.matched_by);
  return (
    <>
      <Step axis={axis} atMs={from}>
        <span aria-hidden="true">● </span>Accepted <FullTime at={event.received_at} />
      </Step>
      <Step axis={axis} atMs={to}>
        <span aria-hidden="true">● </span>Committed {apart(to - from)} later
      </Step>
      <Step axis={axis} atMs={matchedMs}>
        {matchedWords(event)}
        {matchedMs !== null && `, within ${apart(matchedMs - to)}`}
      </Step>
    </>
  );
};

const matchedWords = ({ fan_out, deliveries }: EventFacts): ReactNode => {
  if (fan_out === 'waiting') return '… It is not matched with webhooks yet.';
  const made = Object.values(deliveries).reduce((sum, count) => sum + count, 0);
  return (
    <>
      <span aria-hidden="true">✓ </span>
      {made === 0
        ? 'Matched: no webhook wants it. "Explain" below says why, for any webhook.'
        : `Matched with ${made === 1 ? '1 webhook' : `${made} webhooks`}`}
    </>
  );
};

type StepProps = { readonly axis: Axis; readonly atMs: number | null; readonly children: ReactNode };

const Step = ({ axis, atMs, children }: StepProps) => (
  <div className="waterfall-row">
    <Text size="sm">{children}</Text>
    {atMs !== null && (
      <Lane axis={axis}>
        <div className="lane-mark" style={{ left: `min(${100 * axis.place(atMs)}%, calc(100% - 3px))` }} />
      </Lane>
    )}
  </div>
);
