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
  type Authentication,
  type AuthenticationResult,
  apiKeyHeaderDefault,
  authenticationHeader,
  credentialCharsMax,
  hiddenValue,
  hideAuthentication,
  keepHidden,
  readAuthentication,
} from './authentication.js';
export { type Candidate, type Candidates, indexCandidates, possibleCandidates } from './candidates.js';
export {
  beginProbe,
  type Circuit,
  type CircuitPolicy,
  type CircuitResult,
  defaultCircuitPolicy,
  foldFlush,
  newCircuit,
  noSuccessS,
  resetCircuit,
} from './circuit-policy.js';
export { type ContextMiss, type ContextTest, checkContext, compileContext, contextKeys, contextLimits } from './context.js';
export { deliveryHeaderNames, deliveryHeaders } from './delivery-headers.js';
export { bytesWithoutSecrets, echoedSecretCharsMin, secretsOfRequests, withoutSecrets } from './echoed-secrets.js';
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
export { type ExplainedStep, type ExplainStep, type Explanation, explain, explainSteps } from './explain.js';
export {
  aheadMax,
  type ExplainedCircuit,
  type ExplainedDelivery,
  type ExplainedEvent,
  type ExplainedState,
  type ExplainedVersion,
  type ExplainFacts,
} from './explain-facts.js';
export { type ExplainOutcome, explainOutcomes, type Finding, findings } from './explain-findings.js';
export { explainedValueCharsMax, explainWords } from './explain-words.js';
export { isJsonObject, pointerTo, unknownFields } from './field-errors.js';
export {
  checkFilter,
  checkFilterMembers,
  compileFilter,
  type FilterMiss,
  type FilterProblem,
  type FilterTest,
  filterLimits,
} from './filter.js';
export { headerNameCharsMax, headerNameRefusal, headerValueCharsMax, isDeniedHeader, isHeaderValue } from './header-rules.js';
export {
  checkJson,
  type JsonMember,
  type JsonRange,
  type JsonTextLimits,
  jsonTextExcess,
  type ScanFailure,
  scanArray,
  scanObject,
} from './json-scanner.js';
export { type JsonLimits, jsonExcess, ownValue, sameJson } from './json-values.js';
export {
  type CompiledTenant,
  compileWebhooks,
  type MatchableEvent,
  type MatchableWebhook,
  matchCacheTypesMax,
  matchEvent,
  matchIndexesMax,
  type NoMatch,
  whyNoMatch,
} from './match.js';
export type { DigestFacts, Letter, TroubleFact } from './news.js';
export { openWords } from './open-words.js';
export {
  type BodyShape,
  bodyShape,
  composeRequest,
  type OutgoingRequest,
  prepareSender,
  type Sender,
  type SendingWebhook,
  shownHeaders,
  userAgent,
} from './outgoing-request.js';
export {
  checkHeaders,
  checkHeadersTogether,
  hideHeaders,
  keepHiddenHeaders,
  type OwnHeaders,
  type OwnHeadersResult,
  ownHeadersBytesMax,
  ownHeadersMax,
  renderHeaders,
} from './own-headers.js';
export {
  type BodyEvent,
  type BodyOptions,
  buildBody,
  canCarryResources,
  contentTypeOf,
  envelope,
  isBodyPerWebhook,
  type PayloadFormat,
  payloadFormats,
} from './payload-format.js';
export { percentile } from './percentile.js';
export { type ProblemDescription, problemDescriptions } from './problem-descriptions.js';
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
export { type ReasonDescription, reasonDescriptions } from './reason-descriptions.js';
export { type Reason, reasonCodes, reasonOfCode, reasons } from './reasons.js';
export { retryAfterMs } from './retry-after.js';
export { formatRfc3339, parseRfc3339 } from './rfc3339.js';
export { isSameSecret } from './same-secret.js';
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
export { rotatedSecret, rotationRandomBytes } from './secret-rotation.js';
export { withoutSecretShapes } from './secret-shapes.js';
export { sign } from './signature.js';
export { checkSignatureHeader, type SignatureHeader, signatureHeader, signatureTemplateCharsMax } from './signature-header.js';
export { readStatusCodes, type StatusCodes } from './status-codes.js';
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
export { readUnsubscribeToken, unsubscribeToken } from './unsubscribe.js';
export { isUuid, objectIdOf, uuidRandomBytesMin, uuidv7, uuidv7TimeMs } from './uuid.js';
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
export { type VerdictRow, verdictTable } from './verdict-table.js';
