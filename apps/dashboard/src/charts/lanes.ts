// What a webhook was, and when: its timeline as stretches of time, lane by lane. A circuit is in one of three lanes at any time; paused and disabled lie
// beside that.
export const lanes = ['closed', 'half_open', 'open', 'paused', 'disabled'] as const;
export type Lane = (typeof lanes)[number];
/** Unix milliseconds; a moment, such as a probe, has no length. */
export type Segment = { readonly lane: Lane; readonly from: number; readonly to: number };

type Entry = { readonly at: string; readonly kind: string };
export type Past = {
  /** In the order of time. */
  readonly entries: readonly Entry[];
  /** How it is now. */
  readonly now: {
    readonly circuit_state: string;
    readonly circuit_retry_at: string | null;
    readonly paused_at: string | null;
    readonly disabled_at: string | null;
  };
  /** From when on it is known. */
  readonly fromMs: number;
  readonly toMs: number;
};

type Stretch = { readonly lane: Lane; readonly from: number };

/** @param first what the circuit was before the first entry */
const circuitSegments = ({ entries, now, toMs }: Past, first: Lane): readonly Segment[] => {
  const segments: Segment[] = [];
  let current: Stretch = { lane: first, from: Number.NEGATIVE_INFINITY };
  const change = (lane: Lane, at: number, isProbed = false) => {
    if (isProbed) segments.push({ lane: 'half_open', from: at, to: at });
    if (lane === current.lane) return;
    segments.push({ ...current, to: at });
    current = { lane, from: at };
  };
  for (const { at, kind } of entries) {
    const atMs = Date.parse(at);
    if (kind === 'circuit_opened') change('open', atMs);
    else if (kind === 'circuit_reopened') change('open', atMs, true);
    else if (kind === 'circuit_closed') change('closed', atMs, true);
    else if (kind === 'circuit_reset') change('closed', atMs);
  }
  // That a probe is on its way is no entry: it was due at the time that the webhook has.
  if (now.circuit_state === 'half_open' && now.circuit_retry_at !== null)
    change('half_open', Math.min(toMs, Math.max(current.from, Date.parse(now.circuit_retry_at))));
  return [...segments, { ...current, to: toMs }];
};

const firstCircuit = (entries: readonly Entry[]): Lane => {
  const kind = entries.find((entry) => entry.kind.startsWith('circuit_'))?.kind;
  return kind === 'circuit_reopened' || kind === 'circuit_closed' ? 'open' : 'closed';
};

/** A switch that is thrown and thrown back. @param isOn how it is now */
const switchSegments = ({ entries, toMs }: Past, lane: Lane, on: string, off: string, isOn: boolean): readonly Segment[] => {
  const thrown = entries.filter(({ kind }) => kind === on || kind === off);
  const wasOn = thrown.length === 0 ? isOn : thrown[0]?.kind === off;
  const segments: Segment[] = [];
  let since: number | null = wasOn ? Number.NEGATIVE_INFINITY : null;
  for (const { at, kind } of thrown) {
    const atMs = Date.parse(at);
    if (kind === on) since ??= atMs;
    else if (since !== null) {
      segments.push({ lane, from: since, to: atMs });
      since = null;
    }
  }
  return since === null ? segments : [...segments, { lane, from: since, to: toMs }];
};

/** In the order of the lanes, cut to the time that is asked for. */
export const segmentsOf = (past: Past): readonly Segment[] => {
  const { entries, now, fromMs, toMs } = past;
  const all = [
    ...circuitSegments(past, firstCircuit(entries)),
    ...switchSegments(past, 'paused', 'paused', 'resumed', now.paused_at !== null),
    ...switchSegments(past, 'disabled', 'disabled', 'enabled', now.disabled_at !== null),
  ];
  return all
    .filter(({ from, to }) => to >= fromMs && from <= toMs && (to > fromMs || from === to))
    .map(({ lane, from, to }) => ({ lane, from: Math.max(from, fromMs), to: Math.min(to, toMs) }));
};

export type Summary = { readonly times: number; readonly totalMs: number; readonly isNow: boolean };

/** How often, how long in all, and whether now. */
export const summaryOf = (segments: readonly Segment[], lane: Lane, toMs: number): Summary => {
  const own = segments.filter((segment) => segment.lane === lane);
  return {
    times: own.length,
    totalMs: own.reduce((sum, { from, to }) => sum + to - from, 0),
    isNow: own.some(({ from, to }) => to >= toMs && to > from),
  };
};
