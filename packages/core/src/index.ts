// Everything that the pure bottom offers: names, rules, formats. It does no I/O, reads no clock and draws no random numbers.
export {
  bootstrapCharsMax,
  bootstrapCharsMin,
  hashApiKey,
  type KeyMode,
  keyIdBytesMin,
  keySecretBytesMin,
  newApiKey,
  type ReadKey,
  readApiKey,
} from './api-key.js';
export {
  beginProbe,
  type Circuit,
  type CircuitPolicy,
  type CircuitResult,
  defaultCircuitPolicy,
  foldFlush,
  newCircuit,
  resetCircuit,
} from './circuit-policy.js';
export { deliveryHeaderNames, deliveryHeaders } from './delivery-headers.js';
export {
  type BatchItem,
  type BatchLimits,
  type BatchResult,
  type EventLimits,
  type EventResult,
  echoedFieldCharsMax,
  eventLimits,
  fieldErrorsMax,
  isName,
  type ParsedEvent,
  parseBatch,
  parseEvent,
  projectFlowCharsMax,
  projectFlowsMax,
} from './event.js';
export {
  eventTypeCharsMax,
  isEventType,
  isEventTypePattern,
  isReservedEventType,
  matchesEventType,
  matchesPattern,
  reservedEventTypePrefix,
} from './event-type.js';
export { checkJson, type JsonMember, type JsonRange, type ScanFailure, scanArray, scanObject } from './json-scanner.js';
export { type CompiledTenant, compileWebhooks, type MatchableWebhook, matchCacheTypesMax, matchEvent } from './match.js';
export { envelope } from './payload-format.js';
export {
  type FieldError,
  type ProblemCode,
  type ProblemDocument,
  ProblemError,
  type ProblemOptions,
  problem,
  problemDocument,
  problems,
} from './problems.js';
export { type Reason, reasonCodes, reasonOfCode, reasons } from './reasons.js';
export { retryAfterMs } from './retry-after.js';
export { formatRfc3339, parseRfc3339 } from './rfc3339.js';
export {
  isSecret,
  newSecret,
  newSecretBytes,
  secretBytesMax,
  secretBytesMin,
  secretCharsMax,
  secretCharsMin,
  secretKeyBytes,
  secretPrefix,
} from './secret.js';
export { type SignedHeaders, sign, signatureToleranceS, type Verification, verifySignature } from './signature.js';
export {
  type AttemptKind,
  attemptKindCodes,
  attemptKindOfCode,
  attemptKinds,
  type CircuitState,
  circuitStateCodes,
  circuitStateOfCode,
  circuitStates,
  type ErrorKind,
  errorKindCodes,
  errorKindOfCode,
  errorKinds,
  type ShownStatus,
  type StoredStatus,
  shownStatus,
  shownStatuses,
  storedStatusCodes,
} from './statuses.js';
export { isUuid, uuidRandomBytesMin, uuidv7, uuidv7TimeMs } from './uuid.js';
export {
  type AttemptOutcome,
  countsForCircuit,
  defaultRetryScheduleS,
  type FailedReason,
  judge,
  type RetryPolicy,
  retryAfterMaxMs,
  retryJitter,
  type Verdict,
} from './verdict.js';
