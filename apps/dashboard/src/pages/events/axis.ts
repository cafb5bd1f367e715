// The axis of time of a waterfall. Attempts last milliseconds and may be hours apart: where nothing happens for long, the axis is broken.

/** Unix milliseconds. */
export type Span = { readonly from: number; readonly to: number };
/** Where the axis is broken: `at` as a fraction of its length, and how many milliseconds are left out there. */
export type Break = { readonly at: number; readonly leftOutMs: number };
export type Axis = {
  /** The place of a time as a fraction of the axis, 0–1. */
  readonly place: (atMs: number) => number;
  readonly breaks: readonly Break[];
};

/** A quiet time takes at most this part of what all busy times take. */
const quietPart = 0.12;

type Piece = Span & { readonly start: number; readonly length: number; readonly isBroken: boolean };

const merged = (spans: readonly Span[]): readonly Span[] => {
  const all: Span[] = [];
  for (const span of [...spans].sort((one, other) => one.from - other.from)) {
    const last = all.at(-1);
    if (last !== undefined && span.from <= last.to) all[all.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
    else all.push(span);
  }
  return all;
};

/** @param spans when something happened */
export const axisOf = (spans: readonly Span[]): Axis => {
  const busy = merged(spans);
  const busyMs = busy.reduce((sum, { from, to }) => sum + to - from, 0);
  const quietMax = Math.max(busyMs, 1) * quietPart;
  const pieces: Piece[] = [];
  let start = 0;
  const add = ({ from, to }: Span, length: number) => {
    pieces.push({ from, to, start, length, isBroken: length < to - from });
    start += length;
  };
  for (const [index, span] of busy.entries()) {
    const before = busy[index - 1];
    if (before !== undefined) add({ from: before.to, to: span.from }, Math.min(span.from - before.to, quietMax));
    add(span, span.to - span.from);
  }
  const whole = start || 1;
  const place = (atMs: number): number => {
    const piece = pieces.find(({ to }) => atMs <= to);
    if (piece === undefined) return pieces.length === 0 ? 0 : 1;
    const within = piece.to === piece.from ? 0 : Math.max(0, atMs - piece.from) / (piece.to - piece.from);
    return (piece.start + within * piece.length) / whole;
  };
  return {
    place,
    breaks: pieces
      .filter(({ isBroken }) => isBroken)
      .map((piece) => ({ at: (piece.start + piece.length / 2) / whole, leftOutMs: piece.to - piece.from })),
  };
};
