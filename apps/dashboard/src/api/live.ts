// What happens, as it happens: one stream for the whole console, open while a page listens. It is a hint of what to read again, never what is shown as
// a fact: messages may be lost, and then `reset` says so.
import { useThrottledCallback } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';

export type LiveMessage =
  | { readonly kind: 'event'; readonly event_id: string; readonly event_type: string }
  | { readonly kind: 'attempt'; readonly event_id: string; readonly webhook_id: string; readonly event_type: string }
  /** It was made or ended without an attempt, or somebody retried or cancelled it. */
  | { readonly kind: 'delivery'; readonly event_id: string; readonly webhook_id: string; readonly event_type: string }
  | { readonly kind: 'circuit'; readonly webhook_id: string }
  /** Something was not told: whatever is shown may be old. */
  | { readonly kind: 'reset' };

type Listener = (messages: readonly LiveMessage[]) => void;

const names = ['event', 'attempt', 'delivery', 'circuit', 'dropped', 'reset'] as const;
/** Listeners are called this often at most, in milliseconds, however much happens. */
const tellEveryMs = 500;
/** More than that at once is told as a reset. */
const toldMax = 2_000;
/** A stream that was refused is asked for again after that long. */
const againMs = 5_000;
/** From one page to the next the stream stays open. */
const lingerMs = 2_000;

const listeners = new Set<Listener>();
let source: EventSource | null = null;
let waiting: LiveMessage[] = [];
let telling: ReturnType<typeof setTimeout> | undefined;
let opening: ReturnType<typeof setTimeout> | undefined;
let closing: ReturnType<typeof setTimeout> | undefined;

const tell = (): void => {
  telling = undefined;
  const messages = waiting;
  waiting = [];
  for (const listener of listeners) listener(messages);
};

const take = (message: LiveMessage): void => {
  if (waiting.length < toldMax) waiting.push(message);
  else waiting = [{ kind: 'reset' }];
  if (telling === undefined) telling = setTimeout(tell, tellEveryMs);
};

const messageOf = (name: (typeof names)[number], text: string): LiveMessage =>
  name === 'dropped' || name === 'reset' ? { kind: 'reset' } : { ...JSON.parse(text), kind: name };

const open = (): void => {
  const stream = new EventSource('/v1/stream');
  source = stream;
  for (const name of names) stream.addEventListener(name, ({ data }: MessageEvent<string>) => take(messageOf(name, data)));
  // A stream that broke comes back by itself; one that was refused does not.
  stream.addEventListener('error', () => {
    if (stream.readyState !== EventSource.CLOSED || source !== stream) return;
    source = null;
    opening = setTimeout(() => {
      opening = undefined;
      open();
    }, againMs);
  });
};

const close = (): void => {
  clearTimeout(opening);
  opening = undefined;
  source?.close();
  source = null;
};

/** Listens until what it returns is called. */
export const listen = (listener: Listener): (() => void) => {
  clearTimeout(closing);
  listeners.add(listener);
  if (source === null && opening === undefined) open();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) closing = setTimeout(close, lingerMs);
  };
};

/** Calls it while the page is there. */
export const useLive = (listener: Listener): void => {
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => listen((messages) => latest.current(messages)), []);
};

/** Reads are made this often at most because of what happens, in milliseconds. */
const readAgainMs = 1_500;

/** Reads what stands under the key again when such a message, or that something was missed, is told. */
export const useLiveRefresh = (queryKey: readonly unknown[], concerns: (message: LiveMessage) => boolean): void => {
  const queries = useQueryClient();
  // One read at a time: what is under way is waited for.
  const refresh = useThrottledCallback(() => void queries.invalidateQueries({ queryKey }, { cancelRefetch: false }), readAgainMs);
  useLive((messages) => {
    if (messages.some((message) => message.kind === 'reset' || concerns(message))) refresh();
  });
};
