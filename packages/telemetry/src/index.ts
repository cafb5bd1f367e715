export { type LogEvent, type LogFacts, type LogLevel, type LogLine, logCatalogue } from './log-catalogue.js';
export { logLimits } from './loggable.js';
export { createLogger, type Logger, type LoggerOptions } from './logger.js';
export {
  answerClasses,
  type LabelValues,
  type MetricDefinition,
  type MetricRole,
} from './metric-definition.js';
export { metricList } from './metric-list.js';
export { createMetrics, type Metrics } from './metrics.js';
export { logProcess } from './process-log.js';
export { createErrorLog, type ErrorLog } from './repeated-errors.js';
export { createTimely, type TimelyOptions } from './timely.js';
export {
  openTraces,
  type SpanFacts,
  type SpanStart,
  type TraceSampler,
  type TraceSettings,
  type TraceSpan,
  type Traces,
} from './traces.js';
