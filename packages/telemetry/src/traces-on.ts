// Traces that are on: the one place that knows OpenTelemetry. Context is handed on by hand, as traceparent, so there is nothing global.
import { type Context, type Link, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { parseTraceParent, setGlobalErrorHandler } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { withoutSecretShapes } from '@posthorn/core';
import {
  type SpanFacts,
  type SpanStart,
  type TraceSampler,
  type TraceSettings,
  type TraceSpan,
  type Traces,
  traceLimits,
} from './traces.js';

export type TracesOptions = Omit<TraceSettings, 'endpoint'> & {
  readonly role: string;
  readonly exporter: SpanExporter;
  readonly onError: (error: unknown) => void;
};

const kinds = { server: SpanKind.SERVER, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER, client: SpanKind.CLIENT } as const;

/** Headers, certificates and timeouts of OTEL_EXPORTER_OTLP_* it reads for itself. */
export const createCollectorExporter = (endpoint: string): SpanExporter =>
  new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces`, timeoutMillis: traceLimits.exportMsMax });

const rootSamplerOf = (sampler: TraceSampler, ratio: number): Sampler => {
  if (sampler.endsWith('always_on')) return new AlwaysOnSampler();
  if (sampler.endsWith('always_off')) return new AlwaysOffSampler();
  return new TraceIdRatioBasedSampler(ratio);
};

const samplerOf = (name: TraceSampler, ratio: number): Sampler => {
  const root = rootSamplerOf(name, ratio);
  const sampler = name.startsWith('parentbased') ? new ParentBasedSampler({ root }) : root;
  return {
    shouldSample: (context, traceId, spanName, kind, attributes, links) =>
      // What was decided when the event came holds for all that follows from it.
      links.some(isSampled)
        ? { decision: SamplingDecision.RECORD_AND_SAMPLED }
        : sampler.shouldSample(context, traceId, spanName, kind, attributes, links),
    toString: () => `${sampler}`,
  };
};

const isSampled = ({ context }: Link): boolean => (context.traceFlags & TraceFlags.SAMPLED) !== 0;

const contextOf = (traceparent: string | undefined): Context => {
  const parent = traceparent === undefined ? null : parseTraceParent(traceparent);
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
};

const linksOf = (traceparent: string | undefined): Link[] => {
  const context = traceparent === undefined ? null : parseTraceParent(traceparent);
  return context === null ? [] : [{ context: { ...context, isRemote: true } }];
};

/** What strangers have a part in is bounded, and has no secret of ours in it. */
const loggableFacts = (facts: SpanFacts): Record<string, string | number> => {
  const attributes: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(facts)) {
    if (value === undefined) continue;
    attributes[name] = typeof value === 'string' ? withoutSecretShapes(value).slice(0, traceLimits.factCharsMax) : value;
  }
  return attributes;
};

const unrecorded: TraceSpan = { traceparent: undefined, traceId: undefined, end: () => undefined };

const spanOf = (span: Span, begun: SpanFacts): TraceSpan => {
  // Most spans are of traces that are not recorded, where samples are taken: those cost next to nothing.
  if (!span.isRecording()) return unrecorded;
  span.setAttributes(loggableFacts(begun));
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    traceparent: `00-${traceId}-${spanId}-01`,
    end: (facts = {}, failure) => {
      span.setAttributes(loggableFacts({ ...facts, 'error.type': failure }));
      if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
};

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

export const createTraces = (options: TracesOptions): Traces => {
  const { onError } = options;
  // The library tells of a collector that is away nowhere else.
  setGlobalErrorHandler(onError);
  const given = resourceFromAttributes({ 'service.name': options.serviceName, 'posthorn.role': options.role });
  const provider = new TracerProvider({
    resource: detectResources({ detectors: [envDetector] }).merge(given),
    sampler: samplerOf(options.sampler, options.sampleRatio),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: options.exporter,
        maxQueueSize: traceLimits.spansWaitingMax,
        maxExportBatchSize: traceLimits.spansPerExport,
        scheduledDelayMillis: traceLimits.exportEveryMs,
        exportTimeoutMillis: traceLimits.exportMsMax,
      }),
    ],
  });
  const tracer = provider.getTracer('posthorn');
  return {
    begin: ({ name, kind, parent, link, facts = {} }: SpanStart) => {
      return spanOf(tracer.startSpan(name, { kind: kinds[kind], links: linksOf(link) }, contextOf(parent)), facts);
    },
    stop: () => Promise.race([provider.shutdown().catch(onError), wait(traceLimits.stopMsMax)]),
  };
};
