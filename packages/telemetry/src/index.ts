export { logLimits } from './loggable.js';
export { createLogger, type Logger, type LoggerOptions } from './logger.js';
export { createMetrics, type Metrics } from './metrics.js';
export { logProcess } from './process-log.js';
export { createErrorLog } from './repeated-errors.js';
