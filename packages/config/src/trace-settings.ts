// The settings of traces, named as OpenTelemetry names them everywhere.

export const traceSamplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type TraceSampler = (typeof traceSamplers)[number];

export type TraceSettings = {
  /** Of the collector; spans go to `/v1/traces` under it. */
  readonly endpoint: string;
  readonly serviceName: string;
  readonly sampler: TraceSampler;
  /** 0 to 1. */
  readonly sampleRatio: number;
  /** Whether requests to endpoints name their trace. */
  readonly tellsEndpoints: boolean;
};

type TraceVariables = {
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  readonly OTEL_SERVICE_NAME: string;
  readonly OTEL_TRACES_SAMPLER: TraceSampler;
  readonly OTEL_TRACES_SAMPLER_ARG: string;
  readonly POSTHORN_TRACE_ENDPOINTS: 'true' | 'false';
};

/** Null: no collector is named. */
export const traceSettingsOf = (read: TraceVariables): TraceSettings | null =>
  read.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
    ? null
    : {
        endpoint: read.OTEL_EXPORTER_OTLP_ENDPOINT,
        serviceName: read.OTEL_SERVICE_NAME,
        sampler: read.OTEL_TRACES_SAMPLER,
        sampleRatio: Number(read.OTEL_TRACES_SAMPLER_ARG),
        tellsEndpoints: read.POSTHORN_TRACE_ENDPOINTS === 'true',
      };

/** `0`, `0.05`, `1`. */
export const isShare = (text: string): boolean => /^(0|1|0?\.\d+|1\.0+)$/.test(text);

/** `name=value` and more of them with commas between; values are percent-encoded. */
export const isHeaderList = (text: string): boolean =>
  text.split(',').every((each) => /^\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+\s*=[\x21-\x7e ]*$/.test(each));
