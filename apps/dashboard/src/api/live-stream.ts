// What happens, as it happens: one stream for the whole console, open while a page listens and somebody looks. It is a hint of what to read again, never
// what is shown as a fact: whatever may have been missed is told as a `reset`, and while there is no stream, a reset every now and then stands in for it.
import { reachable, streaming } from './signals.js';

export type LiveMessage =
  | { readonly kind: 'event'; readonly event_id: string; readonly event_type: string }
  | {
      readonly kind: 'attempt';
      readonly event_id: string;
      readonly webhook_id: string;
      readonly event_type: string;
      readonly attempt_kind: string;
      readonly ok: boolean;
    }
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
/** A stream that was refused is asked for again after that long, each time after twice as long, up to the second. */
const [againFirstMs, againMaxMs] = [1_000, 30_000];
/** From one page to the next the stream stays open; in a tab that nobody looks at, for so long. */
const lingerMs = 2_000;
const hiddenMs = 30_000;
/** How old what is shown may become without a stream; and with one, which does not tell of everything, such as what others configure. */
const [withoutMs, withMs, lookEveryMs] = [10_000, 60_000, 5_000];

const listeners = new Set<Listener>();
let source: EventSource | null = null;
let waiting: LiveMessage[] = [];
let refusals = 0;
let toldAllAtMs = 0;
let telling: ReturnType<typeof setTimeout> | undefined;
let opening: ReturnType<typeof setTimeout> | undefined;
let closing: ReturnType<typeof setTimeout> | undefined;
let looking: ReturnType<typeof setInterval> | undefined;

const tell = (): void => {
  telling = undefined;
  // Who does not look is told once that something was missed, when they look again.
  if (document.hidden) return;
  const messages = waiting;
  waiting = [];
  if (messages.some(({ kind }) => kind === 'reset')) toldAllAtMs = Date.now();
  for (const listener of listeners) listener(messages);
};

const take = (message: LiveMessage): void => {
  if (waiting.length < toldMax) waiting.push(message);
  else waiting = [{ kind: 'reset' }];
  if (telling === undefined) telling = setTimeout(tell, tellEveryMs);
};

/** Has everything read again once somebody looks: for a read that was left out because nobody did. */
export const haveMissed = (): void => take({ kind: 'reset' });

const messageOf = (name: (typeof names)[number], text: string): LiveMessage =>
  name === 'dropped' || name === 'reset' ? { kind: 'reset' } : { ...JSON.parse(text), kind: name };

const open = (): void => {
  clearTimeout(opening);
  opening = undefined;
  const stream = new EventSource('/v1/stream');
  source = stream;
  // With one the server tells by itself what a break has made us miss.
  let hasPlace = false;
  for (const name of names)
    stream.addEventListener(name, ({ data, lastEventId }: MessageEvent<string>) => {
      hasPlace ||= lastEventId !== '';
      take(messageOf(name, data));
    });
  stream.addEventListener('open', () => {
    refusals = 0;
    streaming.set('live');
    // Between what was read and now something may have happened.
    if (!hasPlace) take({ kind: 'reset' });
  });
  // A stream that broke comes back by itself; one that was refused does not.
  stream.addEventListener('error', () => {
    if (source !== stream) return;
    streaming.set('down');
    if (stream.readyState !== EventSource.CLOSED) return;
    source = null;
    opening = setTimeout(open, Math.min(againFirstMs * 2 ** refusals, againMaxMs));
    refusals += 1;
  });
};

const close = (): void => {
  clearTimeout(opening);
  opening = undefined;
  clearInterval(looking);
  looking = undefined;
  source?.close();
  source = null;
  streaming.set('off');
};

/** Opens what is not open, if somebody listens and looks. */
const ensure = (): void => {
  if (listeners.size === 0 || document.hidden) return;
  if (source === null && opening === undefined) open();
  looking ??= setInterval(() => {
    // Nobody can be reached: the console asks by itself until somebody can, and has everything read then.
    if (document.hidden || !reachable.get()) return;
    if (Date.now() - toldAllAtMs >= (streaming.get() === 'live' ? withMs : withoutMs)) take({ kind: 'reset' });
  }, lookEveryMs);
};

document.addEventListener('visibilitychange', () => {
  clearTimeout(closing);
  if (document.hidden) {
    closing = setTimeout(close, hiddenMs);
    return;
  }
  ensure();
  if (waiting.length > 0) take({ kind: 'reset' });
});
reachable.subscribe(() => {
  // It is back: no need to wait for the next try.
  if (!reachable.get() || source !== null || opening === undefined) return;
  refusals = 0;
  open();
});

/** Listens until what it returns is called. */
export const listen = (listener: Listener): (() => void) => {
  clearTimeout(closing);
  // What is read for a page that begins is new.
  if (listeners.size === 0) toldAllAtMs = Date.now();
  listeners.add(listener);
  ensure();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) closing = setTimeout(close, lingerMs);
  };
};
