// Traces: spans as OpenTelemetry has them, sent to a collector by OTLP. Off unless a collector is named, and then nothing of it is even loaded.

/** How many of the traces that begin here are recorded, as OTEL_TRACES_SAMPLER says; those that began elsewhere are as their callers decided, if `parentbased`. */
export type TraceSampler = `${'' | 'parentbased_'}${'always_on' | 'always_off' | 'traceidratio'}`;

export type TraceSettings = {
  /** Of the collector; spans go to `/v1/traces` under it. */
  readonly endpoint: string;
  readonly serviceName: string;
  readonly sampler: TraceSampler;
  /** 0 to 1: the share of the samplers that have one. */
  readonly sampleRatio: number;
};

/** What stands in a span. Never a payload, a secret, or the query of a URL. */
export type SpanFacts = Readonly<Record<string, string | number | undefined>>;

export type SpanStart = {
  readonly name: string;
  readonly kind: 'server' | 'producer' | 'consumer' | 'client';
  /** The span that it is a part of, as W3C's traceparent; what is none, or absent: a trace begins. */
  readonly parent?: string | undefined;
  /** A span of another trace that it follows from. It is recorded if that one was. */
  readonly link?: string | undefined;
  readonly facts?: SpanFacts;
};

export type TraceSpan = {
  /** For those who go on with it; undefined: it is not recorded, and so is nothing that follows. */
  readonly traceparent: string | undefined;
  /** 32 hexadecimal digits; undefined: it is not recorded. */
  readonly traceId: string | undefined;
  /** Ends it. `failure` is what kind of error it was, undefined: none. */
  readonly end: (facts?: SpanFacts, failure?: string) => void;
};

export type Traces = {
  readonly begin: (start: SpanStart) => TraceSpan;
  /** Sends what is left, for a second at most. */
  readonly stop: () => Promise<void>;
};

/** Bounds of what waits for the collector. */
export const traceLimits = {
  /** Spans beyond are dropped. */
  spansWaitingMax: 8_192,
  spansPerExport: 512,
  exportEveryMs: 1_000,
  /** A process that has stopped may live as much longer if the collector is away. */
  exportMsMax: 2_000,
  stopMsMax: 1_000,
  factCharsMax: 1_024,
} as const;

/**
 * Begins to trace.
 * @param role of the process
 * @param onError told what went wrong between here and the collector; spans are lost then, and nothing else
 */
export const openTraces = async (settings: TraceSettings, role: string, onError: (error: unknown) => void): Promise<Traces> => {
  const { createCollectorExporter, createTraces } = await import('./traces-on.js');
  return createTraces({ ...settings, role, exporter: createCollectorExporter(settings.endpoint), onError });
};
