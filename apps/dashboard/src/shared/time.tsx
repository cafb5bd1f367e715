// A time: relative, and on hover or focus exact, local and UTC.
import { Text, Tooltip } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { relativeTime, shortTime } from './relative-time.js';

const everyMs = 5_000;
let nowMs = Date.now();
const subscribe = (listener: () => void) => {
  const timer = setInterval(() => {
    nowMs = Date.now();
    listener();
  }, everyMs);
  return () => clearInterval(timer);
};

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });

/** Local and exact. @param at RFC 3339 */
export const exactTime = (at: string): string => exact.format(new Date(at));

const inText = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** A sentence of the API's, with its times local. */
export const withLocalTimes = (text: string): string => text.replaceAll(inText, exactTime);

/** @param at RFC 3339 */
export const Time = ({ at }: { readonly at: string }) => {
  const now = useSyncExternalStore(subscribe, () => nowMs);
  const date = new Date(at);
  // What has just happened is not yet to come: `now` is some seconds old.
  const isJustNow = date.getTime() > now && date.getTime() <= Date.now();
  return (
    <Tooltip label={`${exact.format(date)} · ${date.toISOString()}`} events={{ hover: true, focus: true, touch: true }}>
      <Text component="time" dateTime={at} inherit span className="no-wrap" tabIndex={0}>
        {relativeTime(date.getTime(), isJustNow ? date.getTime() : now)}
      </Text>
    </Tooltip>
  );
};

/** For times that may not be. */
export const TimeOr = ({ at, none = '–' }: { readonly at: string | null; readonly none?: string }) =>
  at === null ? <span>{none}</span> : <Time at={at} />;

/** Relative and exact side by side, where there is room. */
export const FullTime = ({ at }: { readonly at: string }) => {
  const now = useSyncExternalStore(subscribe, () => nowMs);
  return (
    <>
      <Time at={at} />{' '}
      <Text span size="xs" c="dimmed" className="no-wrap">
        {shortTime(Date.parse(at), now)}
      </Text>
    </>
  );
};
